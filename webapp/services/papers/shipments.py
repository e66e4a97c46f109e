"""Pick lists, packing slips and delivery notes as data for paper, from a shipment and its allocations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound, Refused
from webapp.domain.numbers import tidy
from webapp.domain.states import AllocationState
from webapp.models import Allocation, Company, Lot, OrderLine, Shipment, ShipmentLine, StockLevel, User
from webapp.queries.company import company, today
from webapp.queries.visibility import visible
from webapp.services.papers.printed import Writer, address_lines

Paper = dict[str, Any]


def pick_list(shipment_number: str, *, viewer: User) -> Paper:
    """What to fetch, in the order of the places it lies in. Raises NotFound."""
    shipment, settings = _shipment(shipment_number, viewer), _settings()
    write = Writer(settings.locale)
    rows = sorted(_picks(shipment, write), key=lambda row: (row["place"], row["sku"], row["batch"]))
    return _sheet("Pick list", shipment, settings, today()) | {"rows": rows, "facts": _facts(shipment, write)}


def packing_slip(shipment_number: str, *, viewer: User) -> Paper:
    """What lies in the parcels, for who unpacks them; no prices. Raises NotFound."""
    return _goods("Packing slip", shipment_number, viewer) | {"signed": False}


def delivery_note(shipment_number: str, *, viewer: User) -> Paper:
    """What was delivered, to be signed; with batches and serial numbers. Raises NotFound."""
    return _goods("Delivery note", shipment_number, viewer) | {"signed": True}


def _goods(title: str, shipment_number: str, viewer: User) -> Paper:
    shipment, settings = _shipment(shipment_number, viewer), _settings()
    write = Writer(settings.locale)
    day = shipment.shipped_on or today()
    return _sheet(title, shipment, settings, day) | {
        "to": list(address_lines(shipment.shipping_address, settings.country, write)),
        "facts": _facts(shipment, write),
        "rows": [_contents(line, write) for line in shipment.lines if line.quantity],
        "parcels": [_parcel(place, package, write) for place, package in enumerate(shipment.packages, 1)],
    }


def _shipment(number: str, viewer: User) -> Shipment:
    place = selectinload(Shipment.lines).selectinload(ShipmentLine.allocations)
    found = db.session.scalars(
        select(Shipment)
        .where(Shipment.shipment_number == number, visible(Shipment, viewer))
        .options(
            joinedload(Shipment.order, innerjoin=True),
            joinedload(Shipment.location, innerjoin=True),
            selectinload(Shipment.packages),
            selectinload(Shipment.lines)
            .joinedload(ShipmentLine.order_line, innerjoin=True)
            .joinedload(OrderLine.variant, innerjoin=True),
            place.joinedload(Allocation.level).joinedload(StockLevel.location),
            place.joinedload(Allocation.lot).options(joinedload(Lot.batch), joinedload(Lot.serial)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no shipment {number}.")
    return found


def _settings() -> Company:
    settings = company()
    if settings is None:
        raise Refused("The company has not been set up yet.")
    return settings


def _sheet(title: str, shipment: Shipment, settings: Company, day: date) -> Paper:
    place = " ".join(text for text in (settings.postal_code, settings.city) if text)
    return {
        "title": title,
        "number": shipment.number,
        "author": settings.name,
        "date": day.isoformat(),
        "language": "en",
        "paper": settings.paper,
        "foot": [
            [text for text in (settings.name, settings.street, place) if text],
            [text for text in (settings.phone, settings.email) if text],
            [],
        ],
    }


def _facts(shipment: Shipment, write: Writer) -> list[Paper]:
    order = shipment.order
    told = (
        ("Shipment", shipment.number),
        ("Shipped", write.day(shipment.shipped_on.isoformat() if shipment.shipped_on else None)),
        ("Order", order.number),
        ("Your order", order.customer_reference),
        ("From", shipment.location.name),
        ("Carrier", shipment.carrier),
        ("Tracking", shipment.tracking_number),
    )
    return [{"label": label, "value": value, "strong": label == "Shipment"} for label, value in told if value]


def _picks(shipment: Shipment, write: Writer) -> Iterator[Paper]:
    for line in shipment.lines:
        for allocation in _live(line.allocations):
            yield {
                "place": allocation.level.location.code,
                "sku": line.order_line.variant.sku,
                "name": line.order_line.item_name,
                "batch": _mark(allocation),
                "quantity": write.number(tidy(allocation.quantity)),
                "unit": line.order_line.unit,
            }


def _contents(line: ShipmentLine, write: Writer) -> Paper:
    return {
        "number": str(line.order_line.line_number),
        "sku": line.order_line.variant.sku,
        "name": line.order_line.item_name,
        "batch": ", ".join(sorted({mark for mark in map(_mark, _live(line.allocations)) if mark})),
        "quantity": write.number(tidy(line.quantity)),
        "unit": line.order_line.unit,
    }


def _live(allocations: Iterable[Allocation]) -> list[Allocation]:
    return [one for one in allocations if one.state is not AllocationState.RELEASED]


def _mark(allocation: Allocation) -> str:
    """The batch or serial number to fetch, if any."""
    lot = allocation.lot
    if lot is None:
        return ""
    named = lot.batch or lot.serial
    return named.number if named else ""


def _parcel(place: int, package: Any, write: Writer) -> Paper:
    weight = f"{write.number(tidy(package.weight))} kg" if package.weight is not None else ""
    return {"number": str(place), "weight": weight, "tracking": package.tracking_number}
