"""An order whose allocated goods leave in one act: all steps are gone through, and one event tells of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on
from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.warehouse import add_bin, allocated, last_event, open_warehouse, order_for, stock, the_order
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import Forbidden, InsufficientStock, OnHold, StaleVersion
from webapp.domain.states import ShipmentState
from webapp.models import Customer, Shipment
from webapp.services import credit_desk
from webapp.services.shipping import send_order, ship_shipment


@pytest.fixture
def staff(session) -> Staff:
    """Goods of one location leave on a shipment of their own; B-1 lies in two."""
    staff = open_warehouse(split_locations=True)
    add_bin("BIN-1", "MAIN")
    make_item("B-1")
    put_in_stock("B-1", 4, actor=staff.warehouse)
    put_in_stock("B-1", 6, actor=staff.warehouse, location="BIN-1")
    return staff


def states() -> list[ShipmentState]:
    return list(db.session.scalars(select(Shipment.state).order_by(Shipment.id)))


def test_what_is_allocated_leaves_at_once_from_every_location(staff):
    number = allocated(staff, ("B-1", 10), ("A-1", 60))

    outcome = send_order(number, version=the_order(number).version, actor=staff.warehouse)

    assert outcome.hold is None
    assert states() == [ShipmentState.SHIPPED] * 2
    assert [(line.shipped_qty, line.allocated_qty) for line in the_order(number).lines] == [(10, 0), (50, 0)]
    assert stock("A-1") == (0, 0)
    assert last_event().action == Action.SHIPMENT_SHIPPED
    assert events_on(the_order(number)).count(Action.SHIPMENT_SHIPPED) == 1


def test_a_hold_leaves_the_first_shipment_packed_and_the_rest_to_be_picked(staff):
    number = allocated(staff, ("B-1", 10))
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = Decimal(500)

    outcome = send_order(number, actor=staff.warehouse)

    assert outcome.hold is not None
    assert sorted(states()) == [ShipmentState.DRAFT, ShipmentState.PACKED]
    assert last_event().action == Action.SHIPMENT_HELD
    credit_desk.release_hold(number, reason="Good customer", actor=staff.accountant)
    assert ship_shipment(outcome.shipment.number, actor=staff.warehouse).hold is None


def test_what_cannot_leave_makes_no_shipment(staff):
    number = allocated(staff, ("A-1", 5))
    nothing = order_for(staff, ("CHEESE", 1))
    with pytest.raises(StaleVersion):
        send_order(number, version=the_order(number).version - 1, actor=staff.warehouse)
    with pytest.raises(Forbidden):
        send_order(number, actor=staff.sales)
    with pytest.raises(InsufficientStock, match="Nothing of"):
        send_order(nothing, actor=staff.warehouse)
    credit_desk.hold_order(number, reason="Doubtful", actor=staff.manager)
    with pytest.raises(OnHold):
        send_order(number, actor=staff.warehouse)
    assert states() == []
