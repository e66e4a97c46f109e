"""Locations and stock: what lies where, what came in, what was put right."""

from __future__ import annotations

from typing import Any

from flask import url_for

from webapp.blueprints.api.routing import Answer, does, listed, reads
from webapp.blueprints.api.schemas.base import ListQuery
from webapp.blueprints.api.schemas.stock import (
    AdjustmentInput,
    AvailabilityOutput,
    AvailabilityQuery,
    LevelList,
    LevelOutput,
    LevelQuery,
    LocationInput,
    LocationList,
    LocationOutput,
    MovementList,
    MovementOutput,
    MovementQuery,
    ReceiptInput,
    ReceiptOutput,
)
from webapp.domain.permissions import Permission
from webapp.models import Location, StockMovement, Variant
from webapp.pages.stock.for_api import levels_page, locations_page, movements, movements_page
from webapp.queries.references import Reference, at_path, referred, skus_of
from webapp.services.company import the_company
from webapp.services.inventory import check_availability
from webapp.services.stock import receipts as stock
from webapp.services.stock.locations import add_location
from webapp.web.auth import program


@reads("/locations/", Permission.STOCK_READ, LocationList, query=ListQuery)
def list_locations(query: ListQuery) -> LocationList:
    """Warehouses and bins by code."""
    page = locations_page(cursor=query.cursor, limit=query.limit)
    return LocationList(**listed(page, [LocationOutput.of(row) for row in page.rows]))


@reads("/locations/<ref>/", Permission.STOCK_READ, LocationOutput)
def show_location(ref: str) -> LocationOutput:
    """One location, by code or id."""
    return LocationOutput.of(at_path(Location, ref, program()))


@does("/locations/", add_location, LocationOutput, body=LocationInput, status=201)
def create_location(body: LocationInput) -> Answer:
    """Add a warehouse, or a bin inside another location."""
    parent = "" if body.parent is None else referred(Location, body.parent, program(), field="parent").code
    location = add_location(body.code, body.name, parent=parent, actor=program())
    return Answer(LocationOutput.of(location), 201, url_for("api.show_location", ref=location.code))


@reads("/stock/levels/", Permission.STOCK_READ, LevelList, query=LevelQuery)
def list_levels(query: LevelQuery) -> LevelList:
    """What lies where."""
    page = levels_page(
        variant_id=_id_of(Variant, query.sku, "sku"),
        location_id=_id_of(Location, query.location, "location"),
        cursor=query.cursor,
        limit=query.limit,
    )
    return LevelList(**listed(page, [LevelOutput.of(row) for row in page.rows]))


@reads("/stock/availability/", Permission.STOCK_READ, AvailabilityOutput, query=AvailabilityQuery)
def show_availability(query: AvailabilityQuery) -> AvailabilityOutput:
    """Whether so much of an item is free at a location."""
    variant_id, location_id = _id_of(Variant, query.sku, "sku"), _id_of(Location, query.location, "location")
    return AvailabilityOutput.of(check_availability(variant_id or 0, location_id or 0, query.quantity))


@reads("/stock/movements/", Permission.STOCK_READ, MovementList, query=MovementQuery)
def list_movements(query: MovementQuery) -> MovementList:
    """Every change of stock, the newest first."""
    page = movements_page(
        viewer=program(),
        variant_id=_id_of(Variant, query.sku, "sku"),
        location_id=_id_of(Location, query.location, "location"),
        kind=query.kind,
        reference=query.reference,
        cursor=query.cursor,
        limit=query.limit,
    )
    return MovementList(**listed(page, _outputs(page.rows)))


@reads("/stock/movements/<ref>/", Permission.STOCK_READ, MovementOutput)
def show_movement(ref: str) -> MovementOutput:
    """One movement, by id."""
    (found,) = _outputs([at_path(StockMovement, ref, program())])
    return found


@does("/stock/receipts/", stock.receive_stock, ReceiptOutput, body=ReceiptInput, status=201)
def receive(body: ReceiptInput) -> Answer:
    """Take goods in at a location."""
    location = referred(Location, body.location, program(), field="location").code
    skus = skus_of(line.sku for line in body.lines)
    lines = [
        stock.ReceiptLine(skus[line.sku], line.quantity, line.unit_cost, line.batch, line.expires_on, line.serials)
        for line in body.lines
    ]
    ids = stock.receive_stock(location, lines, reference=body.reference, received_on=body.received_on, actor=program())
    received = ReceiptOutput(location=location, reference=body.reference, movements=_outputs(movements(ids)))
    return Answer(received, 201, url_for("api.show_movement", ref=ids[0]))


@does("/stock/adjustments/", stock.adjust_stock, MovementOutput, body=AdjustmentInput, status=201)
def adjust(body: AdjustmentInput) -> Answer:
    """Put stock right by hand, with a reason."""
    movement_id = stock.adjust_stock(
        referred(Location, body.location, program(), field="location").code,
        referred(Variant, body.sku, program(), field="sku").sku,
        body.quantity,
        reason=body.reason,
        batch=body.batch,
        serial=body.serial,
        release=body.release,
        actor=program(),
    )
    (found,) = _outputs(movements([movement_id]))
    return Answer(found, 201, url_for("api.show_movement", ref=movement_id))


def _outputs(rows: Any) -> list[MovementOutput]:
    currency, user = the_company().base_currency, program()
    return [MovementOutput.of(row, currency, user) for row in rows]


def _id_of(model: type[Any], reference: Reference | None, field: str) -> int | None:
    return None if reference is None else int(referred(model, reference, program(), field=field).id)
