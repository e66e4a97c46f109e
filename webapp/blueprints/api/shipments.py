"""Shipments: made from what is allocated, picked, packed, shipped, cancelled."""

from __future__ import annotations

from flask import url_for

from webapp.blueprints.api.routing import Answer, does, listed, reads
from webapp.blueprints.api.schemas.moves import CreditRefusal, Move
from webapp.blueprints.api.schemas.shipments import (
    DispatchInput,
    PickInput,
    ShipmentInput,
    ShipmentList,
    ShipmentOutput,
    ShipmentQuery,
)
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.states import ShipmentState
from webapp.models import Order, Shipment
from webapp.pages.documents_for_api import shipments_page, whole_shipment
from webapp.queries.references import at_path, referred
from webapp.services.shipments import shipping
from webapp.web.auth import program

HELD = 400


@reads("/sales/shipments/", Permission.SHIPMENTS_READ, ShipmentList, query=ShipmentQuery)
def list_shipments(query: ShipmentQuery) -> ShipmentList:
    """Shipments, the newest first."""
    user = program()
    page = shipments_page(
        user=user,
        order_id=None if query.order is None else referred(Order, query.order, user, field="order").id,
        state=fields.choice(ShipmentState, ShipmentState.DRAFT)(query.status, "status") if query.status else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    return ShipmentList(**listed(page, [ShipmentOutput.of(row) for row in page.rows]))


@reads("/sales/shipments/<ref>/", Permission.SHIPMENTS_READ, ShipmentOutput)
def show_shipment(ref: str) -> ShipmentOutput:
    """One shipment, by number or id."""
    return _shown(at_path(Shipment, ref, program()))


@does("/sales/orders/<ref>/shipments/", shipping.create_shipments, ShipmentOutput, body=ShipmentInput, status=201)
def create_shipment(body: ShipmentInput, ref: str) -> Answer:
    """Put allocated goods on a shipment; goods of several locations make one each, named as further shipments."""
    order = at_path(Order, ref, program())
    first, *others = shipping.create_shipments(
        order.number,
        lines=None if body.lines is None else {part.line_number: part.quantity for part in body.lines},
        carrier=body.carrier,
        tracking_number=body.tracking_number,
        actor=program(),
    )
    made = ShipmentOutput.of(whole_shipment(first.id), *(one.number for one in others))
    return Answer(made, 201, url_for("api.show_shipment", ref=first.number))


@does("/sales/shipments/<ref>/pick/", shipping.pick_shipment, ShipmentOutput, body=PickInput)
def pick_shipment(body: PickInput, ref: str) -> ShipmentOutput:
    """Confirm what was picked; what was not goes back to the order."""
    shipment = at_path(Shipment, ref, program())
    picked = {part.line_number: part.quantity for part in body.lines or ()}
    shipping.pick_shipment(shipment.number, quantities=picked, reason=body.reason, actor=program())
    return _shown(shipment)


@does("/sales/shipments/<ref>/pack/", shipping.pack_shipment, ShipmentOutput, body=DispatchInput)
def pack_shipment(body: DispatchInput, ref: str) -> ShipmentOutput:
    """Note that it is packed."""
    shipment = at_path(Shipment, ref, program())
    shipping.pack_shipment(shipment.number, carrier=body.carrier, tracking_number=body.tracking_number, actor=program())
    return _shown(shipment)


@does("/sales/shipments/<ref>/ship/", shipping.ship_shipment, ShipmentOutput, body=DispatchInput)
def ship_shipment(body: DispatchInput, ref: str) -> ShipmentOutput | Answer:
    """Let it go. When credit runs out it stays packed, the order is put on hold, and the answer is 400."""
    shipment = at_path(Shipment, ref, program())
    outcome = shipping.ship_shipment(
        shipment.number, carrier=body.carrier, tracking_number=body.tracking_number, actor=program()
    )
    if outcome.hold is not None and outcome.check is not None:
        return Answer(CreditRefusal.of(outcome.check, outcome.shipment.order.currency), HELD)
    return _shown(shipment)


@does("/sales/shipments/<ref>/cancel/", shipping.cancel_shipment, ShipmentOutput, body=Move)
def cancel_shipment(body: Move, ref: str) -> ShipmentOutput:
    """Undo a shipment that has not left; its goods stay allocated."""
    shipment = at_path(Shipment, ref, program())
    shipping.cancel_shipment(shipment.number, reason=body.reason, actor=program())
    return _shown(shipment)


def _shown(shipment: Shipment) -> ShipmentOutput:
    return ShipmentOutput.of(whole_shipment(shipment.id))
