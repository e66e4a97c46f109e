"""What lies where: items with their places in a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, or_, select

from webapp.db import Quantity, db
from webapp.domain.constants import ZERO
from webapp.models import (
    Batch,
    Location,
    Lot,
    StockLevel,
    Variant,
)
from webapp.queries.company import today
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of


@dataclass(frozen=True, slots=True)
class StockFilter:
    """What the list is narrowed to; empty fields narrow nothing. ``text`` is part of a SKU, a barcode or a name."""

    text: str = ""
    location: str = ""
    low_only: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What of an item lies at one location, in base units; ``blocked`` is unreserved, but in quarantine or expired."""

    location: str
    on_hand: Decimal
    allocated: Decimal
    blocked: Decimal

    @property
    def available(self) -> Decimal:
        """What could be promised now."""
        return max(self.on_hand - self.allocated - self.blocked, ZERO)


@dataclass(frozen=True, slots=True)
class Stocked:
    """An item with the places that hold it."""

    variant: Variant
    places: Sequence[Place]
    allocated_anywhere: Decimal

    @property
    def on_hand(self) -> Decimal:
        """Over the places shown."""
        return sum((place.on_hand for place in self.places), ZERO)

    @property
    def allocated(self) -> Decimal:
        """Over the places shown."""
        return sum((place.allocated for place in self.places), ZERO)

    @property
    def available(self) -> Decimal:
        """Over the places shown."""
        return sum((place.available for place in self.places), ZERO)

    @property
    def is_low(self) -> bool:
        """Whether less is there unreserved, over all locations, than the reorder level."""
        return self.variant.stock_qty - self.allocated_anywhere < self.variant.reorder_level


def list_stock(wanted: StockFilter, *, cursor: str | None = None, limit: int = PAGE_SIZE) -> Page[Stocked]:
    """Items by SKU, each with its places; three statements. Raises BadInput for a bad cursor."""
    found = page_of(
        select(Variant).where(*_conditions(wanted)),
        Variant.sku,
        cursor=cursor,
        limit=limit,
        newest_first=False,
    )
    places = places_of([variant.id for variant in found.rows])
    rows = (_stocked(variant, places.get(variant.id, []), wanted.location) for variant in found.rows)
    return Page(tuple(rows), found.cursor)


def _stocked(variant: Variant, places: Sequence[Place], location: str = "") -> Stocked:
    shown = [place for place in places if location in ("", place.location)]
    return Stocked(variant, shown, sum((place.allocated for place in places), ZERO))


def places_of(variant_ids: Iterable[int]) -> dict[int, list[Place]]:
    """Where items lie, by item, each by location; empty places are left out. Two statements."""
    ids = list(variant_ids)
    blocked = _blocked(ids)
    rows = db.session.execute(
        select(StockLevel, Location.code)
        .join(Location, Location.id == StockLevel.location_id)
        .where(
            StockLevel.variant_id.in_(ids),
            StockLevel.on_hand_qty > ZERO,
        )
        .order_by(Location.code)
    )
    found: dict[int, list[Place]] = defaultdict(list)
    for level, code in rows:
        found[level.variant_id].append(Place(code, level.on_hand_qty, level.allocated_qty, blocked.get(level.id, ZERO)))
    return found


def _conditions(wanted: StockFilter) -> list[ColumnElement[bool]]:
    allocated = (
        select(func.coalesce(func.sum(StockLevel.allocated_qty, type_=Quantity), ZERO, type_=Quantity))
        .where(StockLevel.variant_id == Variant.id)
        .scalar_subquery()
    )
    return narrowed(
        (wanted.text, _called),
        (wanted.location, _lies_at),
        (wanted.low_only, lambda _: Variant.stock_qty - allocated < Variant.reorder_level),
    )


def _called(text: str) -> ColumnElement[bool]:
    return or_(
        Variant.sku.icontains(text, autoescape=True),
        Variant.name.icontains(text, autoescape=True),
        Variant.barcode == text,
    )


def _lies_at(code: str) -> ColumnElement[bool]:
    return exists().where(
        StockLevel.variant_id == Variant.id,
        StockLevel.on_hand_qty > ZERO,
        StockLevel.location_id == Location.id,
        Location.code == code,
    )


def _blocked(variant_ids: Sequence[int]) -> Mapping[int, Decimal]:
    """By level what of it may not be sold: unreserved, and in quarantine or expired on the company's today."""
    rows = db.session.execute(
        select(Lot.level_id, func.sum(Lot.on_hand_qty - Lot.allocated_qty, type_=Quantity))
        .join(StockLevel, StockLevel.id == Lot.level_id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(StockLevel.variant_id.in_(variant_ids), Lot.quarantined | (Batch.expires_on <= today()))
        .group_by(Lot.level_id)
    )
    return dict(rows.all())


def all_locations() -> list[Location]:
    """Every location in use, by code."""
    return list(db.session.scalars(select(Location).where(Location.is_active).order_by(Location.code)))
