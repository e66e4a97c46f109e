"""What lies where, as flat records, and what opening receipts and other movements brought it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select

from webapp.db import db
from webapp.models import Batch, Location, Lot, Serial, StockLevel, StockMovement, Tracking, Variant
from webapp.queries.batches import chunks


class Place(NamedTuple):
    """A pile of stock: item, location, and batch or serial number where the item is tracked by them."""

    sku: str
    location: str
    batch: str = ""
    serial: str = ""


class Pile(NamedTuple):
    """What lies at a place, and what the opening receipts brought there."""

    on_hand: Decimal
    opening: Decimal


def all_stock() -> Iterator[dict[str, Any]]:
    """Every pile that is not empty, by item and location."""
    for sku, location, quantity, cost in db.session.execute(
        _levels().where(Variant.tracking == Tracking.NONE, StockLevel.on_hand_qty > 0).order_by(*_BY_PLACE)
    ):
        yield _record(sku, location, quantity, cost)
    for sku, location, quantity, cost, batch, expires_on, serial in db.session.execute(
        _lots().where(Lot.on_hand_qty > 0).order_by(*_BY_PLACE, Batch.number, Serial.number)
    ):
        yield _record(sku, location, quantity, cost, batch or "", expires_on, serial or "")


def piles(skus: Iterable[str], opening_reference: str) -> dict[Place, Pile]:
    """Every place at which something of these items ever moved."""
    return {
        Place(sku, location, batch or "", serial or ""): Pile(on_hand, opening)
        for part in chunks(dict.fromkeys(skus))
        for sku, location, batch, serial, on_hand, opening in db.session.execute(_moved(part, opening_reference))
    }


_BY_PLACE = (Variant.sku, Location.code)


def _moved(skus: list[str], opening_reference: str) -> Any:
    opening = func.coalesce(func.sum(StockMovement.quantity).filter(StockMovement.reference == opening_reference), 0)
    return (
        select(Variant.sku, Location.code, Batch.number, Serial.number, func.sum(StockMovement.quantity), opening)
        .join(Variant, Variant.id == StockMovement.variant_id)
        .join(Location, Location.id == StockMovement.location_id)
        .outerjoin(Batch, Batch.id == StockMovement.batch_id)
        .outerjoin(Serial, Serial.id == StockMovement.serial_id)
        .where(Variant.sku.in_(skus))
        .group_by(Variant.sku, Location.code, Batch.number, Serial.number)
    )


def _levels() -> Any:
    return (
        select(Variant.sku, Location.code, StockLevel.on_hand_qty, Variant.average_cost)
        .select_from(StockLevel)
        .join(Variant, Variant.id == StockLevel.variant_id)
        .join(Location, Location.id == StockLevel.location_id)
    )


def _lots() -> Any:
    return (
        select(
            Variant.sku, Location.code, func.sum(Lot.on_hand_qty), Variant.average_cost, Batch.number,
            Batch.expires_on, Serial.number,
        )
        .select_from(Lot)
        .join(StockLevel, StockLevel.id == Lot.level_id)
        .join(Variant, Variant.id == StockLevel.variant_id)
        .join(Location, Location.id == StockLevel.location_id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .outerjoin(Serial, Serial.id == Lot.serial_id)
        .group_by(Variant.sku, Location.code, Variant.average_cost, Batch.number, Batch.expires_on, Serial.number)
    )  # fmt: skip


def _record(
    sku: str, location: str, quantity: Decimal, cost: Decimal | None, batch: str = "", expires_on: Any = None,
    serial: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "sku": sku,
        "location": location,
        "quantity": quantity,
        "unit_cost": cost,
        "batch": batch,
        "expires_on": expires_on,
        "serial": serial,
    }
