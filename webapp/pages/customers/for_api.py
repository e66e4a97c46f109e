"""Lists of customers, in pages."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.domain.importing import fields
from webapp.domain.states import CustomerStatus
from webapp.models import Customer, User
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible


def customers_page(
    *,
    user: User,
    code: str | None = None,
    status: str | None = None,
    search: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page[Customer]:
    """Customers that ``user`` may see, by code, with what their records show. Raises BadInput."""
    statement = (
        select(Customer)
        .where(visible(Customer, user))
        .options(
            selectinload(Customer.addresses),
            joinedload(Customer.price_list),
            joinedload(Customer.group),
            joinedload(Customer.sales_rep),
        )
    )
    if code:
        statement = statement.where(Customer.code == code)
    if status:
        statement = statement.where(
            Customer.status == fields.choice(CustomerStatus, CustomerStatus.OPEN)(status, "status")
        )
    if search:
        words = (column.icontains(search, autoescape=True) for column in (Customer.code, Customer.name))
        statement = statement.where(or_(*words))
    return page_of(statement, Customer.code, cursor=cursor, limit=limit, newest_first=False)
