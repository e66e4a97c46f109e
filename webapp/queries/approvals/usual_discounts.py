"""What a customer usually gets: the last lines over an item, and how much they gave away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.money import round_half_up
from webapp.domain.pricing.derivation import effective_discount
from webapp.domain.states import OrderState
from webapp.models import Order, OrderLine

LINES_SHOWN = 5
LINES_COMPARED = 50
AGREED = (OrderState.CONFIRMED, OrderState.CLOSED)
"""States of orders that came about: what was only asked for is no habit."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What a customer was given on the same item before; ``given_percent`` off what the rules gave."""

    number: str
    quantity: Decimal
    unit_price: Decimal
    given_percent: Decimal


@dataclass(frozen=True, slots=True)
class Usual:
    """The last lines over the item, what they gave away on average in percent, and the same over all items."""

    lines: Sequence[Habit]
    on_item: Decimal | None
    on_everything: Decimal | None
    compared: int


def usual_discounts(order: Order, variant_id: int) -> Usual:
    """What the customer of an order was given on one item, and on everything, on other orders; two statements."""
    lines = [_habit(row) for row in db.session.execute(_lines(order, LINES_SHOWN, variant_id))]
    everything = [_habit(row) for row in db.session.execute(_lines(order, LINES_COMPARED))]
    return Usual(lines, _average(lines), _average(everything), len(everything))


def _lines(order: Order, most: int, variant_id: int | None = None) -> Any:
    statement = (
        select(
            Order.order_number,
            Order.order_discount_percent,
            OrderLine.quantity,
            OrderLine.unit_price,
            OrderLine.derived_price,
            OrderLine.discount_percent,
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.customer_id == order.customer_id, Order.id != order.id, Order.state.in_(AGREED))
        .order_by(Order.id.desc(), OrderLine.id.desc())
        .limit(most)
    )
    return statement if variant_id is None else statement.where(OrderLine.variant_id == variant_id)


def _habit(row: Any) -> Habit:
    given = effective_discount(row.unit_price, row.derived_price, row.discount_percent, row.order_discount_percent)
    return Habit(row.order_number or "", row.quantity, row.unit_price, round_half_up(given, 1))


def _average(lines: Sequence[Habit]) -> Decimal | None:
    if not lines:
        return None
    return round_half_up(sum((one.given_percent for one in lines), Decimal(0)) / len(lines), 1)
