"""The inbox: what waits, what a decision needs, and who may take it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, make_user
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Order
from webapp.services import order_flow
from webapp.services.approvals import approve_order
from webapp.services.confirmation import confirm_order
from webapp.services.order_entry import OrderInput, create_order
from webapp.services.order_lines import LineInput

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(10000))
    make_item("A-1", name="Chai", base_price=D(100))
    return staff


@pytest.fixture
def steven(app, staff) -> FlaskClient:
    return log_in(app, staff.manager)


def submitted(staff: Staff, quantity: int, discount: int = 0) -> str:
    line = LineInput("A-1", D(quantity), discount_percent=D(discount))
    number = create_order(OrderInput("ACME", [line]), actor=staff.sales).number
    order_flow.submit_order(number, reason="They asked nicely", actor=staff.sales)
    return number


def held(staff: Staff) -> str:
    number = submitted(staff, 120)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    return number


def state_of(number: str) -> OrderState:
    return db.session.scalar(db.select(Order.state).where(Order.order_number == number))


def test_nothing_waits(steven):
    assert "Nothing waits" in words(steven.get("/approvals"))


def test_the_inbox_opens_the_worst_first_and_the_navigation_counts(steven, staff):
    submitted(staff, 1, discount=12)
    held(staff)
    page = words(steven.get("/approvals"))
    assert "3 waiting" in page
    assert "Release Acme Trading’s order SO-2026-002?" in page
    assert "Approvals 3 waiting" in page


def test_an_order_is_approved_with_its_discount_and_leads_back(steven, staff):
    number = submitted(staff, 1, discount=12)
    page = words(steven.get(f"/approvals/orders/{number}"))
    assert "They asked nicely" in page
    assert "Approve with 1 discount" in page
    answer = submit(steven, f"/orders/{number}/approval", {"next": "/approvals", "reason": ""}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/approvals")
    assert state_of(number) is OrderState.APPROVED


def test_a_rejection_needs_a_reason(steven, staff):
    number = submitted(staff, 1)
    assert submit(steven, f"/orders/{number}/rejection", {"next": "/approvals", "reason": " "}).status_code == 422
    submit(steven, f"/orders/{number}/rejection", {"next": "/approvals", "reason": "Too cheap"})
    assert state_of(number) is OrderState.REJECTED


def test_a_discount_shows_its_effect_and_is_declined_with_a_reason(steven, staff):
    number = submitted(staff, 10, discount=12)
    page = words(steven.get(f"/approvals/discounts/{number}/1"))
    assert "Given away 120.00" in page
    assert "They have not bought this item before." in page
    url = f"/orders/{number}/lines/1/discount-approval"
    submit(steven, url, {"act": "decline", "reason": "Not for ten", "next": "/approvals"})
    assert state_of(number) is OrderState.REJECTED


def test_a_discount_above_ones_own_maximum_names_who_can(steven, staff):
    number = submitted(staff, 1, discount=30)
    page = words(steven.get(f"/approvals/discounts/{number}/1"))
    assert "above your own maximum of 20" in page
    assert "Adam Mint can decide." in page


def test_a_hold_shows_the_exposure_and_is_released(app, steven, staff):
    number = held(staff)
    page = words(steven.get(f"/approvals/holds/{number}"))
    assert "Over the limit by 2,000.00" in page
    answer = submit(steven, f"/orders/{number}/hold", {"act": "release", "reason": "Paid", "next": "/approvals"})
    assert answer.location == "/approvals"
    assert state_of(number) is OrderState.CONFIRMED


def test_who_asked_sees_the_request_but_not_the_buttons(app, session, staff):
    both = make_user(Role.SALES, "Nora Both", Role.SALES_MANAGER)
    number = create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=both).number
    order_flow.submit_order(number, actor=both)
    page = log_in(app, both).get(f"/approvals/orders/{number}")
    assert "Steven Buchanan can decide." in words(page)
    assert 'id="decision"' not in page.text


def test_sales_see_what_they_asked_for(app, staff):
    number = submitted(staff, 1)
    page = words(log_in(app, staff.sales).get("/approvals"))
    assert number in page
    assert "Steven Buchanan can decide." in page
