"""Stock, allocations, shipments and movements agree.

Each check compares what a row counts with what its facts sum to: both sides are stacked, one of them negative, and a
key whose sum is not 0 is wrong. So one statement finds rows without facts as well as facts without a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, func, literal, or_, select, type_coerce, union_all

from webapp.domain.states import AllocationState, ShipmentState
from webapp.models import (
    Allocation,
    Lot,
    MovementKind,
    Order,
    OrderLine,
    Shipment,
    ShipmentLine,
    StockLevel,
    StockMovement,
    Tracking,
    Variant,
)
from webapp.queries.invariants.registry import Breaking, Fault, invariant, rows, rows_break

OPEN = Allocation.state == AllocationState.OPEN
PICKED = (ShipmentState.PICKED, ShipmentState.PACKED)


@rows_break("I1")
def allocated_is_the_sum_of_open_allocations() -> Iterable[Breaking]:
    """Levels, lots and order lines count what their open allocations hold; a serial number is in one at most."""
    for counted, key, subject in (
        (_counts(StockLevel.id, StockLevel.allocated_qty), Allocation.level_id, "stock level {0}"),
        (_counts(Lot.id, Lot.allocated_qty), Allocation.lot_id, "lot {0}"),
        (_counts(OrderLine.id, OrderLine.allocated_qty), Allocation.order_line_id, "order line {0}"),
    ):
        held = _facts(key, Allocation.quantity).where(OPEN, key.is_not(None))
        fault = "counts another quantity as allocated than its allocations hold"
        yield Breaking(_differing(counted, held), subject, fault)
    twice = (
        select(Allocation.serial_id, func.count())
        .where(OPEN, Allocation.serial_id.is_not(None))
        .group_by(Allocation.serial_id)
        .having(func.count() > 1)
    )
    yield Breaking(twice, "serial {0}", "is reserved {1} times")


@rows_break("I2")
def on_hand_is_the_sum_of_movements() -> Iterable[Breaking]:
    """Levels and items have what their movements brought, and an item is worth what they were worth."""
    moved = _facts(StockMovement.variant_id, StockMovement.location_id, StockMovement.quantity)
    levels = _differing(_counts(StockLevel.variant_id, StockLevel.location_id, StockLevel.on_hand_qty), moved)
    yield Breaking(levels, "item {0} at location {1}", "has other stock than its movements brought")
    moved = _facts(StockMovement.variant_id, StockMovement.quantity)
    items = _differing(_counts(Variant.id, Variant.stock_qty), moved)
    yield Breaking(items, "item {0}", "counts other stock than its movements brought")
    known = Variant.stock_value.is_not(None)
    moved = _facts(StockMovement.variant_id, StockMovement.value).join(Variant).where(known)
    items = _differing(_counts(Variant.id, Variant.stock_value).where(known), moved)
    yield Breaking(items, "item {0}", "is worth something else than its movements were")


@rows_break("I3")
def nothing_is_oversold() -> Iterable[Breaking]:
    """0 <= allocated <= on hand, at every level and in every lot."""
    for model, subject in ((StockLevel, "stock level {0}"), (Lot, "lot {0}")):
        oversold = select(model.id, model.on_hand_qty, model.allocated_qty).where(
            or_(model.allocated_qty < _ZERO, model.allocated_qty > model.on_hand_qty)
        )
        yield Breaking(oversold, subject, "has {1} on hand and {2} allocated")


@rows_break("I4")
def no_line_goes_beyond_its_order() -> Iterable[Breaking]:
    """allocated + shipped + cancelled <= ordered; picked and packed are what open shipments carry."""
    total = OrderLine.allocated_qty + OrderLine.shipped_qty + OrderLine.cancelled_qty
    beyond = (
        select(Order.order_number, OrderLine.line_number)
        .join(Order, OrderLine.order_id == Order.id)
        .where(total > OrderLine.quantity)
    )
    yield Breaking(beyond, "order {0} line {1}", "goes beyond what was ordered")
    for column, states in ((OrderLine.picked_qty, PICKED), (OrderLine.packed_qty, PICKED[1:])):
        carried = (
            _facts(ShipmentLine.order_line_id, ShipmentLine.quantity).join(Shipment).where(Shipment.state.in_(states))
        )
        lines = _differing(_counts(OrderLine.id, column), carried)
        yield Breaking(lines, "order line {0}", f"counts another {column.key} than its shipments carry")


@rows_break("I6")
def what_shipped_has_moved() -> Iterable[Breaking]:
    """Shipped lines have movements of exactly their quantity, open ones allocations; order lines count what shipped."""
    shipped = Shipment.state == ShipmentState.SHIPPED
    lines = _counts(ShipmentLine.id, ShipmentLine.quantity).join(Shipment)
    moved = _facts(StockMovement.shipment_line_id, type_coerce(StockMovement.quantity, BigInteger) * -1).where(
        StockMovement.kind == MovementKind.SHIPMENT, StockMovement.shipment_line_id.is_not(None)
    )
    gone = _differing(lines.where(shipped), moved)
    yield Breaking(gone, "shipment line {0}", "shipped another quantity than its movements took out")
    held = _facts(Allocation.shipment_line_id, Allocation.quantity).where(
        OPEN, Allocation.shipment_line_id.is_not(None)
    )
    carried = _differing(lines.where(Shipment.state.in_((ShipmentState.DRAFT, *PICKED))), held)
    yield Breaking(carried, "shipment line {0}", "carries another quantity than its allocations hold")
    taken = _facts(ShipmentLine.order_line_id, ShipmentLine.quantity).join(Shipment).where(shipped)
    counted = _differing(_counts(OrderLine.id, OrderLine.shipped_qty), taken)
    yield Breaking(counted, "order line {0}", "counts another quantity as shipped than its shipments took")


# -- lots -------------------------------------------------------------------------------------------------------------


@invariant("I2")
def lots_have_what_their_movements_brought() -> Iterable[Fault]:
    """Each batch and serial number lies where its movements brought it, in quarantine or not."""
    for variant_id, location_id, batch_id, serial_id in rows(_lots_unlike_movements()):
        which = f"batch {batch_id}" if batch_id else f"serial {serial_id}"
        subject = f"{which} of item {variant_id} at location {location_id}"
        yield subject, "has other stock than its movements brought"


@cache
def _lots_unlike_movements() -> Select[Any]:
    lots = _counts(
        StockLevel.variant_id, StockLevel.location_id, _or_0(Lot.batch_id), _or_0(Lot.serial_id), Lot.on_hand_qty
    ).join(StockLevel)
    moved = _facts(
        StockMovement.variant_id,
        StockMovement.location_id,
        _or_0(StockMovement.batch_id),
        _or_0(StockMovement.serial_id),
        StockMovement.quantity,
    )
    return _differing(
        lots.where(or_(Lot.batch_id.is_not(None), Lot.serial_id.is_not(None))),
        moved.where(or_(StockMovement.batch_id.is_not(None), StockMovement.serial_id.is_not(None))),
    )


@rows_break("I2")
def lots_fill_their_levels() -> Iterable[Breaking]:
    """What is tracked lies in lots whole; of untracked goods no more lies in quarantine than is there."""
    tracked = Variant.tracking != Tracking.NONE
    levels = _counts(StockLevel.id, StockLevel.on_hand_qty).join(Variant).where(tracked)
    lots = _facts(Lot.level_id, Lot.on_hand_qty).join(StockLevel).join(Variant).where(tracked)
    other = _differing(levels, lots)
    yield Breaking(other, "stock level {0}", "has other stock than its batches or serial numbers")
    quarantined = (
        select(StockLevel.id)
        .join(Variant)
        .join(Lot, Lot.level_id == StockLevel.id)
        .where(~tracked)
        .group_by(StockLevel.id, StockLevel.on_hand_qty)
        .having(func.sum(_units(Lot.on_hand_qty)) > _units(StockLevel.on_hand_qty))
    )
    yield Breaking(quarantined, "stock level {0}", "has more in quarantine than is there")


# -- comparing ------------------------------------------------------------------------------------------------------

_ZERO = literal(0, BigInteger)


def _units(column: Any) -> ColumnElement[int]:
    """The whole units a quantity or an amount is stored in."""
    return type_coerce(column, BigInteger)


def _or_0(column: Any) -> ColumnElement[int]:
    return func.coalesce(column, 0)


def _counts(*columns: Any) -> Select[Any]:
    """The keys and the quantity of a row that counts."""
    return _keyed(columns, 1)


def _facts(*columns: Any) -> Select[Any]:
    """The keys and the quantity of a fact, to be set against what is counted."""
    return _keyed(columns, -1)


def _keyed(columns: tuple[Any, ...], sign: int) -> Select[Any]:
    *keys, quantity = columns
    named = [key.label(f"key_{place}") for place, key in enumerate(keys)]
    return select(*named, (_units(quantity) * sign).label("units"))


def _differing(counted: Select[Any], facts: Select[Any]) -> Select[Any]:
    """The keys for which what is counted is not the sum of the facts."""
    both: Subquery = union_all(counted, facts).subquery()
    *keys, units = both.c
    return select(*keys).group_by(*keys).having(func.sum(units) != 0)
