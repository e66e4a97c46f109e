"""What of some variants is free: on hand, not allocated, not blocked; and which orders that helps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from webapp.db import Scaled, db
from webapp.domain.constants import ZERO
from webapp.domain.states import AllocationState
from webapp.models import Allocation, Batch, Location, Lot, Order, OrderLine, StockLevel
from webapp.queries.company import company, today

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
    """The ids of those orders for which the allocation would find something; the statements do not grow with them.

    An order that ships complete needs all it wants. A line of which something is allocated takes the rest from the
    same places, every other one from the order's warehouse with its bins; where the policy splits, from anywhere.
    """
    lines = _backorders([order.id for order in orders])
    free = _free_by_place({line.variant_id for line in lines})
    ours = company()
    places = None if ours and ours.split_locations else _places(orders, lines)

    def there(line: _Backorder) -> Decimal:
        found = free.get(line.variant_id, {})
        return sum((found[place] for place in found if places is None or place in places[line.line_id]), ZERO)

    of_order: dict[int, list[_Backorder]] = defaultdict(list)
    for line in lines:
        of_order[line.order_id].append(line)
    return {order.id for order in orders if _finds_something(order, of_order[order.id], there)}


def _finds_something(order: Order, lines: Sequence[_Backorder], there: Callable[[_Backorder], Decimal]) -> bool:
    if not order.ship_complete:
        return any(there(line) > ZERO for line in lines)
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        wanted[line.variant_id] += line.missing
    return all(there(line) >= wanted[line.variant_id] for line in lines)


class _Backorder(NamedTuple):
    line_id: int
    order_id: int
    variant_id: int
    allocated: Decimal
    missing: Decimal


def _backorders(order_ids: Sequence[int]) -> list[_Backorder]:
    columns = (OrderLine.id, OrderLine.order_id, OrderLine.variant_id, OrderLine.allocated_qty, BACKORDER)
    rows = db.session.execute(select(*columns).where(OrderLine.order_id.in_(order_ids), BACKORDER > ZERO))
    return [_Backorder(*row) for row in rows]


def _free_by_place(variant_ids: set[int]) -> dict[int, dict[int, Decimal]]:
    """By variant and location what is free."""
    free: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for variant_id, quantity, place in db.session.execute(_each_place(_unallocated(), variant_ids)):
        free[variant_id][place] = quantity
    for variant_id, quantity, place in db.session.execute(_each_place(_blocked(), variant_ids)):
        free[variant_id][place] -= quantity
    return free


def _each_place(statement: Select[Any], variant_ids: set[int]) -> Select[Any]:
    return (
        statement.add_columns(StockLevel.location_id)
        .where(StockLevel.variant_id.in_(variant_ids))
        .group_by(StockLevel.variant_id, StockLevel.location_id)
    )


def _places(orders: Sequence[Order], lines: Sequence[_Backorder]) -> dict[int, set[int]]:
    """By line the locations it may be taken from, where orders stay in one warehouse."""
    held = held_places([line.line_id for line in lines if line.allocated])
    parents = {row.id: row.parent_id for row in db.session.execute(select(Location.id, Location.parent_id))}
    bins = {
        warehouse: {place for place in parents if _is_in(place, warehouse, parents)}
        for warehouse in {order.location_id for order in orders}
    }
    start = {order.id: order.location_id for order in orders}
    return {line.line_id: held.get(line.line_id) or bins[start[line.order_id]] for line in lines}


def held_places(line_ids: Sequence[int]) -> dict[int, set[int]]:
    """By line id the locations at which it holds something already."""
    held: dict[int, set[int]] = defaultdict(set)
    if line_ids:
        for line_id, location_id in db.session.execute(
            select(Allocation.order_line_id, StockLevel.location_id)
            .join(StockLevel, StockLevel.id == Allocation.level_id)
            .where(Allocation.order_line_id.in_(line_ids), Allocation.state == AllocationState.OPEN)
        ):
            held[line_id].add(location_id)
    return held


def _is_in(place: int | None, warehouse: int, parents: Mapping[int, int | None]) -> bool:
    while place is not None and place != warehouse:
        place = parents[place]
    return place == warehouse


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
