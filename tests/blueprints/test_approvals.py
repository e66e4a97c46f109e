"""The inbox: what waits, what a decision needs, and who may take it."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, make_user, put_in_stock
from tests.support.scenes import scene
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import atomic, db
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Company, Order
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
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
    assert "Net without it 1,000.00" in page
    assert "They asked nicely" in page
    assert "They have not bought this item before." in page
    url = f"/orders/{number}/lines/1/discount-approval"
    submit(steven, url.replace("-approval", "-rejection"), {"reason": "Not for ten", "next": "/approvals"})
    assert state_of(number) is OrderState.REJECTED


def test_what_is_given_for_nothing_earns_no_margin(steven, staff):
    put_in_stock("A-1", 1, actor=staff.warehouse, unit_cost=D(60))
    page = words(steven.get(f"/approvals/discounts/{submitted(staff, 1, discount=100)}/1"))
    assert "Margin without it 40 %" in page
    assert "Margin with it nothing is paid" in page


def test_a_discount_above_ones_own_maximum_names_who_can(steven, staff):
    number = submitted(staff, 1, discount=30)
    page = words(steven.get(f"/approvals/discounts/{number}/1"))
    assert "above your own maximum of 20" in page
    assert "Adam Mint can decide." in page


def test_a_hold_shows_the_exposure_and_is_released(app, steven, staff):
    number = held(staff)
    page = words(steven.get(f"/approvals/holds/{number}"))
    assert "Over the limit by 2,000.00" in page
    answer = submit(steven, f"/orders/{number}/hold/release", {"reason": "Paid", "next": "/approvals"})
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


def decide(client: FlaskClient, number: str, line: int = 1, *, declines: bool = False, **form: str) -> str:
    """Decide a discount the way its page does; answers where that leads."""
    page = client.get(f"/approvals/discounts/{number}/{line}").text
    then = html.unescape(re.search(r'id="decision".*?name="next" value="([^"]*)"', page, re.DOTALL)[1])
    noun = "discount-rejection" if declines else "discount-approval"
    answer = submit(client, f"/orders/{number}/lines/{line}/{noun}", {"next": then, **form})
    assert answer.status_code == 303
    return answer.location


def opened(client: FlaskClient, address: str) -> str:
    """What the inbox shows opened, and that it takes the focus."""
    page = client.get(address).text
    found = re.search(r'<a href="([^"]+)" aria-current="true" autofocus>', page)
    return found[1] if found else ""


def test_after_a_decision_the_next_item_is_opened_and_has_the_focus(steven, staff):
    first, second, third = (submitted(staff, 1, discount=12) for _ in range(3))

    then = decide(steven, second, act="approve", reason="")
    assert opened(steven, then) == f"/approvals/orders/{second}"  # the order itself still waits
    submit(steven, f"/orders/{second}/approval", {"next": then, "reason": ""})
    assert opened(steven, then) == f"/approvals/discounts/{third}/1"

    then = decide(steven, third, declines=True, reason="No")  # the last: the one before it comes up
    assert opened(steven, then) == f"/approvals/orders/{first}"
    assert opened(steven, "/approvals") == ""
    assert steven.get("/approvals?at=99").status_code == steven.get("/approvals?at=-1").status_code == 200


def test_what_was_decided_says_by_whom_and_why(app, steven, staff):
    number = submitted(staff, 10, discount=12)
    decide(steven, number, declines=True, reason="Not for ten")

    nancy = log_in(app, staff.sales)
    for page in (nancy.get("/approvals"), nancy.get(f"/approvals/discounts/{number}/1"), steven.get("/approvals")):
        assert re.search("Steven Buchanan declined it today [0-9:]{5}: “Not for ten”", words(page))
    assert "Decided lately" not in words(log_in(app, staff.colleague).get("/approvals"))

    change_line(number, 1, discount_percent=D(7), actor=staff.sales)
    order_flow.submit_order(number, actor=staff.sales)
    assert "Before that: Steven Buchanan declined it" in words(steven.get(f"/approvals/discounts/{number}/1"))


def test_a_discount_shows_the_margin_without_and_with_it_to_who_sees_costs(app, steven, staff):
    put_in_stock("A-1", 10, actor=staff.warehouse, unit_cost=D(60))
    with atomic():
        db.session.get_one(Company, 1).margin_floor_percent = D(35)
    number = submitted(staff, 10, discount=12)

    page = words(steven.get(f"/approvals/discounts/{number}/1"))
    assert "Margin without it 40 % Margin with it 31.8 % Margin floor 35 %" in page
    assert "With it the line earns less than the floor." in page
    order = words(steven.get(f"/approvals/orders/{number}"))
    assert "Line 1 earns 31.8 %, below the floor of 35 %." in order

    sales = words(log_in(app, staff.sales).get(f"/approvals/discounts/{number}/1"))
    assert "Margin" not in sales.replace("margin floor", "")
    assert "With it the line is below the margin floor." in sales


def test_a_discount_shows_what_the_customer_usually_gets(steven, staff):
    for discount in (0, 3, 5):
        line = LineInput("A-1", D(2), unit_price=D(100), discount_percent=D(discount))
        number = create_order(OrderInput("ACME", [line], order_discount_percent=D(0)), actor=staff.sales).number
        order_flow.submit_order(number, actor=staff.sales)
        approve_order(number, actor=staff.manager)
        confirm_order(number, actor=staff.sales)
    submitted(staff, 1, discount=50)  # asked for, and not given
    number = submitted(staff, 1, discount=12)

    page = words(steven.get(f"/approvals/discounts/{number}/1"))

    assert "SO-2026-003 2 100.00 5 % SO-2026-002 2 100.00 3 % SO-2026-001 2 100.00 0 %" in page
    assert "On average 2.7 % on this item, 2.7 % on everything (3 lines)." in page


def test_a_cost_that_is_not_known_is_said(steven, staff):
    with atomic():
        db.session.get_one(Company, 1).margin_floor_percent = D(35)
    number = submitted(staff, 1)
    page = words(steven.get(f"/approvals/orders/{number}"))
    assert "The margin of line 1 is not checked: what the goods cost is not known." in page


def test_an_order_with_a_discount_beyond_ones_maximum_names_who_decides_first(steven, staff):
    number = submitted(staff, 1, discount=30)
    page = steven.get(f"/approvals/orders/{number}")
    assert "Adam Mint can decide it." in words(page)
    assert "Approve with" not in words(page)
    assert 'id="decline"' in page.text


def test_the_change_of_a_confirmed_order_is_rejected_and_stands_still(app, steven, staff):
    number = submitted(staff, 1)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    change_line(number, 1, quantity=D(20), actor=staff.sales)

    assert submit(steven, f"/orders/{number}/rejection", {"reason": "Too many"}).status_code == 303

    assert state_of(number) is OrderState.CONFIRMED
    page = words(log_in(app, staff.sales).get(f"/orders/{number}"))
    assert "A change was declined: Too many" in page
    assert "Steven Buchanan rejected the change of the order: Too many." in page
    assert "Allocate" not in page.partition("History")[0]
