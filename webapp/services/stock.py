"""Goods coming in, and stock put right by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import command, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, InsufficientStock
from webapp.domain.numbers import tidy
from webapp.domain.permissions import Permission
from webapp.domain.states import AllocationState
from webapp.models import (
    Allocation,
    Batch,
    Location,
    Lot,
    MovementKind,
    Order,
    OrderLine,
    Serial,
    StockLevel,
    Tracking,
    User,
    Variant,
)
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.company import today
from webapp.services.movements import Move, levels_by_place, post_moves
from webapp.services.order_lines import find_variants


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Goods of one SKU: base units, with a batch or serial numbers where the variant is tracked by them.

    ``unit_cost`` is per base unit in the base currency; None takes the current average.
    """

    sku: str
    quantity: Decimal
    unit_cost: Decimal | None = None
    batch: str = ""
    expires_on: date | None = None
    serials: Sequence[str] = ()


@command
def receive_stock(
    location_code: str,
    lines: Sequence[ReceiptLine],
    *,
    reference: str = "",
    received_on: date | None = None,
    actor: User,
) -> list[int]:
    """Take goods in at a location. Answers the ids of the movements.

    Raises BadInput naming each line that is wrong (unknown SKU, batch missing, serial number known already), and for a
    date in the future.
    """
    require(actor, Permission.STOCK_WRITE)
    if not lines:
        raise BadInput("A receipt needs at least one line.", field="lines")
    if received_on is not None and received_on > today():
        raise BadInput("Goods cannot be received on a day that has not come yet.", field="received_on")
    location = location_named(location_code)
    variants = _variants(lines)
    parts = [part for line in lines for part in _parts(line, variants[line.sku])]
    levels = _levels(location, [variants[part.sku].id for part in parts])
    lots = _lots(levels, parts, variants)
    moves = [
        Move(levels[variants[part.sku].id], lot, part.quantity, part.unit_cost)
        for part, lot in zip(parts, lots, strict=True)
    ]
    ids = post_moves(MovementKind.RECEIPT, moves, actor=actor, reference=reference, moved_on=received_on)
    audit.record(
        Action.STOCK_RECEIVED,
        location,
        *{variant.id: variant for variant in variants.values()}.values(),
        actor=actor,
        after={"reference": reference, "lines": [{"sku": line.sku, "quantity": line.quantity} for line in lines]},
    )
    return ids


@command
def adjust_stock(
    location_code: str,
    sku: str,
    quantity: Decimal,
    *,
    reason: str,
    batch: str = "",
    serial: str = "",
    release: bool = False,
    actor: User,
) -> int:
    """Put stock right by ``quantity`` signed base units, with a reason. Answers the movement's id.

    Taking off more than is free is refused with the orders that hold it; with ``release`` allocations that no shipment
    holds are given back first, lowest priority and youngest order first. Picked goods are never taken.
    """
    require(actor, Permission.STOCK_WRITE)
    if not reason.strip():
        raise BadInput("A reason is needed.", field="reason")
    if quantity == 0:
        raise BadInput("The adjustment changes nothing.", field="quantity")
    location = location_named(location_code)
    variant = _variants([ReceiptLine(sku, abs(quantity))])[sku]
    _check_step(variant, abs(quantity))
    if quantity < 0 and release:
        _lock_holders(variant, location)
    level = _levels(location, [variant.id])[variant.id]
    line = ReceiptLine(sku, quantity, batch=batch, serials=[serial] if serial else [])
    lot = _lots({variant.id: level}, [line], {sku: variant}, new=quantity > 0)[0]
    if quantity < 0:
        _make_free(level, lot, -quantity, release=release)
    (movement_id,) = post_moves(MovementKind.ADJUSTMENT, [Move(level, lot, quantity)], actor=actor, reason=reason)
    audit.record(Action.STOCK_ADJUSTED, variant, location, actor=actor, reason=reason, after={"quantity": quantity})
    return movement_id


