"""Shipments on pages: the list by stage, the document with its next step, what comes back, and paper."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from tests.support.factories import Staff, make_customer
from tests.support.warehouse import (
    allocated,
    lots,
    open_warehouse,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    the_order,
    the_shipment,
)
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import atomic, db
from webapp.models import Batch, Customer, Package, User
from webapp.services.company import today
from webapp.services.order_steps import credit_desk
from webapp.services.shipments import shipping

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


@pytest.fixture
def clerk(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.warehouse)


def version(number: str) -> str:
    return str(the_shipment(number).version)


def post(clerk: FlaskClient, number: str, step: str, data: dict[str, str] | None = None, **more):
    return submit(clerk, f"/shipments/{number}/{step}", {"version": version(number), **(data or {})}, **more)


# -- the list ---------------------------------------------------------------------------------------------------------


def test_each_tab_shows_its_stage_and_how_many_wait(clerk, staff):
    numbers = {state: shipment_in(state, staff, ("A-1", 2)) for state in ("DRAFT", "PICKED", "PACKED", "SHIPPED")}
    for stage, state in (("to-pick", "DRAFT"), ("picked", "PICKED"), ("packed", "PACKED"), ("shipped", "SHIPPED")):
        seen = words(clerk.get(f"/shipments?stage={stage}"))
        assert [number for number in numbers.values() if number in seen] == [numbers[state]]
        assert "To pick 1 Picked 1 Packed 1 Shipped Cancelled" in seen
    assert numbers["DRAFT"] in words(clerk.get("/shipments"))
    assert "No shipment is at this stage" in words(clerk.get("/shipments?stage=cancelled"))


def test_the_list_is_searched_by_number_customer_and_place(clerk, staff):
    number = shipment_in("DRAFT", staff)
    assert number in words(clerk.get("/shipments?q=acme"))
    assert number in words(clerk.get(f"/shipments?q={number}", headers=HTMX))
    assert "No shipment of this stage fits" in words(clerk.get("/shipments?q=zebra"))
    assert "No shipment of this stage fits" in words(clerk.get("/shipments?location=NORTH"))


def test_a_held_order_is_seen_in_the_list(clerk, staff):
    number = shipment_in("PACKED", staff)
    credit_desk.hold_order(the_shipment(number).order.number, reason="Doubtful", actor=staff.manager)
    assert "On hold" in words(clerk.get("/shipments?stage=packed"))


def test_lists_and_pages_take_a_fixed_number_of_statements(clerk, staff):
    counted: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        counted.append(statement)

    def count(path: str) -> int:
        clerk.get(path)
        counted.clear()
        assert clerk.get(path).status_code == 200
        return len(counted)

    one = shipment_in("DRAFT", staff, ("A-1", 1))
    many = shipment_in("DRAFT", staff, *[("A-1", 1)] * 20)
    event.listen(db.engine, "before_cursor_execute", note)
    few = count("/shipments"), count(f"/shipments/{one}")
    for _ in range(10):
        shipment_in("DRAFT", staff, ("A-1", 1))
    assert (count("/shipments"), count(f"/shipments/{many}")) == few
    event.remove(db.engine, "before_cursor_execute", note)
    assert max(few) <= 22


# -- the steps --------------------------------------------------------------------------------------------------------


def test_a_shipment_goes_from_pick_to_ship_by_its_one_button(clerk, staff):
    number = shipment_in("DRAFT", staff, ("A-1", 10), ("A-1", 5))
    assert "Pick 2 lines" in words(clerk.get(f"/shipments/{number}"))

    answer = post(clerk, number, "picking", {"picked.1": "8", "picked.2": "5", "reason": "Two broken"})
    assert (answer.status_code, answer.location) == (303, f"/shipments/{number}")
    seen = words(clerk.get(f"/shipments/{number}"))
    assert f"{number} is picked." in seen
    assert "Pack 13 pieces" in seen

    parcels = {"carrier": "DHL", "weight.0": "2.5", "tracking.0": "T1", "weight.1": "", "tracking.1": "T2"}
    post(clerk, number, "packing", parcels)
    assert "Ship 2 lines" in words(clerk.get(f"/shipments/{number}"))
    assert [(one.weight, one.tracking_number) for one in db.session.scalars(select(Package))] == [
        (D("2.5"), "T1"),
        (None, "T2"),
    ]

    answer = post(clerk, number, "departure", headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="shipment">')
    assert f"{number} has left." in words(answer)
    assert stock("A-1") == (37, 0)


def test_a_form_that_comes_twice_changes_nothing_more(clerk, staff):
    number = shipment_in("DRAFT", staff)
    data = {"version": version(number), "idempotency_key": "k1", "picked.1": "10"}
    for _ in range(2):
        assert submit(clerk, f"/shipments/{number}/picking", data).status_code == 303
    assert the_shipment(number).state == "PICKED"


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"picked.1": "8"}, 422, "Say why less was picked."),
        ({"picked.1": "lots"}, 422, "Quantity must be a number in plain digits"),
        ({"picked.1": "11", "reason": "x"}, 422, "between 0 and 10 can be picked, not 11"),
        ({"picked.1": "0", "reason": "x"}, 422, "Nothing was picked. Cancel the shipment instead."),
        ({"version": "7"}, 409, "was changed"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_pick_comes_back_as_typed(clerk, staff, typed, status, sentence, headers):
    number = shipment_in("DRAFT", staff)
    answer = post(clerk, number, "picking", typed, headers=headers)
    assert answer.status_code == status
    assert sentence in words(answer)
    assert f'value="{typed.get("picked.1", "10")}"' in answer.text
    assert the_shipment(number).state == "DRAFT"


def test_a_step_out_of_turn_is_a_conflict(clerk, staff):
    number = shipment_in("PICKED", staff)
    assert post(clerk, number, "picking").status_code == 409
    assert post(clerk, number, "departure").status_code == 409
    assert post(clerk, number, "packing", {"weight.0": "-1"}).status_code == 422


def test_a_cancelled_shipment_says_so(clerk, staff):
    number = shipment_in("PACKED", staff)
    post(clerk, number, "cancellation", {"reason": "Wrong address"})
    seen = words(clerk.get(f"/shipments/{number}"))
    assert "Cancelled" in seen
    assert "Ship 1 line" not in seen
    assert the_order(the_shipment(number).order.number).lines[0].packed_qty == 0


def test_everything_in_the_way_is_said_at_once(clerk, staff):
    put_batch("C1", 5, staff, expires_on=today() + timedelta(days=3))
    number = shipment_in("PACKED", staff, ("CHEESE", 5))
    with atomic():
        db.session.scalars(select(Batch)).one().expires_on = today()
    credit_desk.hold_order(the_shipment(number).order.number, reason="Doubtful", actor=staff.manager)

    seen = words(clerk.get(f"/shipments/{number}"))

    assert "2 things block this shipment now" in seen
    assert "Credit hold: Doubtful" in seen
    assert "Line 1: Batch C1 has expired." in seen
    assert "Ship 1 line" not in seen
    assert f"Resolve on {the_shipment(number).order.number}" in seen
    refused = post(clerk, number, "departure")
    assert refused.status_code == 400
    assert "is on credit hold" in words(refused)


def test_credit_that_ran_out_keeps_the_goods_at_the_door(clerk, staff):
    number = shipment_in("PACKED", staff)
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = D(500)

    answer = post(clerk, number, "departure", headers=HTMX)

    assert answer.status_code == 200
    assert f"{number} stays: the order is on credit hold." in words(answer)
    assert "1 thing blocks this shipment now" in words(answer)
    assert (the_shipment(number).state, stock("A-1")) == ("PACKED", (50, 10))


def test_who_may_not_ship_sees_no_button_and_is_refused(app, staff):
    number = shipment_in("DRAFT", staff)
    nancy = log_in(app, staff.sales)
    page = words(nancy.get(f"/shipments/{number}"))
    assert "Pick 1 line" not in page
    assert "Cancel this shipment" not in page
    for step in ("picking", "packing", "departure", "cancellation", "returns"):
        assert post(nancy, number, step).status_code == 403


def test_what_is_not_mine_is_not_there(app, staff):
    number = shipment_in("DRAFT", staff)
    with atomic():
        db.session.get_one(User, staff.warehouse.id).own_customers_only = True
    walter = log_in(app, staff.warehouse)
    assert number not in words(walter.get("/shipments"))
    for path in ("", "/pick-list", "/returns/new"):
        assert walter.get(f"/shipments/{number}{path}").status_code == 404
    assert post(walter, number, "picking").status_code == 404
    assert walter.get("/shipments/SHP-1900-001").status_code == 404


# -- what comes back --------------------------------------------------------------------------------------------------


def test_goods_come_back_line_by_line_and_lot_by_lot(clerk, staff):
    put_batch("C1", 3, staff)
    put_batch("C2", 3, staff)
    put_serials("S1", "S2", staff=staff)
    number = shipment_in("SHIPPED", staff, ("A-1", 4), ("CHEESE", 5), ("LAPTOP", 2))
    form = clerk.get(f"/shipments/{number}/returns/new")
    assert "Product CHEESE CHEESE, batch C1 3 pcs" in words(form)

    typed = {"back.0": "1", "back.2": "2", "whereto.2": "QUARANTINE", "back.4": "1", "reason": "Too many"}
    answer = submit(clerk, f"/shipments/{number}/returns", typed)

    assert (answer.status_code, answer.location) == (303, f"/shipments/{number}")
    assert stock("A-1") == (47, 0)
    assert lots("CHEESE") == {("C2", False): (1, 0), ("C2", True): (2, 0)}
    assert lots("LAPTOP") == {("S2", False): (1, 0)}
    seen = words(clerk.get(f"/shipments/{number}"))
    assert "1 of line 1 back on the shelf; 2 of line 2 into quarantine; 1 of line 3 back on the shelf" in seen


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"back.0": "1"}, "A reason is needed."),
        ({"back.0": "11", "reason": "x"}, "Line 1: 10 can come back, not 11."),
        ({"back.0": "-", "reason": "x"}, "Quantity must be a number in plain digits"),
        ({"reason": "x"}, "Say what came back."),
        ({"back.0": "1", "reason": "x", "received_on": "soon"}, "Received on must be a date like 2026-05-31."),
    ],
)
def test_a_wrong_return_comes_back_as_typed(clerk, staff, typed, sentence):
    number = shipment_in("SHIPPED", staff)
    answer = submit(clerk, f"/shipments/{number}/returns", typed, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert all(f'value="{value}"' in answer.text for value in typed.values())


def test_a_shipment_that_has_not_left_has_nothing_to_come_back(clerk, staff):
    number = shipment_in("PACKED", staff)
    assert "Nothing of this shipment is with the customer" in words(clerk.get(f"/shipments/{number}/returns/new"))


# -- paper ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paper", "title"),
    [("pick-list", "Pick list"), ("packing-slip", "Packing slip"), ("delivery-note", "Delivery note")],
)
def test_papers_are_printed(clerk, staff, paper, title):
    put_batch("C1", 3, staff)
    number = shipment_in("PACKED", staff, ("A-1", 4), ("CHEESE", 3))
    seen = words(clerk.get(f"/shipments/{number}/{paper}"))
    assert f"{title} {number}" in seen
    assert "Product CHEESE C1 3 pcs" in seen
    assert clerk.get(f"/shipments/{number}/receipt").status_code == 404


def test_a_second_customer_gets_its_own_shipment(clerk, staff):
    make_customer("BETA", credit_limit=None)
    number = allocated(staff, ("A-1", 1), customer="BETA")
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    assert "Beta Ltd" in words(clerk.get(f"/shipments/{shipment.number}"))


def test_goods_leave_at_once_with_what_was_picked_of_them(clerk, staff):
    number = shipment_in("DRAFT", staff, ("A-1", 10))
    short = {"picked.1": "4"}

    assert "Say why less was picked" in words(post(clerk, number, "sending", short))
    answer = post(clerk, number, "sending", short | {"reason": "Six are broken."})

    assert answer.status_code == 303
    shipment = the_shipment(number)
    assert (shipment.state.value, the_order(shipment.order.number).line(1).shipped_qty) == ("SHIPPED", D(4))
    assert f"{staff.warehouse.name} shipped" in words(clerk.get(f"/shipments/{number}"))


def test_goods_that_would_leave_at_once_stop_at_the_door_when_credit_runs_out(clerk, staff):
    number = shipment_in("DRAFT", staff, ("A-1", 10))
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = D(1)

    answer = post(clerk, number, "sending", {})

    assert answer.status_code == 303
    assert the_shipment(number).state.value == "PACKED"
    assert "credit hold" in words(clerk.get(f"/shipments/{number}"))
