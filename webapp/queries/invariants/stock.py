"""Stock, allocations, shipments and movements agree.

Each check compares what a row counts with what its facts sum to: both sides are stacked, one of them negative, and a
key whose sum is not 0 is wrong. So one statement finds rows without facts as well as facts without a row.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from webapp.queries.invariants.registry import Offence, invariant, rows

OPEN = Allocation.state == AllocationState.OPEN
PICKED = (ShipmentState.PICKED, ShipmentState.PACKED)


@invariant("I1")
def allocated_is_the_sum_of_open_allocations() -> Iterable[Offence]:
    """Levels, lots and order lines count what their open allocations hold; a serial number is in one at most."""
    for counted, key, words in (
        (_counts(StockLevel.id, StockLevel.allocated_qty), Allocation.level_id, "stock level {}"),
        (_counts(Lot.id, Lot.allocated_qty), Allocation.lot_id, "lot {}"),
        (_counts(OrderLine.id, OrderLine.allocated_qty), Allocation.order_line_id, "order line {}"),
    ):
        held = _facts(key, Allocation.quantity).where(OPEN, key.is_not(None))
        for (row_id,) in _differing(counted, held):
            yield Offence("I1", words.format(row_id), "counts another quantity as allocated than its allocations hold")
    for serial_id, count in rows(
        select(Allocation.serial_id, func.count())
        .where(OPEN, Allocation.serial_id.is_not(None))
        .group_by(Allocation.serial_id)
        .having(func.count() > 1)
    ):
        yield Offence("I1", f"serial {serial_id}", f"is reserved {count} times")


@invariant("I2")
def on_hand_is_the_sum_of_movements() -> Iterable[Offence]:
    """Levels, lots and items have what their movements brought, and an item is worth what they were worth."""
    place = (StockLevel.variant_id, StockLevel.location_id)
    moved = (StockMovement.variant_id, StockMovement.location_id)
    for variant_id, location_id in _differing(
        _counts(*place, StockLevel.on_hand_qty), _facts(*moved, StockMovement.quantity)
    ):
        yield Offence(
            "I2", f"item {variant_id} at location {location_id}", "has other stock than its movements brought"
        )
    yield from _lots_like_movements()
    yield from _lots_like_levels()
    for (variant_id,) in _differing(
        _counts(Variant.id, Variant.stock_qty), _facts(StockMovement.variant_id, StockMovement.quantity)
    ):
        yield Offence("I2", f"item {variant_id}", "counts other stock than its movements brought")
    known = Variant.stock_value.is_not(None)
    worth = _facts(StockMovement.variant_id, StockMovement.value).join(Variant).where(known)
    for (variant_id,) in _differing(_counts(Variant.id, Variant.stock_value).where(known), worth):
        yield Offence("I2", f"item {variant_id}", "is worth something else than its movements were")


@invariant("I3")
def nothing_is_oversold() -> Iterable[Offence]:
    """0 <= allocated <= on hand, at every level and in every lot."""
    for model, word in ((StockLevel, "stock level"), (Lot, "lot")):
        for row_id, on_hand, allocated in rows(
            select(model.id, model.on_hand_qty, model.allocated_qty).where(
                or_(model.allocated_qty < _ZERO, model.allocated_qty > model.on_hand_qty)
            )
        ):
            yield Offence("I3", f"{word} {row_id}", f"has {on_hand} on hand and {allocated} allocated")


@invariant("I4")
def no_line_goes_beyond_its_order() -> Iterable[Offence]:
    """allocated + shipped + cancelled <= ordered; picked and packed are what open shipments carry."""
    total = OrderLine.allocated_qty + OrderLine.shipped_qty + OrderLine.cancelled_qty
    for number, line_number in rows(
        select(Order.order_number, OrderLine.line_number)
        .join(Order, OrderLine.order_id == Order.id)
        .where(total > OrderLine.quantity)
    ):
        yield Offence("I4", f"order {number} line {line_number}", "goes beyond what was ordered")
    for column, states in ((OrderLine.picked_qty, PICKED), (OrderLine.packed_qty, PICKED[1:])):
        carried = (
            _facts(ShipmentLine.order_line_id, ShipmentLine.quantity).join(Shipment).where(Shipment.state.in_(states))
        )
        for (line_id,) in _differing(_counts(OrderLine.id, column), carried):
            yield Offence("I4", f"order line {line_id}", f"counts another {column.key} than its shipments carry")


@invariant("I6")
def what_shipped_has_moved() -> Iterable[Offence]:
    """Shipped lines have movements of exactly their quantity, open ones allocations; order lines count what shipped."""
    shipped = Shipment.state == ShipmentState.SHIPPED
    lines = _counts(ShipmentLine.id, ShipmentLine.quantity).join(Shipment)
    moved = _facts(StockMovement.shipment_line_id, type_coerce(StockMovement.quantity, BigInteger) * -1).where(
        StockMovement.kind == MovementKind.SHIPMENT, StockMovement.shipment_line_id.is_not(None)
    )
    for (line_id,) in _differing(lines.where(shipped), moved):
        yield Offence("I6", f"shipment line {line_id}", "shipped another quantity than its movements took out")
    held = _facts(Allocation.shipment_line_id, Allocation.quantity).where(
        OPEN, Allocation.shipment_line_id.is_not(None)
    )
    is_open = Shipment.state.in_((ShipmentState.DRAFT, *PICKED))
    for (line_id,) in _differing(lines.where(is_open), held):
        yield Offence("I6", f"shipment line {line_id}", "carries another quantity than its allocations hold")
    gone = _facts(ShipmentLine.order_line_id, ShipmentLine.quantity).join(Shipment).where(shipped)
    for (line_id,) in _differing(_counts(OrderLine.id, OrderLine.shipped_qty), gone):
        yield Offence("I6", f"order line {line_id}", "counts another quantity as shipped than its shipments took")


# -- lots -------------------------------------------------------------------------------------------------------------


def _lots_like_movements() -> Iterable[Offence]:
    """Each batch and serial number lies where its movements brought it, in quarantine or not."""
    place = (StockLevel.variant_id, StockLevel.location_id)
    lots = _counts(*place, _or_0(Lot.batch_id), _or_0(Lot.serial_id), Lot.on_hand_qty).join(StockLevel)
    moved = _facts(
        StockMovement.variant_id,
        StockMovement.location_id,
        _or_0(StockMovement.batch_id),
        _or_0(StockMovement.serial_id),
        StockMovement.quantity,
    )
    for variant_id, location_id, batch_id, serial_id in _differing(
        lots.where(or_(Lot.batch_id.is_not(None), Lot.serial_id.is_not(None))),
        moved.where(or_(StockMovement.batch_id.is_not(None), StockMovement.serial_id.is_not(None))),
    ):
        which = f"batch {batch_id}" if batch_id else f"serial {serial_id}"
        yield Offence(
            "I2",
            f"{which} of item {variant_id} at location {location_id}",
            "has other stock than its movements brought",
        )


def _lots_like_levels() -> Iterable[Offence]:
    """What is tracked lies in lots whole; of untracked goods no more lies in quarantine than is there."""
    tracked = Variant.tracking != Tracking.NONE
    levels = _counts(StockLevel.id, StockLevel.on_hand_qty).join(Variant).where(tracked)
    lots = _facts(Lot.level_id, Lot.on_hand_qty).join(StockLevel).join(Variant).where(tracked)
    for (level_id,) in _differing(levels, lots):
        yield Offence("I2", f"stock level {level_id}", "has other stock than its batches or serial numbers")
    quarantined = func.sum(_units(Lot.on_hand_qty))
    for level_id in rows(
        select(StockLevel.id)
        .join(Variant)
        .join(Lot, Lot.level_id == StockLevel.id)
        .where(~tracked)
        .group_by(StockLevel.id, StockLevel.on_hand_qty)
        .having(quarantined > _units(StockLevel.on_hand_qty))
    ):
        yield Offence("I2", f"stock level {level_id[0]}", "has more in quarantine than is there")


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


def _differing(counted: Select[Any], facts: Select[Any]) -> list[Any]:
    """The keys for which what is counted is not the sum of the facts."""
    both: Subquery = union_all(counted, facts).subquery()
    *keys, units = both.c
    return rows(select(*keys).group_by(*keys).having(func.sum(units) != 0))