def location_named(code: str, *, field: str = "location") -> Location:
    """The active location called ``code``. Raises BadInput."""
    found = db.session.scalars(select(Location).where(Location.code == code, Location.is_active)).one_or_none()
    if found is None:
        raise BadInput(f"There is no location {code}.", field=field)
    return found


def _variants(lines: Sequence[ReceiptLine]) -> dict[str, Variant]:
    variants = find_variants(line.sku for line in lines)
    unknown = {
        f"lines.{n}.sku": f"There is no item {line.sku}." for n, line in enumerate(lines) if line.sku not in variants
    }
    if unknown:
        raise BadInput(" ".join(unknown.values()), details=unknown)
    return variants


def _parts(line: ReceiptLine, variant: Variant) -> list[ReceiptLine]:
    """The line as what is written for it: one part, or one for each serial number."""
    _check_step(variant, line.quantity)
    if variant.tracking is Tracking.BATCH and not line.batch:
        raise BadInput(f"{variant.sku} is kept in batches. Which one is it?", field="batch")
    if variant.tracking is not Tracking.SERIAL:
        return [line]
    if len(set(line.serials)) != line.quantity:
        raise BadInput(
            f"{variant.sku} is kept by serial number: {tidy(line.quantity):f} different numbers are needed.",
            field="serials",
        )
    return [replace(line, quantity=Decimal(1), serials=[number]) for number in line.serials]


def _check_step(variant: Variant, quantity: Decimal) -> None:
    if quantity % variant.quantity_step:
        raise BadInput(
            f"{variant.sku} comes in whole multiples of {tidy(variant.quantity_step):f} {variant.unit}.",
            field="quantity",
        )


def _levels(location: Location, variant_ids: Sequence[int]) -> dict[int, StockLevel]:
    """The levels at a location, made where missing, locked."""
    wanted = sorted(set(variant_ids))
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    db.session.execute(
        dialect.insert(StockLevel)
        .values(
            [
                {"variant_id": one, "location_id": location.id, "on_hand_qty": Decimal(0), "allocated_qty": Decimal(0)}
                for one in wanted
            ]
        )
        .on_conflict_do_nothing(index_elements=["variant_id", "location_id"])
    )
    levels = locks.lock_levels(wanted, [location.id])
    return {variant_id: level for (variant_id, _), level in levels_by_place(levels).items()}


def _lots(
    levels: Mapping[int, StockLevel],
    parts: Sequence[ReceiptLine],
    variants: Mapping[str, Variant],
    *,
    new: bool = True,
) -> list[Lot | None]:
    """The batch or serial each part belongs to at its level; made where missing if ``new``."""
    if not any(variants[part.sku].tracking is not Tracking.NONE for part in parts):
        return [None] * len(parts)
    there = {
        (lot.level_id, lot.batch.number if lot.batch else "", lot.serial.number if lot.serial else ""): lot
        for lot in locks.lock_lots(level.id for level in levels.values())
        if not lot.quarantined
    }
    found: list[Lot | None] = []
    for part in parts:
        variant = variants[part.sku]
        if variant.tracking is Tracking.NONE:
            found.append(None)
            continue
        key = (levels[variant.id].id, part.batch, part.serials[0] if part.serials else "")
        lot = there.get(key)
        if lot is None or (variant.tracking is Tracking.SERIAL and new):
            lot = _new_lot(levels[variant.id], part, variant, new=new)
            there[key] = lot
        found.append(lot)
    db.session.flush()
    return found


def _new_lot(level: StockLevel, part: ReceiptLine, variant: Variant, *, new: bool) -> Lot:
    if not new:
        raise BadInput(f"{variant.sku} has no such batch or serial number at this location.", field="batch")
    lot = Lot(level=level, on_hand_qty=Decimal(0), allocated_qty=Decimal(0), quarantined=False)
    if variant.tracking is Tracking.BATCH:
        lot.batch = _batch(variant, part)
    else:
        lot.serial = _serial(variant, part.serials[0])
    db.session.add(lot)
    return lot


