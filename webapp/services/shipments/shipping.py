"""Shipments: taking hold of allocations, picking, packing, shipping, cancelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.credit_control.rule import CreditCheck
from webapp.domain.errors import BadInput, InsufficientStock, Refused
from webapp.domain.orders.counts import to_ship
from webapp.domain.permissions import Permission
from webapp.domain.states import OrderState, ShipmentState
from webapp.domain.text import told_reason
from webapp.models import (
    CheckStage,
    CreditHold,
    Order,
    OrderLine,
    Package,
    Shipment,
    User,
)
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import today
from webapp.services.credit_control import holds as credit_holds
from webapp.services.orders.amounts import close_if_done, refresh
from webapp.services.shipments.contents import (
    by_location,
    choose,
    consume,
    give_back_short,
    let_go_of_goods,
    lock_loose,
    loose_allocations,
    open_shipment,
    short_picks,
)
from webapp.services.stock.allocation import refuse_waiting_amendment
from webapp.services.versions import require_current


@dataclass(frozen=True, slots=True)
class PackageInput:
    """One parcel; weight in kilograms."""

    weight: Decimal | None = None
    tracking_number: str = ""


@dataclass(frozen=True, slots=True)
class ShippingOutcome:
    """What became of shipping: the shipment, the credit check, and the hold if it was held instead."""

    shipment: Shipment
    check: CreditCheck | None = None
    hold: CreditHold | None = None


@command(Permission.SHIPMENTS_WRITE)
def create_shipments(
    number: str,
    *,
    lines: Mapping[int, Decimal] | None = None,
    carrier: str = "",
    tracking_number: str = "",
    actor: User,
) -> list[Shipment]:
    """Put allocated goods on new shipments, one for each location. Without ``lines``: all on no open shipment yet.

    Raises OnHold, IllegalMove, InsufficientStock when nothing is left or more is asked than is allocated.
    """
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.CONFIRMED)
    refuse_waiting_amendment(order)
    credit_holds.refuse_if_held(order)
    loose = loose_allocations(order)
    if lines is not None:
        loose = choose(order, loose, lines)
    if not loose:
        raise InsufficientStock(f"Nothing of {order.label} is allocated and free to ship.")
    _refuse_part_of_complete(order, sum((one.quantity for one in loose), ZERO))
    shipments = [
        open_shipment(order, location_id, chosen, carrier, tracking_number, actor)
        for location_id, chosen in by_location(loose).items()
    ]
    audit.record(
        Action.SHIPMENT_CREATED, *shipments, order, actor=actor, after={"shipments": [s.number for s in shipments]}
    )
    return shipments


@command(Permission.SHIPMENTS_WRITE)
def pick_shipment(
    number: str,
    *,
    quantities: Mapping[int, Decimal] | None = None,
    reason: str = "",
    version: int | None = None,
    actor: User,
) -> Shipment:
    """Confirm what was picked. A line picked short (line number → base units) gives the rest back, with a reason.

    Raises OnHold, IllegalMove, BadInput, StaleVersion.
    """
    shipment = _locked(number, version, actor)
    order = _shippable_order(shipment)
    shipment.must_be(ShipmentState.DRAFT)
    short, reason = short_picks(shipment, quantities or {}), told_reason(reason)
    if short and not reason:
        raise BadInput("Say why less was picked.", field="reason")
    if short and order.ship_complete:
        raise Refused(f"{order.label} ships complete. Cancel the shipment and allocate again what is missing.")
    give_back_short(shipment, short)
    if not any(line.quantity for line in shipment.lines):
        raise BadInput("Nothing was picked. Cancel the shipment instead.", field="quantity")
    for line in shipment.lines:
        line.order_line.picked_qty += line.quantity
    shipment.move_to(ShipmentState.PICKED)
    shipment.picked_at, shipment.picked_by_id = clock.now(), actor.id
    shipment.bump()
    audit.record(
        Action.SHIPMENT_PICKED,
        shipment,
        order,
        actor=actor,
        reason=reason,
        after={"short": {line.order_line.line_number: quantity for line, quantity in short}},
    )
    return shipment


@command(Permission.SHIPMENTS_WRITE)
def pack_shipment(
    number: str,
    *,
    packages: Sequence[PackageInput] = (),
    carrier: str = "",
    tracking_number: str = "",
    version: int | None = None,
    actor: User,
) -> Shipment:
    """Note that the goods are packed, in which parcels and with which carrier.

    Raises IllegalMove, OnHold, StaleVersion.
    """
    shipment = _locked(number, version, actor)
    order = _shippable_order(shipment)
    shipment.must_be(ShipmentState.PICKED)
    shipment.carrier = carrier or shipment.carrier
    shipment.tracking_number = tracking_number or shipment.tracking_number
    for package in packages:
        db.session.add(Package(shipment_id=shipment.id, weight=package.weight, tracking_number=package.tracking_number))
    for line in shipment.lines:
        line.order_line.packed_qty += line.quantity
    shipment.move_to(ShipmentState.PACKED)
    shipment.packed_at, shipment.packed_by_id = clock.now(), actor.id
    shipment.bump()
    audit.record(Action.SHIPMENT_PACKED, shipment, order, actor=actor, after={"packages": len(packages)})
    return shipment


@command(Permission.SHIPMENTS_WRITE)
def ship_shipment(
    number: str, *, carrier: str = "", tracking_number: str = "", version: int | None = None, actor: User
) -> ShippingOutcome:
    """Let a packed shipment go: stock leaves, or the order is held and the shipment stays packed.

    ``carrier`` and ``tracking_number`` replace what was noted before. Raises OnHold, IllegalMove, StaleVersion, and
    Refused for a batch that expired, naming what to change.
    """
    shipment = _locked(number, version, actor)
    order = shipment.order
    shipment.must_be(ShipmentState.PACKED)
    refuse_waiting_amendment(order)
    credit_holds.refuse_if_held(order)
    check, hold = credit_holds.check_or_hold(order, CheckStage.SHIP, actor=actor)
    if hold is not None:
        audit.record(Action.SHIPMENT_HELD, shipment, order, order.customer, actor=actor)
        return ShippingOutcome(shipment, check, hold)
    shipment.carrier = carrier or shipment.carrier
    shipment.tracking_number = tracking_number or shipment.tracking_number
    _let_go(shipment, actor)
    audit.record(
        Action.SHIPMENT_SHIPPED,
        shipment,
        order,
        actor=actor,
        after=_left(shipment),
    )
    return ShippingOutcome(shipment, check)


@command(Permission.SHIPMENTS_WRITE)
def send_shipment(
    number: str,
    *,
    quantities: Mapping[int, Decimal] | None = None,
    reason: str = "",
    version: int | None = None,
    actor: User,
) -> ShippingOutcome:
    """Pick, pack and ship in one act, for goods that leave as they stand; a hold leaves the shipment packed.

    Raises as ``pick_shipment`` and ``ship_shipment``.
    """
    pick_shipment(number, quantities=quantities, reason=reason, version=version, actor=actor)
    pack_shipment(number, actor=actor)
    outcome = ship_shipment(number, actor=actor)
    shipment = outcome.shipment
    action = Action.SHIPMENT_HELD if outcome.hold else Action.SHIPMENT_SHIPPED
    audit.record(action, shipment, shipment.order, actor=actor, reason=reason, after=_left(shipment))
    return outcome


@command(Permission.SHIPMENTS_WRITE)
def send_order(number: str, *, version: int | None = None, actor: User) -> list[ShippingOutcome]:
    """Ship at once what of an order is allocated and on no shipment yet, on one shipment for each location.

    Answers what became of each; the last may be a hold, which leaves it packed and those after it to be picked. Raises
    as ``create_shipments`` and ``send_shipment``, and StaleVersion when the order is not as the form saw it.
    """
    order = locks.lock_order(number, actor=actor)
    if version is not None:
        require_current(order, version, order.label, now={}, wanted={})
    lock_loose(order)
    outcomes: list[ShippingOutcome] = []
    for shipment in create_shipments(number, actor=actor):
        outcomes.append(send_shipment(shipment.number, actor=actor))
        if outcomes[-1].hold is not None:
            break
    left = [one.shipment for one in outcomes if one.hold is None]
    action = Action.SHIPMENT_SHIPPED if left else Action.SHIPMENT_HELD
    shipments = left or [outcomes[-1].shipment]
    audit.record(action, *shipments, order, actor=actor, after={"shipments": [one.number for one in shipments]})
    return outcomes


@command(Permission.SHIPMENTS_WRITE)
def cancel_shipment(number: str, *, reason: str = "", version: int | None = None, actor: User) -> Shipment:
    """Undo a shipment that has not left: the goods stay allocated to the order and free for another shipment.

    Raises IllegalMove, StaleVersion.
    """
    shipment, reason = _locked(number, version, actor), told_reason(reason)
    before = shipment.state
    shipment.move_to(ShipmentState.CANCELLED)
    for line in shipment.lines:
        if before in (ShipmentState.PICKED, ShipmentState.PACKED):
            line.order_line.picked_qty -= line.quantity
        if before is ShipmentState.PACKED:
            line.order_line.packed_qty -= line.quantity
    let_go_of_goods(shipment)
    shipment.bump()
    audit.record(Action.SHIPMENT_CANCELLED, shipment, shipment.order, actor=actor, reason=reason)
    return shipment


@command(Permission.SHIPMENTS_WRITE)
def ship_line_at_once(order_line: OrderLine, quantity: Decimal, *, actor: User) -> list[int]:
    """Ship allocated pieces of one line on a shipment of its own, through all its steps.

    Answers the ids of the movements. Raises OnHold (also when the credit check fails now), InsufficientStock.
    """
    number = order_line.order.number
    shipments = create_shipments(number, lines={order_line.line_number: quantity}, actor=actor)
    movement_ids: list[int] = []
    for shipment in shipments:
        pick_shipment(shipment.number, actor=actor)
        pack_shipment(shipment.number, actor=actor)
        check, hold = credit_holds.check_or_hold(shipment.order, CheckStage.SHIP, actor=actor)
        if hold is not None:
            raise Refused(check.title, {"message": check.message})
        movement_ids += _let_go(shipment, actor)
    audit.record(
        Action.SHIPMENT_SHIPPED,
        *shipments,
        order_line.order,
        actor=actor,
        after={"lines": {order_line.line_number: quantity}},
    )
    return movement_ids


# -- parts ---------------------------------------------------------------------------------------------------------


def _locked(number: str, version: int | None, actor: User) -> Shipment:
    """The shipment, locked, as the form that named ``version`` saw it (None: as it is now). Raises StaleVersion."""
    shipment = locks.lock_shipment(number, actor=actor)
    if version is not None:
        require_current(shipment, version, shipment.label, now={}, wanted={})
    return shipment


def _refuse_part_of_complete(order: Order, quantity: Decimal) -> None:
    """An order that ships complete leaves with all that is open, or not at all."""
    is_open = sum((to_ship(line.counts) for line in order.lines), ZERO)
    if order.ship_complete and quantity < is_open:
        raise Refused(f"{order.label} ships complete, and not all of it is allocated and free to ship.")


def _shippable_order(shipment: Shipment) -> Order:
    """The shipment's order, unless it is held or waits for the approval of a change."""
    refuse_waiting_amendment(shipment.order)
    credit_holds.refuse_if_held(shipment.order)
    return shipment.order


def _left(shipment: Shipment) -> dict[str, Any]:
    return {"lines": {line.order_line.line_number: line.quantity for line in shipment.lines}}


def _let_go(shipment: Shipment, actor: User) -> list[int]:
    """The goods leave; the order's open amounts follow, and it closes when it is done. Answers the movements' ids."""
    ids = consume(shipment, actor)
    shipment.move_to(ShipmentState.SHIPPED)
    shipment.shipped_at, shipment.shipped_on, shipment.shipped_by_id = clock.now(), today(), actor.id
    shipment.bump()
    refresh(shipment.order)
    close_if_done(shipment.order)
    return ids
