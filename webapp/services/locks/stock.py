"""Stock locked: levels, lots, and variants whose value changes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from webapp.models import (
    Lot,
    StockLevel,
    Variant,
)
from webapp.services.locks.rows import lock_all, lock_by_id, locking

LEVELS = locking(
    select(StockLevel)
    .where(StockLevel.variant_id.in_(bindparam("variant_ids", expanding=True)))
    .order_by(StockLevel.id),
    StockLevel,
)


LEVELS_AT = LEVELS.where(StockLevel.location_id.in_(bindparam("location_ids", expanding=True)))


LOTS = locking(
    select(Lot)
    .where(Lot.level_id.in_(bindparam("level_ids", expanding=True)))
    .order_by(Lot.id)
    .options(joinedload(Lot.batch), joinedload(Lot.serial)),
    Lot,
)


def lock_levels(variant_ids: Iterable[int], location_ids: Iterable[int] | None = None) -> list[StockLevel]:
    """The stock levels of some variants (at some locations), locked in the order of their ids."""
    if location_ids is None:
        return lock_all(LEVELS, {"variant_ids": set(variant_ids)})
    return lock_all(LEVELS_AT, {"variant_ids": set(variant_ids), "location_ids": set(location_ids)})


def lock_levels_by_id(level_ids: Iterable[int]) -> list[StockLevel]:
    """Stock levels by id, locked in that order."""
    return lock_by_id(StockLevel, level_ids)


def lock_lots(level_ids: Iterable[int]) -> list[Lot]:
    """The batches and serials at some levels, locked in the order of their ids, after the levels."""
    return lock_all(LOTS, {"level_ids": set(level_ids)})


def lock_variants(variant_ids: Iterable[int]) -> list[Variant]:
    """Variants whose stock value changes, locked in the order of their ids, after levels and lots."""
    return lock_by_id(Variant, variant_ids)
