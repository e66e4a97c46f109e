"""An order whose allocated goods leave in one act: all steps are gone through, and one event tells of it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on
from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.statements import sent_statements
from tests.support.warehouse import (
    add_bin,
    allocated,
    last_event,
    open_warehouse,
    order_for,
    put_batch,
    stock,
    the_order,
)
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import Forbidden, InsufficientStock, OnHold, Refused, StaleVersion
from webapp.domain.states import ShipmentState
from webapp.models import Customer, Shipment
from webapp.pages.timeline import sentence_of
from webapp.services.order_steps import credit_desk
from webapp.services.shipments.shipping import send_order, ship_shipment


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

    outcomes = send_order(number, version=the_order(number).version, actor=staff.warehouse)

    assert [outcome.hold for outcome in outcomes] == [None, None]
    assert states() == [ShipmentState.SHIPPED] * 2
    assert [(line.shipped_qty, line.allocated_qty) for line in the_order(number).lines] == [(10, 0), (50, 0)]
    assert stock("A-1") == (0, 0)
    assert last_event().action == Action.SHIPMENT_SHIPPED
    numbers = " and ".join(outcome.shipment.number for outcome in outcomes)
    assert f"shipped {numbers}" in sentence_of(last_event(), "EUR")
    assert events_on(the_order(number)).count(Action.SHIPMENT_SHIPPED) == 1


def test_a_hold_leaves_the_first_shipment_packed_and_the_rest_to_be_picked(staff):
    number = allocated(staff, ("B-1", 10))
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = Decimal(500)

    (outcome,) = send_order(number, actor=staff.warehouse)

    assert outcome.hold is not None
    assert sorted(states()) == [ShipmentState.DRAFT, ShipmentState.PACKED]
    assert last_event().action == Action.SHIPMENT_HELD
    credit_desk.release_hold(number, reason="Good customer", actor=staff.accountant)
    assert ship_shipment(outcome.shipment.number, actor=staff.warehouse).hold is None


def test_a_release_for_one_step_lets_the_first_shipment_go_and_the_next_is_held(staff):
    number = allocated(staff, ("B-1", 10))
    credit_desk.hold_order(number, reason="Doubtful", actor=staff.manager)
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = Decimal(500)
    credit_desk.release_hold(number, reason="This once", single_step=True, actor=staff.accountant)

    first, second = send_order(number, actor=staff.warehouse)

    assert (first.hold, second.hold is None) == (None, False)
    assert sorted(states()) == [ShipmentState.PACKED, ShipmentState.SHIPPED]
    assert events_on(the_order(number)).count(Action.SHIPMENT_SHIPPED) == 1


def test_a_batch_that_expired_is_released_before_anything_leaves(staff):
    put_batch("OLD", 5, staff, expires_on=clock.today("Europe/Berlin") + timedelta(days=1))
    number = allocated(staff, ("CHEESE", 2), ("A-1", 1))
    in_time, advice = clock.now() + timedelta(days=2), r"Batch OLD on line 1 has expired\. Release that line and"
    with clock.set_to(in_time), pytest.raises(Refused, match=advice):
        send_order(number, actor=staff.warehouse)
    assert states() == []


@pytest.mark.engines("postgresql")
def test_all_that_leaves_is_locked_once_and_in_order(staff):
    number = allocated(staff, ("B-1", 10), ("A-1", 60))
    with sent_statements() as sent:
        send_order(number, actor=staff.warehouse)
    locked = [re.search(r"FOR NO KEY UPDATE OF (\w+)", one) for one in sent]
    tables = [found[1] for found in locked if found and found[1] in {"stock_levels", "lots", "variants"}]
    assert tables == ["stock_levels", "variants"]
    numbered = next(place for place, one in enumerate(sent) if "number_series" in one)
    assert numbered > max(place for place, found in enumerate(locked) if found and found[1] in tables)


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
