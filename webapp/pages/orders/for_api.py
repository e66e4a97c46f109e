"""Orders as programs read them: one whole, and lists in pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.importing import fields
from webapp.domain.states import HoldState, OrderState
from webapp.models import CreditHold, Order, OrderLine, User
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible


def whole_order(order_id: int) -> Order:
    """The order with everything its answer shows, as it stands in the transaction."""
    return db.session.scalars(
        select(Order)
        .where(Order.id == order_id)
        .options(*_parts(), selectinload(Order.charges), joinedload(Order.created_by))
    ).one()


def orders_page(
    *,
    user: User,
    status: str | None = None,
    customer_id: int | None = None,
    customer_reference: str | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    held: bool | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page[Order]:
    """Orders that ``user`` may see, the newest first. Raises BadInput."""
    statement = select(Order).where(visible(Order, user)).options(*_parts())
    if status:
        statement = statement.where(Order.state == fields.choice(OrderState, OrderState.DRAFT)(status, "status"))
    if customer_id is not None:
        statement = statement.where(Order.customer_id == customer_id)
    if customer_reference:
        statement = statement.where(Order.customer_reference == customer_reference)
    if from_date is not None:
        statement = statement.where(Order.order_date >= from_date)
    if to_date is not None:
        statement = statement.where(Order.order_date <= to_date)
    if held is not None:
        waiting = select(CreditHold.order_id).where(CreditHold.state == HoldState.OPEN)
        statement = statement.where(Order.id.in_(waiting) if held else Order.id.not_in(waiting))
    return page_of(statement, Order.order_date, Order.id, cursor=cursor, limit=limit)


def _parts() -> tuple[Any, ...]:
    return (
        joinedload(Order.customer, innerjoin=True),
        joinedload(Order.location, innerjoin=True),
        selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True),
        selectinload(Order.holds).joinedload(CreditHold.applied_by, innerjoin=True),
    )
