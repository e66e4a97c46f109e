"""Stock, allocations and movements agree."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from webapp.domain.states import AllocationState
from webapp.models import Allocation, Order, OrderLine, StockLevel, StockMovement
from webapp.queries.invariants.registry import Offence, invariant, rows


@invariant("I1")
def allocated_is_the_sum_of_open_allocations() -> Iterable[Offence]:
    """Each level and each order line counts exactly what its open allocations hold."""
    held_at_level = (
        select(func.coalesce(func.sum(Allocation.quantity), 0))
        .where(Allocation.level_id == StockLevel.id, Allocation.state == AllocationState.OPEN)
        .scalar_subquery()
    )
    for level_id, counted in rows(
        select(StockLevel.id, StockLevel.allocated_qty).where(StockLevel.allocated_qty != held_at_level)
    ):
        yield Offence("I1", f"stock level {level_id}", f"counts {counted} as allocated, its allocations differ")
    held_for_line = (
        select(func.coalesce(func.sum(Allocation.quantity), 0))
        .where(Allocation.order_line_id == OrderLine.id, Allocation.state == AllocationState.OPEN)
        .scalar_subquery()
    )
    for number, line_number in rows(
        select(Order.order_number, OrderLine.line_number)
        .join(Order, OrderLine.order_id == Order.id)
        .where(OrderLine.allocated_qty != held_for_line)
    ):
        yield Offence("I1", f"order {number} line {line_number}", "counts another quantity than its allocations hold")


@invariant("I2")
def on_hand_is_the_sum_of_movements() -> Iterable[Offence]:
    """Each level's stock follows from its movements."""
    moved = (
        select(func.coalesce(func.sum(StockMovement.quantity), 0))
        .where(StockMovement.variant_id == StockLevel.variant_id, StockMovement.location_id == StockLevel.location_id)
        .scalar_subquery()
    )
    for level_id, on_hand in rows(select(StockLevel.id, StockLevel.on_hand_qty).where(StockLevel.on_hand_qty != moved)):
        yield Offence("I2", f"stock level {level_id}", f"has {on_hand} on hand, its movements differ")
