"""What of some variants is free: on hand, not allocated, not blocked; and which orders that helps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select

from webapp.db import Scaled, db
from webapp.models import Batch, Location, Lot, Order, OrderLine, StockLevel
from webapp.queries.company import company, today

ZERO = Decimal(0)
BACKORDER = OrderLine.quantity - OrderLine.cancelled_qty - OrderLine.shipped_qty - OrderLine.allocated_qty
"""What a line still wants and nothing is reserved for."""


def free_for(location_id: int, variant_ids: Iterable[int]) -> dict[int, Decimal]:
    """By variant what an order of this warehouse may still take, bins included; of all where the policy splits.

    Two statements. Quarantined and expired goods are blocked; never below 0.
    """
    wanted = set(variant_ids)
    free: dict[int, Decimal] = {
        row[0]: row[1] for row in db.session.execute(_within(_unallocated(), location_id, wanted))
    }
    for row in db.session.execute(_within(_blocked(), location_id, wanted)):
        free[row[0]] -= row[1]
    return {variant_id: max(quantity, ZERO) for variant_id, quantity in free.items()}


def allocatable(orders: Sequence[Order]) -> set[int]:
    """The ids of those orders for which something they still want is free; statements grow with warehouses only."""
    missing: dict[int, set[int]] = {order.id: set() for order in orders}
    wanted = select(OrderLine.order_id, OrderLine.variant_id).where(OrderLine.order_id.in_(missing), BACKORDER > ZERO)
    for order_id, variant_id in db.session.execute(wanted):
        missing[order_id].add(variant_id)
    found: set[int] = set()
    for location_id in {order.location_id for order in orders}:
        here = [order.id for order in orders if order.location_id == location_id]
        free = free_for(location_id, set().union(*(missing[order_id] for order_id in here)))
        found.update(one for one in here if any(free.get(variant_id, ZERO) for variant_id in missing[one]))
    return found


def _unallocated() -> Select[Any]:
    return select(StockLevel.variant_id, _sum(StockLevel.on_hand_qty - StockLevel.allocated_qty))


def _blocked() -> Select[Any]:
    expired = Batch.expires_on.is_not(None) & (Batch.expires_on <= today())
    return (
        select(StockLevel.variant_id, _sum(Lot.on_hand_qty - Lot.allocated_qty))
        .join(Lot, Lot.level_id == StockLevel.id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(Lot.quarantined | expired)
    )


def _sum(amount: Any) -> Any:
    return func.coalesce(func.sum(amount), ZERO, type_=Scaled(6))


def _within(statement: Select[Any], location_id: int, variant_ids: set[int]) -> Select[Any]:
    statement = statement.where(StockLevel.variant_id.in_(variant_ids)).group_by(StockLevel.variant_id)
    ours = company()
    if ours and ours.split_locations:
        return statement
    tree = select(Location.id).where(Location.id == location_id).cte(recursive=True)
    tree = tree.union_all(select(Location.id).where(Location.parent_id == tree.c.id))
    return statement.where(StockLevel.location_id.in_(select(tree.c.id)))
