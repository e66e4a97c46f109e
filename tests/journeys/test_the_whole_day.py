"""From quote to paid by four people in a real browser on the real server, with JavaScript and without."""

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
    make_staff,
    make_tax_code,
    put_in_stock,
)
from tests.support.standing import Facts, facts_of, on_hand, open_on
from webapp.db import atomic

D = Decimal


@pytest.fixture
def staff(books: None) -> Staff:
    """A company whose customer may owe 5,000 and whose shelf holds 30 of what will be ordered 50 times."""
    make_company(bank_details="IBAN DE02 1203 0000 0000 2020 51")
    with atomic():
        make_tax_code("VAT19", D(19))
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(5000))
    make_item("CHAI", name="Chai", base_price=D(100), tax_code="VAT19")
    put_in_stock("CHAI", 30, actor=staff.warehouse, unit_cost=D(60))
    return staff


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def document(page: Page) -> str:
    """The number that heads the page."""
    return page.get_by_role("heading", level=1).inner_text().strip()


def walk_the_day(staff: Staff, enter: Callable[..., Page], **options: object) -> None:
    """The same steps in every browser."""
    sales, manager = enter(staff.sales, **options), enter(staff.manager, **options)
    warehouse, accountant = enter(staff.warehouse, **options), enter(staff.accountant, **options)

    order = enter_and_submit(sales)
    approve_and_hold(sales, manager, order)
    release(manager, order)
    assert facts_of("ACME") == Facts(D(0), D(5950))
    send_goods(warehouse, order)
    assert on_hand("CHAI") == 0
    assert facts_of("ACME") == Facts(D(0), D(5950))
    invoice = bill(accountant, order)
    assert facts_of("ACME") == Facts(D(3570), D(5950))
    collect(accountant, invoice)
    assert facts_of("ACME") == Facts(D(0), D(2380))


def enter_and_submit(page: Page) -> str:
    """Sales: a quote, accepted as an order, handed in."""
    page.goto("/orders/new")
    page.get_by_label("Customer", exact=True).fill("Acme Trading")
    page.get_by_label("Quote", exact=True).check()
    press(page, "Begin")
    expect(page.get_by_role("heading", level=1)).to_contain_text("QT-")
    page.get_by_label("Add a line").fill("CHAI x50")
    press(page, "Add line")
    expect(page.locator("#order-totals")).to_contain_text("5,950.00")
    press(page, "Accept as order")
    expect(page.get_by_role("heading", level=1)).to_contain_text("SO-")
    press(page, "Submit for approval")
    expect(page.locator(".page-head")).to_contain_text("Submitted")
    return document(page)


def approve_and_hold(sales: Page, manager: Page, order: str) -> None:
    """Another approves; sales confirms, and the credit check holds it."""
    manager.goto(f"/orders/{order}")
    press(manager, "Approve order")
    expect(manager.locator(".page-head")).to_contain_text("Approved")
    sales.goto(f"/orders/{order}")
    press(sales, "Confirm order")
    expect(sales.locator(".page-head")).to_contain_text("On credit hold")
    expect(sales.locator("#blockers")).to_contain_text("950.00")


def release(page: Page, order: str) -> None:
    """The manager lets it go with a reason, which confirms it."""
    page.goto(f"/approvals/holds/{order}")
    page.get_by_label("Reason", exact=True).fill("They pay in advance next week.")
    press(page, re.compile("^Release"))
    expect(page).not_to_have_url(re.compile("holds"))
    page.goto(f"/orders/{order}")
    expect(page.locator(".page-head")).to_contain_text("Confirmed")
    expect(page.get_by_role("complementary")).to_contain_text("They pay in advance next week")


def send_goods(page: Page, order: str) -> None:
    """The warehouse: what is there is allocated, picked, packed and shipped."""
    page.goto(f"/orders/{order}")
    press(page, "Allocate 1 line")
    expect(page.locator(".page-head")).to_contain_text("Part allocated")
    press(page, "Ship the line")
    expect(page.get_by_role("heading", level=1)).to_contain_text("SHP-")
    press(page, "Pick 1 line")
    expect(page.locator(".page-head")).to_contain_text("Picked")
    page.get_by_label("Carrier").fill("Speedy Express")
    press(page, "Pack 30 pieces")
    expect(page.locator(".page-head")).to_contain_text("Packed")
    press(page, "Ship 1 line")
    expect(page.locator(".page-head")).to_contain_text("Shipped")


def bill(page: Page, order: str) -> str:
    """The accountant: drafted from what waits, validated, posted, sent, printed."""
    page.goto("/invoices/to-bill")
    press(page, f"Draft invoice for {order}")
    expect(page.locator("#posting")).to_contain_text("freezes it for good")
    press(page, "Post over EUR 3,570.00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-")
    number = document(page)
    press(page, f"Send {number}")
    expect(page.locator(".page-head")).to_contain_text("Sent")
    page.get_by_role("link", name="Print").click()
    expect(page.get_by_role("main")).to_contain_text("3,570.00")
    expect(page.get_by_role("main")).to_contain_text("Pay by bank transfer")
    assert page.request.get(f"/invoices/{number}.pdf").body().startswith(b"%PDF-")
    page.goto(f"/invoices/{number}")
    return number


def collect(page: Page, invoice: str) -> None:
    """A part comes first, then the rest."""
    page.get_by_role("link", name="Record payment").click()
    expect(page.get_by_label("Amount received")).to_be_focused()
    page.get_by_label("Amount received").fill("1000")
    page.get_by_label("Reference").fill("TXN 1")
    press(page, "Record payment")
    expect(page.locator(".page-head")).to_contain_text("Part paid")
    assert open_on(invoice) == D(2570)
    page.get_by_role("link", name="Record payment").click()
    expect(page.get_by_label("Amount received")).to_have_value("2570.00")
    page.get_by_label("Reference").fill("TXN 2")
    press(page, "Record payment")
    expect(page.locator(".page-head")).to_contain_text("Paid")
    assert open_on(invoice) == 0


def test_four_people_bring_an_order_from_quote_to_paid(staff: Staff, enter: Callable[..., Page]) -> None:
    walk_the_day(staff, enter)


@pytest.mark.engines("sqlite")
def test_the_same_day_without_javascript(staff: Staff, enter: Callable[..., Page]) -> None:
    walk_the_day(staff, enter, java_script_enabled=False)
