"""Shipments in lists, by what is to be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.states import ShipmentState
from webapp.models import (
    Customer,
    Location,
    Order,
    Shipment,
    User,
)
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible

OPEN = (ShipmentState.DRAFT, ShipmentState.PICKED, ShipmentState.PACKED)


class Stage(StrEnum):
    """The tabs of the list: what has to be done with a shipment next."""

    TO_PICK = "to-pick"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


STATES = {
    Stage.TO_PICK: ShipmentState.DRAFT,
    Stage.PICKED: ShipmentState.PICKED,
    Stage.PACKED: ShipmentState.PACKED,
    Stage.SHIPPED: ShipmentState.SHIPPED,
    Stage.CANCELLED: ShipmentState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class ShipmentFilter:
    """What the list is narrowed to; ``text`` is part of a number, a customer's name or a tracking number."""

    stage: Stage = Stage.TO_PICK
    text: str = ""
    location: str = ""


def list_shipments(
    wanted: ShipmentFilter, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[Shipment]:
    """Shipments of a stage, the newest first, with order, customer, place, lines and holds; three statements."""
    statement = (
        select(Shipment)
        .join(Order, Order.id == Shipment.order_id)
        .join(Customer, Customer.id == Order.customer_id)
        .join(Location, Location.id == Shipment.location_id)
        .where(
            Shipment.state == STATES[wanted.stage],
            visible(Shipment, viewer),
            *narrowed((wanted.text, _called), (wanted.location, lambda code: Location.code == code)),
        )
        .options(
            joinedload(Shipment.order, innerjoin=True).options(
                joinedload(Order.customer, innerjoin=True), selectinload(Order.holds)
            ),
            joinedload(Shipment.location, innerjoin=True),
            selectinload(Shipment.lines),
        )
    )
    return page_of(statement, Shipment.id, cursor=cursor, limit=limit)


def open_counts(*, viewer: User) -> dict[Stage, int]:
    """How many shipments wait at each open stage; one statement over what is open."""
    counted = dict(
        db.session.execute(
            select(Shipment.state, func.count())
            .where(Shipment.state.in_(OPEN), visible(Shipment, viewer))
            .group_by(Shipment.state)
        ).all()
    )
    return {stage: counted.get(state, 0) for stage, state in STATES.items()}


def _called(text: str) -> ColumnElement[bool]:
    return or_(
        Shipment.shipment_number.icontains(text, autoescape=True),
        Order.order_number.icontains(text, autoescape=True),
        Customer.name.icontains(text, autoescape=True),
        Shipment.tracking_number.icontains(text, autoescape=True),
    )
