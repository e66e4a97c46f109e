"""The common tasks take few actions: clicks and keys that act, from the home page on, counted in a real browser.

What the same tasks take elsewhere, by sources and manuals: entering and confirming an order of three lines 17 and 25,
a discount 5, a hold 5, shipping a part 6 and 10, billing and a part payment 8 and 15, finding who is overdue 4 and 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.support.actions import Actions
from tests.support.factories import (
    Staff,
    make_company,
    make_confirmed_order,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from webapp.db import atomic, db
from webapp.domain.states import OrderState
from webapp.models import ApprovalPolicy, Company, Order, User
from webapp.queries.company import today
from webapp.services.approvals.deciding import approve_order
from webapp.services.importing import opening_invoices as opening
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
Begin = Callable[[User], tuple[Page, list[str]]]


@pytest.fixture
def staff(books: None) -> Staff:
    """A customer with a limit of 5,000, and three items of which 10 are there."""
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(5000))
    for sku in ("CHAI", "CHANG", "SYRUP"):
        make_item(sku, name=sku.title(), base_price=D(100))
        put_in_stock(sku, 10, actor=staff.warehouse, unit_cost=D(60))
    return staff


@pytest.fixture
def begin(enter: Callable[..., Page]) -> Begin:
    """Opens the home page of somebody, where nothing has been done yet."""

    def open_home(user: User) -> tuple[Page, list[str]]:
        page = enter(user)
        actions = Actions(page.context)
        page.goto("/")
        return page, actions.done

    return open_home


def click(page: Page, name: str | re.Pattern[str], role: str = "button") -> None:
    page.get_by_role("main").get_by_role(role, name=name).first.click()


def head(page: Page, words: str) -> None:
    """The page says so at its head, and hears keys."""
    expect(page.locator(".page-head")).to_contain_text(words)
    page.wait_for_load_state()


def test_an_order_of_three_lines_is_entered_and_confirmed(staff: Staff, begin: Begin) -> None:
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, D(3000)
    page, done = begin(staff.sales)
    head(page, "Good")
    page.keyboard.press("c")
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    page.keyboard.type("acme")
    page.keyboard.press("Enter")
    entry = page.get_by_label("Add a line")
    for number, text in enumerate(("CHAI x2", "CHANG x3", "SYRUP x1"), 1):
        expect(entry).to_be_focused()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect(page.locator(f"#line-{number}")).to_be_visible()
        expect(entry).to_have_value("")
    page.keyboard.press("Control+Enter")
    head(page, "Confirmed")
    assert len(done) <= 6, done


def test_a_discount_is_approved(staff: Staff, begin: Begin) -> None:
    given = OrderInput("ACME", [LineInput("CHAI", D(5), discount_percent=D(12))])
    order_flow.submit_order(create_order(given, actor=staff.sales).number, actor=staff.sales)
    page, done = begin(staff.manager)
    click(page, re.compile("^Review discounts"), "link")
    expect(page.get_by_role("main")).to_contain_text("What they usually get")
    page.wait_for_load_state()
    page.keyboard.press("a")
    expect(page.get_by_role("main")).to_contain_text("The order waits for approval")
    expect(page.get_by_role("main")).not_to_contain_text("What they usually get")
    assert len(done) <= 2, done


def test_one_key_decides_and_the_next_item_comes_up(staff: Staff, begin: Begin) -> None:
    """j and k open, a approves, r takes the reason; Ctrl+Enter then declines, and does not approve."""
    numbers = []
    for discount in (12, 13, 14):
        given = OrderInput("ACME", [LineInput("CHAI", D(5), discount_percent=D(discount))])
        numbers.append(create_order(given, actor=staff.sales).number)
        order_flow.submit_order(numbers[-1], actor=staff.sales)
    page, done = begin(staff.manager)
    page.goto("/approvals")
    main = page.get_by_role("main")
    page.keyboard.press("j")
    expect(main).to_contain_text(f"Approve Acme Trading’s order {numbers[0]}?")
    page.wait_for_load_state()
    page.keyboard.press("k")
    expect(main).to_contain_text("Give Acme Trading 12")
    page.wait_for_load_state()
    del done[:]

    page.keyboard.press("a")
    expect(main).to_contain_text(f"Approve Acme Trading’s order {numbers[0]}?")
    page.wait_for_load_state()
    expect(page.locator(".inbox [aria-current]")).to_be_focused()
    page.keyboard.press("a")
    expect(main).to_contain_text("Give Acme Trading 13")
    page.wait_for_load_state()
    assert done == ["a", "a"]

    page.keyboard.press("r")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.type("No")
    page.keyboard.press("Control+Enter")
    expect(main).to_contain_text("Give Acme Trading 14")
    assert done == ["a", "a", "r", "Enter"]
    assert state_of(numbers[0]) is OrderState.APPROVED
    assert state_of(numbers[1]) is OrderState.REJECTED


def state_of(number: str) -> OrderState | None:
    """The state of an order as the server left it."""
    db.session.rollback()
    return db.session.scalar(db.select(Order.state).where(Order.order_number == number))


def test_a_credit_hold_is_released(staff: Staff, begin: Begin) -> None:
    number = create_order(OrderInput("ACME", [LineInput("CHAI", D(60))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold is not None
    page, done = begin(staff.manager)
    click(page, re.compile("^Decide hold"), "link")
    head(page, "Approvals")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.type("They pay on Friday.")
    assert page.evaluate("scrollY") == 0, "the figures were scrolled away"
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(re.compile("holds"))
    assert len(done) <= 2, done


def test_a_part_of_an_order_is_allocated_and_shipped(staff: Staff, begin: Begin) -> None:
    number = make_confirmed_order({"CHAI": 15}, staff)
    page, done = begin(staff.warehouse)
    click(page, re.compile("^Allocate"), "link")
    click(page, f"Allocate {number}")
    head(page, "Part allocated")
    click(page, "Ship at once")
    expect(page.get_by_role("main")).to_contain_text("SHP-")
    head(page, "Part shipped")
    assert len(done) <= 3, done


def test_an_invoice_is_posted_and_paid_in_part(staff: Staff, begin: Begin) -> None:
    make_shipped_order({"CHAI": 5}, staff)
    page, done = begin(staff.accountant)
    click(page, re.compile("^Invoice them"), "link")
    click(page, re.compile("^Post invoice for"))
    head(page, "INV-")
    click(page, "Record payment", "link")
    expect(page.get_by_label("Amount received")).to_be_focused()
    page.keyboard.type("100")
    page.keyboard.press("Tab")
    page.keyboard.type("TXN 1")
    page.keyboard.press("Control+Enter")
    head(page, "Part paid")
    assert len(done) <= 5, done


def test_who_is_overdue_is_one_action_away(staff: Staff, begin: Begin) -> None:
    make_posted_invoice(make_shipped_order({"CHAI": 1}, staff), staff)
    due = today() - timedelta(days=12)
    opening.import_opening_invoice(
        "OLD-1", "ACME", issue_date=due, due_date=due, total=D(50), open_amount=D(50), actor=staff.admin
    )
    page, done = begin(staff.accountant)
    click(page, re.compile("50.00"), "link")
    expect(page.get_by_role("main")).to_contain_text("OLD-1")
    assert len(done) == 1, done
