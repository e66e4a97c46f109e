"""What lies where: items with their places in a list, one item's stock card, and movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.domain.states import AllocationState
from webapp.domain.stock.allocation import is_expired
from webapp.models import (
    Allocation,
    Batch,
    Customer,
    Location,
    Lot,
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
from webapp.pages.stock.lists import Stocked, _stocked, places_of
from webapp.pages.stock.movements import MovementFilter, list_movements
from webapp.queries.company import today
from webapp.queries.filtering import narrowed
from webapp.queries.visibility import visible

LATEST = 20


# -- items and their places -------------------------------------------------------------------------------------------


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
        list_movements(MovementFilter(sku=sku), viewer=viewer, limit=LATEST).rows,
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