def _batch(variant: Variant, part: ReceiptLine) -> Batch:
    batch = db.session.scalars(
        select(Batch).where(Batch.variant_id == variant.id, Batch.number == part.batch)
    ).one_or_none()
    if batch is None:
        return Batch(variant=variant, number=part.batch, expires_on=part.expires_on, received_at=clock.now())
    if part.expires_on is not None and part.expires_on != batch.expires_on:
        known = batch.expires_on.isoformat() if batch.expires_on else "no date"
        raise BadInput(
            f"Batch {part.batch} of {variant.sku} expires on {known}, not on another day.", field="expires_on"
        )
    return batch


def _serial(variant: Variant, number: str) -> Serial:
    serial = db.session.scalars(
        select(Serial).where(Serial.variant_id == variant.id, Serial.number == number)
    ).one_or_none()
    if serial is None:
        return Serial(variant=variant, number=number, received_at=clock.now())
    lies_somewhere = db.session.scalar(select(Lot.id).where(Lot.serial_id == serial.id, Lot.on_hand_qty > Decimal(0)))
    if lies_somewhere:
        raise BadInput(f"Serial number {number} of {variant.sku} is in stock already.", field="serials")
    return serial


def _holders(level: StockLevel, lot: Lot | None) -> list[tuple[Allocation, OrderLine, Order]]:
    """Open allocations at a level with their orders: lowest priority first, then youngest; picked ones come last."""
    statement = (
        select(Allocation, OrderLine, Order)
        .join(OrderLine, Allocation.order_line_id == OrderLine.id)
        .join(Order, OrderLine.order_id == Order.id)
        .where(Allocation.level_id == level.id, Allocation.state == AllocationState.OPEN)
        .order_by(Order.priority, Order.order_date.desc(), Order.id.desc(), Allocation.id.desc())
    )
    if lot is not None:
        statement = statement.where(Allocation.lot_id == lot.id)
    return list(db.session.execute(statement))


def _lock_holders(variant: Variant, location: Location) -> None:
    """Lock the customers and orders that hold the stock, before its levels."""
    rows = db.session.execute(
        select(Order.id, Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Allocation, Allocation.order_line_id == OrderLine.id)
        .join(StockLevel, StockLevel.id == Allocation.level_id)
        .where(
            StockLevel.variant_id == variant.id,
            StockLevel.location_id == location.id,
            Allocation.state == AllocationState.OPEN,
        )
    ).all()
    locks.lock_customers(row.customer_id for row in rows)
    locks.lock_orders(row.id for row in rows)


def _make_free(level: StockLevel, lot: Lot | None, wanted: Decimal, *, release: bool) -> None:
    """Make sure that ``wanted`` is unallocated at the level (and lot), giving allocations back if told to."""
    place = lot or level
    missing = wanted - (place.on_hand_qty - place.allocated_qty)
    if wanted > place.on_hand_qty:
        raise InsufficientStock(f"Only {tidy(place.on_hand_qty):f} are there, {tidy(wanted):f} cannot be taken off.")
    if missing <= 0:
        return
    holders = _holders(level, lot)
    if not release:
        orders = sorted({order.number for _, _, order in holders})
        raise InsufficientStock(
            f"{tidy(missing):f} of them are allocated to {', '.join(orders)}. Release them first, or with this act.",
            {"orders": orders, "missing": f"{tidy(missing):f}"},
        )
    for allocation, line, _ in holders:
        if missing <= 0:
            return
        if allocation.shipment_line_id is None:
            missing -= give_back(allocation, line, min(missing, allocation.quantity), level=level, lot=lot)
    if missing > 0:
        raise InsufficientStock(f"{tidy(missing):f} of them are picked already. Put them back first.")


def give_back(
    allocation: Allocation, line: OrderLine, quantity: Decimal, *, level: StockLevel, lot: Lot | None
) -> Decimal:
    """Release ``quantity`` of an allocation: line, level and lot count it no longer. Answers the quantity."""
    if quantity == allocation.quantity:
        allocation.state, allocation.ended_at = AllocationState.RELEASED, clock.now()
    else:
        allocation.quantity -= quantity
    line.allocated_qty -= quantity
    level.allocated_qty -= quantity
    if lot is not None:
        lot.allocated_qty -= quantity
    return quantity
