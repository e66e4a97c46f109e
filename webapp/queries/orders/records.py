"""Orders as flat records, a line each, as files name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.numbers import tidy
from webapp.domain.states import HoldState, OrderState
from webapp.models import CreditHold, Order, OrderLine, User
from webapp.queries.batches import chunks
from webapp.queries.visibility import visible


def all_orders(viewer: User) -> Iterator[dict[str, Any]]:
    """Every line, in its unit, of the orders that ``viewer`` may see and that were not cancelled, the oldest first."""
    statement = select(Order).where(
        Order.order_number.is_not(None), Order.state != OrderState.CANCELLED, visible(Order, viewer)
    )
    for order in db.session.scalars(_whole(statement).order_by(Order.order_date, Order.id)):
        for line in order.lines:
            yield {
                "order_number": order.order_number,
                "customer": order.customer.code,
                "order_date": order.order_date,
                "sku": line.variant.sku,
                "quantity": in_unit(line),
                "unit_price": line.unit_price,
                "discount_percent": line.discount_percent,
                "unit": line.unit,
            }


def order_called(number: str) -> Order | None:
    """The order of this number with customer and lines, if there is one."""
    return db.session.scalars(_whole(select(Order).where(Order.order_number == number))).one_or_none()


def holds_of(numbers: Iterable[str]) -> list[tuple[str, str]]:
    """Of the orders of these numbers those on hold, each with the reason, in the order in which they were held."""
    found: list[tuple[str, str]] = []
    for part in chunks(numbers):
        found += [
            (number or "", reason)
            for number, reason in db.session.execute(
                select(Order.order_number, CreditHold.reason)
                .join(CreditHold, CreditHold.order_id == Order.id)
                .where(Order.order_number.in_(part), CreditHold.state == HoldState.OPEN)
                .order_by(CreditHold.id)
            )
        ]
    return found


def in_unit(line: OrderLine) -> Any:
    """The quantity of a line in its unit."""
    return tidy(line.quantity / line.price_base)


def _whole(statement: Any) -> Any:
    return statement.options(
        joinedload(Order.customer), selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True)
    )
