"""What was delivered on an order and is on no invoice yet, shipment by shipment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.orders.counts import billed
from webapp.domain.states import ShipmentState
from webapp.models import Order, OrderLine, ReturnLine, Shipment, ShipmentLine

SHIPPED = (
    select(
        ShipmentLine.order_line_id,
        Shipment.shipped_on,
        ShipmentLine.quantity,
        select(func.sum(ReturnLine.unbilled_qty))
        .where(ReturnLine.shipment_line_id == ShipmentLine.id)
        .scalar_subquery(),
    )
    .join(Shipment, ShipmentLine.shipment_id == Shipment.id)
    .where(Shipment.order_id.in_(bindparam("order_ids", expanding=True)), Shipment.state == ShipmentState.SHIPPED)
    .order_by(Shipment.shipped_on, Shipment.id, ShipmentLine.id)
)
"""What left for some orders, oldest first: line, day, quantity, and what of it came back unbilled."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A quantity of one order line (base units) that left with one shipment on one day."""

    line: OrderLine
    quantity: Decimal
    shipped_on: date


def unbilled_deliveries(order: Order) -> list[Delivery]:
    """The order's deliveries that no invoice, draft or posted, covers; oldest first for each line.

    Invoices cover deliveries in the order in which they left; what came back before it was billed never was delivered.
    """
    return unbilled_deliveries_of([order])[order.id]


def unbilled_deliveries_of(orders: Sequence[Order]) -> dict[int, list[Delivery]]:
    """The same of several orders, by their ids; one statement."""
    shipped = _shipped([order.id for order in orders])
    return {
        order.id: [delivery for line in order.lines for delivery in _uncovered(line, shipped[line.id])]
        for order in orders
    }


def _uncovered(line: OrderLine, shipped: Sequence[tuple[date, Decimal]]) -> Iterator[Delivery]:
    covered = billed(line.counts) + line.drafted_qty
    for shipped_on, kept in shipped:
        open_quantity = max(kept - covered, ZERO)
        covered = max(covered - kept, ZERO)
        if open_quantity:
            yield Delivery(line, open_quantity, shipped_on)


def _shipped(order_ids: Sequence[int]) -> dict[int, list[tuple[date, Decimal]]]:
    """For each order line id: the day and the quantity that the customer kept or that had been billed."""
    found: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    rows: Iterable[Any] = db.session.execute(SHIPPED, {"order_ids": order_ids})
    for line_id, day, quantity, back in rows:
        found[line_id].append((day, quantity - (back or ZERO)))
    return found
