"""Where goods lie: the level of a variant at a location, and the batch or serial number there; found or made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import db
from webapp.domain import clock
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput
from webapp.models import Batch, Location, Lot, Serial, StockLevel, Tracking, Variant
from webapp.services import locks
from webapp.services.stock.movements import levels_by_place


@dataclass(frozen=True, slots=True)
class Part:
    """Goods of one variant that lie together: of one batch, of one serial number, or untracked (signed base units)."""

    variant: Variant
    quantity: Decimal
    unit_cost: Decimal | None = None
    batch: str = ""
    expires_on: date | None = None
    serial: str = ""


def levels_at(location: Location, variant_ids: Sequence[int]) -> dict[int, StockLevel]:
    """The variants' levels at a location by variant id, made where missing, locked."""
    wanted = sorted(set(variant_ids))
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    db.session.execute(
        dialect.insert(StockLevel)
        .values(
            [
                {"variant_id": one, "location_id": location.id, "on_hand_qty": ZERO, "allocated_qty": ZERO}
                for one in wanted
            ]
        )
        .on_conflict_do_nothing(index_elements=["variant_id", "location_id"])
    )
    levels = locks.lock_levels(wanted, [location.id])
    return {variant_id: level for (variant_id, _), level in levels_by_place(levels).items()}


def lots_for(parts: Sequence[Part], levels: Mapping[int, StockLevel]) -> list[Lot | None]:
    """The lot each part belongs to at its level; None where untracked.

    What comes in gets a new lot where there is none. Raises BadInput when goods go out that are not there, when a
    serial number comes in that lies somewhere already, and for a second date of expiry of one batch.
    """
    if all(part.variant.tracking is Tracking.NONE for part in parts):
        return [None] * len(parts)
    there = _good_lots(levels)
    found = [_lot_for(part, levels[part.variant.id], there) for part in parts]
    db.session.flush()
    return found


def quarantined_at(level: StockLevel) -> Decimal:
    """What lies at a (locked) level in quarantine, in base units."""
    return sum((lot.on_hand_qty for lot in locks.lock_lots([level.id]) if lot.quarantined), ZERO)


def _good_lots(levels: Mapping[int, StockLevel]) -> dict[tuple[int, str, str], Lot]:
    """Lots out of quarantine by level, batch and serial number; of a number that came twice, the one that is there."""
    lots = [lot for lot in locks.lock_lots(level.id for level in levels.values()) if not lot.quarantined]
    lots.sort(key=lambda lot: (lot.on_hand_qty, lot.id))
    return {
        (lot.level_id, lot.batch.number if lot.batch else "", lot.serial.number if lot.serial else ""): lot
        for lot in lots
    }


def _lot_for(part: Part, level: StockLevel, there: dict[tuple[int, str, str], Lot]) -> Lot | None:
    if part.variant.tracking is Tracking.NONE:
        return None
    key = (level.id, part.batch, part.serial)
    lot = there.get(key)
    if part.quantity < 0:
        return _there_to_take(lot, part)
    if part.serial:
        _refuse_serial_in_stock(part)
    if lot is None:
        lot = there[key] = _new_lot(level, part)
    elif lot.batch is not None:
        _refuse_other_expiry(lot.batch, part)
    return lot


def _there_to_take(lot: Lot | None, part: Part) -> Lot:
    if lot is None or lot.on_hand_qty <= 0:
        what = f"batch {part.batch}" if part.batch else f"serial number {part.serial}"
        raise BadInput(f"{part.variant.sku} has no {what} at this location.", field="batch" if part.batch else "serial")
    return lot


def _new_lot(level: StockLevel, part: Part) -> Lot:
    lot = Lot(level=level, on_hand_qty=ZERO, allocated_qty=ZERO, quarantined=False)
    if part.batch:
        lot.batch = _batch(part)
    else:
        lot.serial = _serial(part) or Serial(variant=part.variant, number=part.serial, received_at=clock.now())
    db.session.add(lot)
    return lot


def _batch(part: Part) -> Batch:
    batch = db.session.scalars(
        select(Batch).where(Batch.variant_id == part.variant.id, Batch.number == part.batch)
    ).one_or_none()
    if batch is None:
        return Batch(variant=part.variant, number=part.batch, expires_on=part.expires_on, received_at=clock.now())
    _refuse_other_expiry(batch, part)
    return batch


def _refuse_other_expiry(batch: Batch, part: Part) -> None:
    if part.expires_on is not None and part.expires_on != batch.expires_on:
        known = f"expires on {batch.expires_on.isoformat()}" if batch.expires_on else "has no date of expiry"
        raise BadInput(
            f"Batch {part.batch} of {part.variant.sku} {known}; it cannot expire on {part.expires_on.isoformat()}.",
            field="expires_on",
        )


def _serial(part: Part) -> Serial | None:
    return db.session.scalars(
        select(Serial).where(Serial.variant_id == part.variant.id, Serial.number == part.serial)
    ).one_or_none()


def _refuse_serial_in_stock(part: Part) -> None:
    lies_somewhere = db.session.scalar(
        select(Lot.id)
        .join(Serial, Serial.id == Lot.serial_id)
        .where(Serial.variant_id == part.variant.id, Serial.number == part.serial, Lot.on_hand_qty > ZERO)
        .limit(1)
    )
    if lies_somewhere:
        raise BadInput(
            f"Serial number {part.serial} of {part.variant.sku} is in stock already.",
            field="serials",
        )
