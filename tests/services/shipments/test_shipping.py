"""Shipments from the first line to the door: states, stock, counts and events at each exit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.warehouse import (
    add_bin,
    allocated,
    held,
    last_event,
    lots,
    movements,
    open_warehouse,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    the_order,
    the_shipment,
    variant,
)
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, InsufficientStock, OnHold, Refused, StaleVersion
from webapp.domain.states import HoldState, ShipmentState
from webapp.models import Batch, Company, CreditHold, Customer, Shipment, StateChange, StockMovement
from webapp.services import inventory
from webapp.services.company import today
from webapp.services.order_steps import credit_desk
from webapp.services.shipments import shipping
from webapp.services.shipments.shipping import PackageInput
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def counts(number: str, place: int = 0) -> tuple[Decimal, ...]:
    """Allocated, picked, packed, shipped of a line."""
    line = the_order(number).lines[place]
    return line.allocated_qty, line.picked_qty, line.packed_qty, line.shipped_qty


def order_of(shipment: str) -> str:
    return the_shipment(shipment).order.number


def limit_credit(amount: int) -> None:
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = D(amount)


# -- putting together -------------------------------------------------------------------------------------------------


def test_a_shipment_takes_hold_of_what_is_allocated(staff):
    number = allocated(staff, ("A-1", 10))

    (shipment,) = shipping.create_shipments(number, carrier="DHL", actor=staff.warehouse)

    assert shipment.state is ShipmentState.DRAFT
    assert (shipment.carrier, [line.quantity for line in shipment.lines]) == ("DHL", [10])
    assert counts(number) == (10, 0, 0, 0)
    assert last_event().action == Action.SHIPMENT_CREATED
    with pytest.raises(InsufficientStock, match=r"Nothing of Order .* is allocated and free to ship"):
        shipping.create_shipments(number, actor=staff.warehouse)


def test_a_part_can_go_first_and_the_rest_later(staff):
    number = allocated(staff, ("A-1", 10), ("A-1", 5))

    (first,) = shipping.create_shipments(number, lines={1: D(4)}, actor=staff.warehouse)
    (second,) = shipping.create_shipments(number, actor=staff.warehouse)

    assert [line.quantity for line in first.lines] == [4]
    assert [(line.order_line.line_number, line.quantity) for line in second.lines] == [(1, 6), (2, 5)]
    assert held(number) == [(1, "", 4), (1, "", 6), (2, "", 5)]


def test_goods_of_several_places_leave_on_a_shipment_each(staff):
    with atomic():
        db.session.get_one(Company, 1).split_locations = True
    add_bin("BIN-1", "MAIN")
    make_item("B-1")
    put_in_stock("B-1", 4, actor=staff.warehouse)
    put_in_stock("B-1", 6, actor=staff.warehouse, location="BIN-1")
    number = allocated(staff, ("B-1", 10))

    shipments = shipping.create_shipments(number, actor=staff.warehouse)

    assert sorted((one.location.code, one.lines[0].quantity) for one in shipments) == [("BIN-1", 6), ("MAIN", 4)]
    for one in shipments:
        for step in (shipping.pick_shipment, shipping.pack_shipment, shipping.ship_shipment):
            step(one.number, actor=staff.warehouse)
    assert counts(number) == (0, 0, 0, 10)
    assert (stock("B-1"), stock("B-1", "BIN-1")) == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    ("lines", "refusal", "sentence"),
    [
        ({1: D(11)}, InsufficientStock, "Line 1 has 10 allocated and free to ship, not 11"),
        ({1: D(0)}, BadInput, "must be more than 0"),
        ({1: D(-1)}, BadInput, "must be more than 0"),
        ({1: D("0.5")}, BadInput, "whole multiples of 1"),
        ({7: D(1)}, BadInput, "has no line 7"),
    ],
)
def test_what_is_not_there_cannot_be_put_on_a_shipment(staff, lines, refusal, sentence):
    number = allocated(staff, ("A-1", 10))
    with pytest.raises(refusal, match=sentence):
        shipping.create_shipments(number, lines=lines, actor=staff.warehouse)
    assert db.session.scalar(select(func.count()).select_from(Shipment)) == 0


def test_an_order_that_ships_complete_leaves_in_one_piece(staff):
    number = allocated(staff, ("A-1", 10), ship_complete=True)
    with pytest.raises(Refused, match="ships complete"):
        shipping.create_shipments(number, lines={1: D(4)}, actor=staff.warehouse)
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    with pytest.raises(Refused, match="ships complete"):
        shipping.pick_shipment(shipment.number, quantities={1: D(9)}, reason="Broken", actor=staff.warehouse)
    assert shipping.pick_shipment(shipment.number, actor=staff.warehouse).state is ShipmentState.PICKED


# -- picking, packing, shipping ----------------------------------------------------------------------------------------


def test_each_step_counts_and_is_told(staff):
    shipment = shipment_in("DRAFT", staff)
    number = order_of(shipment)

    shipping.pick_shipment(shipment, actor=staff.warehouse)
    assert (counts(number), last_event().action) == ((10, 10, 0, 0), Action.SHIPMENT_PICKED)

    parcels = [PackageInput(D("2.5"), "TR-1"), PackageInput()]
    shipping.pack_shipment(shipment, packages=parcels, carrier="DHL", tracking_number="X9", actor=staff.warehouse)
    assert (counts(number), last_event().action) == ((10, 10, 10, 0), Action.SHIPMENT_PACKED)
    packed = the_shipment(shipment)
    assert [(one.weight, one.tracking_number) for one in packed.packages] == [(D("2.5"), "TR-1"), (None, "")]
    assert (packed.carrier, packed.tracking_number) == ("DHL", "X9")

    outcome = shipping.ship_shipment(shipment, actor=staff.warehouse)
    assert (outcome.hold, counts(number), last_event().action) == (None, (0, 0, 0, 10), Action.SHIPMENT_SHIPPED)
    assert stock("A-1") == (40, 0)
    assert movements("A-1")[1:] == [("SHIPMENT", -10, 60, -600)]
    assert outcome.shipment.shipped_on == today()
    moves = db.session.scalars(select(StateChange.new).where(StateChange.kind == "shipment").order_by(StateChange.id))
    assert list(moves) == ["DRAFT", "PICKED", "PACKED", "SHIPPED"]


def test_each_lot_leaves_with_a_movement_of_its_own(staff):
    put_batch("C1", 5, staff)
    put_batch("C2", 5, staff)
    put_serials("S1", "S2", staff=staff)

    shipment = shipment_in("SHIPPED", staff, ("CHEESE", 7), ("LAPTOP", 2))

    assert [(one.quantity, (one.batch or one.serial).number) for one in _out(shipment)] == [
        (-5, "C1"),
        (-2, "C2"),
        (-1, "S1"),
        (-1, "S2"),
    ]
    assert lots("CHEESE") == {("C2", False): (3, 0)}
    assert lots("LAPTOP") == {}


def _out(shipment: str) -> list[StockMovement]:
    return list(
        db.session.scalars(select(StockMovement).where(StockMovement.reference == shipment).order_by(StockMovement.id))
    )


def test_less_in_the_bin_gives_the_rest_back_with_a_reason(staff):
    shipment = shipment_in("DRAFT", staff, ("A-1", 10), ("A-1", 5))
    number = order_of(shipment)

    with pytest.raises(BadInput, match="Say why less was picked"):
        shipping.pick_shipment(shipment, quantities={1: D(7)}, actor=staff.warehouse)
    shipping.pick_shipment(shipment, quantities={1: D(7), 2: D(5)}, reason="Broken", actor=staff.warehouse)

    assert [line.quantity for line in the_shipment(shipment).lines] == [7, 5]
    assert (counts(number), stock("A-1")) == ((7, 7, 0, 0), (50, 12))
    assert (last_event().reason, last_event().details["after"]) == ("Broken", {"short": {"1": "3.000000"}})
    assert allocate_order(number, actor=staff.warehouse).results[0].taken_qty == 3


def test_a_line_of_which_nothing_was_there_stays_empty(staff):
    put_batch("C1", 5, staff)
    shipment = shipment_in("DRAFT", staff, ("CHEESE", 5), ("A-1", 5))

    shipping.pick_shipment(shipment, quantities={1: D(0)}, reason="Not found", actor=staff.warehouse)
    shipping.pack_shipment(shipment, actor=staff.warehouse)
    shipping.ship_shipment(shipment, actor=staff.warehouse)

    assert [line.quantity for line in the_shipment(shipment).lines] == [0, 5]
    assert lots("CHEESE") == {("C1", False): (5, 0)}
    assert (stock("CHEESE"), stock("A-1")) == ((5, 0), (45, 0))


@pytest.mark.parametrize(
    ("quantities", "sentence"),
    [
        ({1: D(11)}, "between 0 and 10 can be picked, not 11"),
        ({1: D(-1)}, "between 0 and 10 can be picked, not -1"),
        ({1: D("1.5")}, "whole multiples of 1"),
        ({9: D(1)}, "has no line 9"),
        ({1: D(0)}, "Nothing was picked. Cancel the shipment instead"),
    ],
)
def test_what_cannot_have_been_picked_is_refused(staff, quantities, sentence):
    shipment = shipment_in("DRAFT", staff)
    with pytest.raises(BadInput, match=sentence):
        shipping.pick_shipment(shipment, quantities=quantities, reason="Counted", actor=staff.warehouse)
    assert (the_shipment(shipment).state, stock("A-1")) == (ShipmentState.DRAFT, (50, 10))


STEPS = {
    "pick": (shipping.pick_shipment, {"DRAFT"}),
    "pack": (shipping.pack_shipment, {"PICKED"}),
    "ship": (shipping.ship_shipment, {"PACKED"}),
    "cancel": (shipping.cancel_shipment, {"DRAFT", "PICKED", "PACKED"}),
}


@pytest.mark.parametrize("state", ["DRAFT", "PICKED", "PACKED", "SHIPPED"])
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_taken_from_its_state_only(staff, step, state):
    act, allowed = STEPS[step]
    shipment = shipment_in(state, staff)
    if state in allowed:
        act(shipment, actor=staff.warehouse)
        return
    with pytest.raises(IllegalMove):
        act(shipment, actor=staff.warehouse)
    assert the_shipment(shipment).state == state


@pytest.mark.parametrize("state", ["DRAFT", "PICKED", "PACKED"])
def test_a_cancelled_shipment_leaves_its_goods_with_the_order(staff, state):
    shipment = shipment_in(state, staff)
    number = order_of(shipment)

    shipping.cancel_shipment(shipment, reason="Wrong address", actor=staff.warehouse)

    assert (counts(number), stock("A-1")) == ((10, 0, 0, 0), (50, 10))
    assert (last_event().action, last_event().reason) == (Action.SHIPMENT_CANCELLED, "Wrong address")
    (again,) = shipping.create_shipments(number, actor=staff.warehouse)
    assert again.lines[0].quantity == 10


@pytest.mark.parametrize("step", STEPS)
def test_who_read_an_older_shipment_is_told(staff, step):
    act, allowed = STEPS[step]
    shipment = shipment_in(sorted(allowed)[0], staff)
    with pytest.raises(StaleVersion, match=f"Shipment {shipment} was changed by Walter Haus"):
        act(shipment, version=99, actor=staff.warehouse)


def test_sales_does_not_ship(staff):
    shipment = shipment_in("PACKED", staff)
    for act, _ in STEPS.values():
        with pytest.raises(Forbidden):
            act(shipment, actor=staff.sales)
    with pytest.raises(Forbidden):
        shipping.create_shipments(order_of(shipment), actor=staff.sales)


# -- what stops goods at the door --------------------------------------------------------------------------------------


def test_a_batch_that_expired_after_packing_does_not_leave(staff):
    put_batch("C1", 5, staff, expires_on=today() + timedelta(days=3))
    shipment = shipment_in("PACKED", staff, ("CHEESE", 5))
    with atomic():
        db.session.scalars(select(Batch)).one().expires_on = today()

    with pytest.raises(Refused, match=r"Batch C1 on line 1 has expired\. Cancel the shipment, release that line"):
        shipping.ship_shipment(shipment, actor=staff.warehouse)

    assert (the_shipment(shipment).state, stock("CHEESE")) == (ShipmentState.PACKED, (5, 5))
    assert [kind for kind, *_ in movements("CHEESE")] == ["RECEIPT"]


@pytest.mark.parametrize("state", ["DRAFT", "PICKED", "PACKED"])
def test_a_hold_stops_the_shipment_where_it_is(staff, state):
    shipment = shipment_in(state, staff)
    credit_desk.hold_order(order_of(shipment), reason="Doubtful", actor=staff.manager)

    step = {"DRAFT": shipping.pick_shipment, "PICKED": shipping.pack_shipment, "PACKED": shipping.ship_shipment}[state]
    with pytest.raises(OnHold):
        step(shipment, actor=staff.warehouse)

    assert (the_shipment(shipment).state, stock("A-1")) == (state, (50, 10))


def test_an_order_that_no_longer_fits_its_credit_is_held_at_the_door(staff):
    shipment = shipment_in("PACKED", staff)
    limit_credit(500)

    outcome = shipping.ship_shipment(shipment, actor=staff.warehouse)

    assert outcome.hold is not None
    assert outcome.hold.state is HoldState.OPEN
    assert (the_shipment(shipment).state, stock("A-1")) == (ShipmentState.PACKED, (50, 10))
    assert counts(order_of(shipment)) == (10, 10, 10, 0)
    assert last_event().action == Action.SHIPMENT_HELD
    with pytest.raises(OnHold):
        shipping.ship_shipment(shipment, actor=staff.warehouse)

    credit_desk.release_hold(order_of(shipment), reason="Good customer", actor=staff.accountant)
    assert shipping.ship_shipment(shipment, actor=staff.warehouse).hold is None
    assert stock("A-1") == (40, 0)


# -- the seed's front --------------------------------------------------------------------------------------------------


def test_one_line_can_be_shipped_at_once(staff):
    number = allocated(staff, ("A-1", 10))
    line = the_order(number).lines[0]

    moved = inventory.create_shipment_movement(line, D(4), staff.warehouse)

    assert [one.quantity for one in moved] == [-4]
    assert (counts(number), stock("A-1")) == ((6, 0, 0, 4), (46, 6))
    assert last_event().action == Action.SHIPMENT_SHIPPED
    steps = [step["action"] for step in last_event().details["steps"]]
    assert steps == [Action.SHIPMENT_CREATED, Action.SHIPMENT_PICKED, Action.SHIPMENT_PACKED]


@pytest.mark.parametrize("quantity", [0, -1, 11])
def test_more_than_is_allocated_is_not_shipped_at_once(staff, quantity):
    line = the_order(allocated(staff, ("A-1", 10))).lines[0]
    with pytest.raises((BadInput, InsufficientStock)):
        inventory.create_shipment_movement(line, D(quantity), staff.warehouse)
    assert stock("A-1") == (50, 10)


def test_a_failed_credit_check_ships_nothing_at_once(staff):
    line = the_order(allocated(staff, ("A-1", 10))).lines[0]
    limit_credit(500)
    with pytest.raises(Refused):
        inventory.create_shipment_movement(line, D(4), staff.warehouse)
    assert stock("A-1") == (50, 10)
    assert db.session.scalar(select(func.count()).select_from(CreditHold)) == 0


def test_the_last_pieces_take_the_last_value_along(staff):
    shipment_in("SHIPPED", staff, ("A-1", 17))
    shipment_in("SHIPPED", staff, ("A-1", 33))
    assert (variant("A-1").stock_qty, variant("A-1").stock_value) == (0, 0)
