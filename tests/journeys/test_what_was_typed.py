"""What somebody is typing is never overtaken: keys and buttons do what the words on the screen are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from webapp.db import atomic, db
from webapp.domain.states import HoldState, InvoiceState, OrderState
from webapp.models import ApprovalPolicy, Company, CreditHold, Invoice, Order
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.invoices.posting import bill_order
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import launch_promotion

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
Enter = Callable[..., Page]


@pytest.fixture
def staff(books: None) -> Staff:
    """A customer with a limit of 5,000 and two items."""
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(5000))
    for sku in ("CHAI", "CHANG"):
        make_item(sku, name=sku.title(), base_price=D(100))
        put_in_stock(sku, 100, actor=staff.warehouse, unit_cost=D(60))
    return staff


@pytest.fixture
def policy(staff: Staff) -> None:
    """Orders up to 3,000 need no approval."""
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, D(3000)


def draft_of(staff: Staff, quantity: int = 2) -> str:
    return create_order(OrderInput("ACME", [LineInput("CHAI", D(quantity))]), actor=staff.sales).number


def the_order(number: str) -> Order:
    db.session.rollback()
    return db.session.scalars(db.select(Order).where(Order.order_number == number)).one()


def held_order(staff: Staff) -> str:
    number = draft_of(staff, 60)
    submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold is not None
    return number


@pytest.mark.usefixtures("policy")
def test_a_typed_line_is_added_by_ctrl_enter_and_never_left_behind(staff: Staff, enter: Enter) -> None:
    number = draft_of(staff)
    page = enter(staff.sales)
    page.goto(f"/orders/{number}")
    entry = page.get_by_label("Add a line")
    entry.fill("CHANG x3")
    page.get_by_role("button", name="Submit and confirm").click()
    expect(page.locator("#notice")).to_contain_text("“CHANG x3” is not on the order yet")
    expect(entry).to_be_focused()
    assert the_order(number).state is OrderState.DRAFT
    page.keyboard.press("Control+Enter")
    expect(page.locator("#line-2")).to_be_visible()
    expect(entry).to_have_value("")
    assert the_order(number).state is OrderState.DRAFT
    page.keyboard.press("Control+Enter")
    expect(page.locator(".page-head")).to_contain_text("Confirmed")
    assert [line.quantity for line in the_order(number).lines] == [2, 3]


def test_rows_that_are_refused_stay_with_what_is_wrong_beside_them(staff: Staff, enter: Enter) -> None:
    page = enter(staff.sales)
    page.goto(f"/orders/{draft_of(staff)}")
    page.get_by_text("Paste rows from a spreadsheet").last.click()
    rows = page.get_by_label("Rows", exact=True)
    for text, said in (("CHAI 2\nCHANG many", "Row 2"), ("CHAI 2\nNONE 1", "NONE")):
        rows.fill(text.replace(" ", "\t"))
        page.keyboard.press("Control+Enter")
        expect(page.locator("#paste")).to_contain_text(said)
        expect(rows).to_be_focused()
        expect(rows).to_have_value(text.replace(" ", "\t"))
    rows.fill("CHAI\t2")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#line-2")).to_be_visible()


def confirm_after(page: Page, number: str, quantity: str) -> None:
    """Type a quantity into the first line and press the order's main button at once."""
    page.goto(f"/orders/{number}")
    page.wait_for_load_state()
    page.locator("#line-1-quantity").fill(quantity)
    page.get_by_role("button", name="Submit and confirm").click()


@pytest.mark.usefixtures("policy")
def test_a_changed_cell_that_brings_another_order_is_saved_before_it_is_confirmed(staff: Staff, enter: Enter) -> None:
    """Free goods come as a line of their own: the answer replaces the whole order, the asking row with it."""
    launch_promotion(
        code="GIFT",
        name="Gift",
        benefit="FREE_GOODS",
        items="CHAI",
        buy_quantity="5",
        free_quantity="1",
        free_item="CHANG",
        actor=staff.manager,
    )
    number = draft_of(staff)
    page = enter(staff.sales)
    confirm_after(page, number, "5")
    expect(page.locator(".page-head")).to_contain_text("Confirmed")
    assert [line.quantity for line in the_order(number).lines] == [5, 1]


@pytest.mark.usefixtures("policy")
def test_a_changed_cell_is_saved_before_the_order_is_confirmed(staff: Staff, enter: Enter) -> None:
    number = draft_of(staff)
    page = enter(staff.sales)
    confirm_after(page, number, "5")
    expect(page.locator(".page-head")).to_contain_text("Confirmed")
    assert [line.quantity for line in the_order(number).lines] == [5]


