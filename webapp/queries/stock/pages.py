"""What lies where: items with their places in a list, one item's stock card, and movements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.db import Quantity, db
from webapp.domain.errors import NotFound
from webapp.domain.states import AllocationState
from webapp.domain.stock.allocation import is_expired
from webapp.models import (
    Allocation,
    Batch,
    Customer,
    Location,
    Lot,
    MovementKind,
    Order,
    OrderLine,
    Serial,
    Shipment,
    ShipmentLine,
    StockLevel,
    StockMovement,
    User,
    Variant,
)
from webapp.queries.company import today
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible

ZERO = Decimal(0)
LATEST = 20


# -- items and their places -------------------------------------------------------------------------------------------


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


# -- one item ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LotRow:
    """A batch or serial number at a place, or what lies there in quarantine."""

    location: str
    number: str
    expires_on: date | None
    quarantined: bool
    on_hand: Decimal
    allocated: Decimal
    is_expired: bool


@dataclass(frozen=True, slots=True)
class HolderRow:
    """What an order line holds of an item, and the shipment that is to carry it."""

    order_number: str
    customer: str
    line_number: int
    location: str
    quantity: Decimal
    shipment_number: str | None


@dataclass(frozen=True, slots=True)
class StockCard:
    """Everything about one item's stock."""

    stocked: Stocked
    lots: Sequence[LotRow]
    holders: Sequence[HolderRow]
    movements: Sequence[StockMovement]

    @property
    def variant(self) -> Variant:
        """The item."""
        return self.stocked.variant


def stock_card(sku: str, *, viewer: User) -> StockCard:
    """The stock of the item called ``sku``. Raises NotFound."""
    variant = db.session.scalars(select(Variant).where(Variant.sku == sku)).one_or_none()
    if variant is None:
        raise NotFound(f"There is no item {sku}.")
    return StockCard(
        _stocked(variant, places_of([variant.id]).get(variant.id, [])),
        _lots(variant),
        holders_of(variant.id, viewer=viewer),
        list_movements(MovementFilter(sku=sku), limit=LATEST).rows,
    )


def holders_of(variant_id: int, *, location: str = "", viewer: User) -> list[HolderRow]:
    """Which order lines hold an item (at one location), oldest first; orders the viewer may not see go unnamed."""
    rows: Any = db.session.execute(
        select(
            Order.order_number,
            Customer.name,
            OrderLine.line_number,
            Location.code,
            Allocation.quantity,
            Shipment.shipment_number,
        )
        .select_from(Allocation)
        .join(StockLevel, StockLevel.id == Allocation.level_id)
        .join(Location, Location.id == StockLevel.location_id)
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Customer, Customer.id == Order.customer_id)
        .outerjoin(ShipmentLine, ShipmentLine.id == Allocation.shipment_line_id)
        .outerjoin(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(
            StockLevel.variant_id == variant_id,
            Allocation.state == AllocationState.OPEN,
            visible(Order, viewer),
            *narrowed((location, lambda code: Location.code == code)),
        )
        .order_by(Allocation.id)
    )
    return [HolderRow(*row) for row in rows]


def holders_named(code: str, location: str, *, viewer: User) -> list[HolderRow]:
    """Who holds the item with this SKU or barcode at a location; nobody while either is unknown."""
    variant_id = db.session.scalar(select(Variant.id).where(_is_called(code))) if code and location else None
    return holders_of(variant_id, location=location, viewer=viewer) if variant_id else []


def sku_of(code: str) -> str:
    """The SKU of the item with this SKU or barcode; the code itself when there is none."""
    return db.session.scalar(select(Variant.sku).where(_is_called(code)).limit(1)) or code


def _is_called(code: str) -> ColumnElement[bool]:
    return or_(Variant.sku == code, Variant.barcode == code)


def _lots(variant: Variant) -> list[LotRow]:
    rows: Any = db.session.execute(
        select(Lot, Location.code, Batch.number, Batch.expires_on, Serial.number)
        .join(StockLevel, StockLevel.id == Lot.level_id)
        .join(Location, Location.id == StockLevel.location_id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .outerjoin(Serial, Serial.id == Lot.serial_id)
        .where(StockLevel.variant_id == variant.id, Lot.on_hand_qty > ZERO)
        .order_by(Location.code, Batch.expires_on, Batch.number, Serial.number, Lot.id)
    )
    day = today()
    return [_lot(row, day) for row in rows]


def _lot(row: Any, day: date) -> LotRow:
    lot, location, batch, expires_on, serial = row
    return LotRow(
        location,
        batch or serial or "",
        expires_on,
        lot.quarantined,
        lot.on_hand_qty,
        lot.allocated_qty,
        is_expired(expires_on, day),
    )


# -- movements --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """What the list is narrowed to; ``text`` is part of a SKU, a reference or a reason, ``sku`` a whole one."""

    text: str = ""
    sku: str = ""
    location: str = ""
    kind: MovementKind | None = None
    moved_from: date | None = None
    moved_to: date | None = None


def list_movements(wanted: MovementFilter, *, cursor: str | None = None, limit: int = PAGE_SIZE) -> Page[StockMovement]:
    """Movements, the newest first, with item, place, lot and person; one statement. Raises BadInput."""
    statement = (
        select(StockMovement)
        .join(Variant, Variant.id == StockMovement.variant_id)
        .join(Location, Location.id == StockMovement.location_id)
        .where(
            *narrowed(
                (wanted.text, _tells),
                (wanted.sku, lambda sku: Variant.sku == sku),
                (wanted.location, lambda code: Location.code == code),
                (wanted.kind, lambda kind: StockMovement.kind == kind),
                (wanted.moved_from, lambda day: StockMovement.moved_on >= day),
                (wanted.moved_to, lambda day: StockMovement.moved_on <= day),
            )
        )
        .options(
            joinedload(StockMovement.variant, innerjoin=True),
            joinedload(StockMovement.location, innerjoin=True),
            joinedload(StockMovement.batch),
            joinedload(StockMovement.serial),
            joinedload(StockMovement.user, innerjoin=True),
        )
    )
    return page_of(statement, StockMovement.id, cursor=cursor, limit=limit)


def _tells(text: str) -> ColumnElement[bool]:
    return or_(
        Variant.sku.icontains(text, autoescape=True),
        StockMovement.reference.icontains(text, autoescape=True),
        StockMovement.reason.icontains(text, autoescape=True),
    )
