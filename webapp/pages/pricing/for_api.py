"""Price lists and prices in pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.models import Customer, CustomerPrice, ListPrice, PriceList, User
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible


def price_lists_page(*, cursor: str | None = None, limit: int) -> Page[PriceList]:
    """Price lists by code. Raises BadInput."""
    statement = select(PriceList).options(joinedload(PriceList.parent))
    return page_of(statement, PriceList.code, cursor=cursor, limit=limit, newest_first=False)


def list_prices_page(
    list_id: int, *, variant_id: int | None = None, cursor: str | None = None, limit: int
) -> Page[ListPrice]:
    """The rows of a list in the order they were added. Raises BadInput."""
    statement = (
        select(ListPrice)
        .where(ListPrice.price_list_id == list_id)
        .options(joinedload(ListPrice.price_list, innerjoin=True), joinedload(ListPrice.variant, innerjoin=True))
    )
    if variant_id is not None:
        statement = statement.where(ListPrice.variant_id == variant_id)
    return page_of(statement, ListPrice.id, cursor=cursor, limit=limit, newest_first=False)


def customer_prices_page(
    *,
    user: User,
    customer_id: int | None = None,
    variant_id: int | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page[CustomerPrice]:
    """Prices agreed with the customers that ``user`` may see, in the order they were made. Raises BadInput."""
    statement = (
        select(CustomerPrice)
        .where(CustomerPrice.customer_id.in_(select(Customer.id).where(visible(Customer, user))))
        .options(joinedload(CustomerPrice.customer, innerjoin=True), joinedload(CustomerPrice.variant, innerjoin=True))
    )
    if customer_id is not None:
        statement = statement.where(CustomerPrice.customer_id == customer_id)
    if variant_id is not None:
        statement = statement.where(CustomerPrice.variant_id == variant_id)
    return page_of(statement, CustomerPrice.id, cursor=cursor, limit=limit, newest_first=False)


def stored_price(owner: PriceList | Customer, variant_id: int, min_quantity: Decimal, valid_from: date | None) -> Any:
    """The price of an owner for a variant from a quantity and a day on, as it is stored."""
    of_list = isinstance(owner, PriceList)
    model: Any = ListPrice if of_list else CustomerPrice
    column = ListPrice.price_list_id if of_list else CustomerPrice.customer_id
    since = model.valid_from.is_(None) if valid_from is None else model.valid_from == valid_from
    return db.session.scalars(
        select(model)
        .where(column == owner.id, model.variant_id == variant_id, model.min_quantity == min_quantity, since)
        .execution_options(populate_existing=True)
    ).one()