@pytest.mark.usefixtures("policy")
def test_a_cell_that_is_refused_stops_the_act_after_it(staff: Staff, enter: Enter) -> None:
    number = draft_of(staff)
    page = enter(staff.sales)
    confirm_after(page, number, "-5")
    expect(page.locator("#line-1-note")).to_contain_text("Quantity")
    page.wait_for_timeout(300)
    assert the_order(number).state is OrderState.DRAFT
    page.get_by_role("button", name="Submit and confirm").click()
    expect(page.locator("#notice")).to_contain_text("correct it, or press Escape")
    expect(page.locator("#line-1-quantity")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Submit and confirm").click()
    expect(page.locator(".page-head")).to_contain_text("Confirmed")


def test_ctrl_enter_in_the_reason_for_giving_up_gives_up_and_does_not_post(staff: Staff, enter: Enter) -> None:
    invoice = draft_invoice(make_shipped_order({"CHAI": 1}, staff), actor=staff.accountant)
    page = enter(staff.accountant)
    page.goto(f"/invoices/drafts/{invoice.id}")
    page.get_by_role("button", name="Validate the draft").click()
    expect(page.locator(".page-head")).to_contain_text("Checked")
    page.get_by_text("Give this draft up", exact=False).first.click()
    page.locator("form[action$='/void'] [name=reason]").fill("Wrong customer")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".page-head")).to_contain_text("Void")
    db.session.rollback()
    assert db.session.get_one(Invoice, invoice.id).state is InvoiceState.VOID


@pytest.fixture
def decided(staff: Staff, enter: Enter) -> Page:
    """The page on which the manager decides a credit hold."""
    page = enter(staff.manager)
    page.goto(f"/approvals/holds/{held_order(staff)}")
    return page


def up_to(page: Page, amount: str) -> None:
    page.get_by_label(re.compile("^Order total up to")).fill(amount)


def released(page: Page) -> bool:
    expect(page).not_to_have_url(re.compile("holds"))
    db.session.rollback()
    return db.session.scalar(db.select(CreditHold.state)) is HoldState.RELEASED


def test_the_verdict_pressed_last_is_the_one_that_ctrl_enter_means(decided: Page) -> None:
    decided.keyboard.press("r")
    decided.keyboard.type("They pay on Friday.")
    up_to(decided, "100")
    decided.get_by_role("button", name="Release the hold").click()
    expect(decided.locator("#notice")).to_contain_text("100")
    up_to(decided, "6000")
    decided.keyboard.press("Control+Enter")
    assert released(decided)


def test_enter_in_a_field_of_the_release_releases(decided: Page) -> None:
    decided.keyboard.press("a")
    expect(decided.get_by_label("Reason", exact=True)).to_be_focused()
    assert decided.evaluate("scrollY") == 0
    decided.keyboard.type("They pay on Friday.")
    up_to(decided, "6000")
    decided.keyboard.press("Enter")
    assert released(decided)


def test_a_reason_that_was_lost_is_offered_where_it_is_seen(decided: Page) -> None:
    decided.get_by_label("Reason", exact=True).fill("They pay on Friday.")
    decided.reload()
    decided.locator(".decide").get_by_role("button", name="Take it back").click()
    expect(decided.get_by_label("Reason", exact=True)).to_have_value("They pay on Friday.")


def test_a_verdict_without_its_reason_leads_to_the_reason(decided: Page) -> None:
    up_to(decided, "6000")
    decided.get_by_role("button", name="Refuse credit").click()
    expect(decided.locator("#notice")).to_contain_text("A reason is needed")
    reason = decided.get_by_label("Reason", exact=True)
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    decided.keyboard.type("No")
    expect(reason).not_to_have_attribute("aria-invalid", "true")
    expect(decided.get_by_label(re.compile("^Order total up to"))).to_have_value("6000")


def test_who_posts_too_late_reads_so_beside_the_list(staff: Staff, enter: Enter) -> None:
    number = make_shipped_order({"CHAI": 1}, staff)
    page = enter(staff.accountant)
    page.goto("/invoices/to-bill")
    bill_order(number, total=D(100), actor=staff.accountant)
    page.get_by_role("button", name=f"Post invoice for {number}").click()
    expect(page.locator("#notice")).to_contain_text("nothing left to bill")
    expect(page).to_have_url(re.compile("to-bill"))


def test_a_scanner_leads_on_to_the_quantity(staff: Staff, enter: Enter) -> None:
    page = enter(staff.warehouse)
    page.goto("/stock/receipts/new")
    page.get_by_label("SKU or barcode, line 1").fill("CHAI")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quantity, line 1")).to_be_focused()
    expect(page.get_by_role("main")).not_to_contain_text("Nothing was received")
