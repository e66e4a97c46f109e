"""Orders that wait to be billed: something left the house and is on no invoice, not even on a draft."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import joinedload

from webapp.domain.states import OrderState
from webapp.models import Customer, Order, OrderLine, User
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible

BILLABLE = (OrderState.CONFIRMED, OrderState.CLOSED)


def list_to_bill(text: str, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE) -> Page[Order]:
    """The orders with their customers, the oldest first. Raises BadInput for a bad cursor."""
    statement = (
        select(Order)
        .where(visible(Order, viewer), Order.state.in_(BILLABLE), _has_unbilled(), *narrowed((text, _mentions)))
        .options(joinedload(Order.customer, innerjoin=True))
    )
    return page_of(statement, Order.id, cursor=cursor, limit=limit, newest_first=False)


def _has_unbilled() -> ColumnElement[bool]:
    """``domain.order_facts.to_bill`` of any line, in SQL."""
    line = OrderLine
    on_invoices = line.invoiced_qty - line.rebill_qty + line.drafted_qty
    return exists().where(line.order_id == Order.id, line.shipped_qty - line.returned_unbilled_qty > on_invoices)


def _mentions(text: str) -> ColumnElement[bool]:
    named = select(Customer.id).where(Customer.name.icontains(text, autoescape=True))
    return or_(Order.order_number.icontains(text, autoescape=True), Order.customer_id.in_(named))
