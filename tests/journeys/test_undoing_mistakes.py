"""Each mistake of the day is undone by its user in the browser; the trail stays, and the figures agree after each."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.support.factories import (
    Staff,
    make_company,
    make_confirmed_order,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    make_tax_code,
    make_user,
    put_in_stock,
)
from tests.support.standing import Facts, facts_of, on_hand, open_on
from webapp.db import atomic
from webapp.domain import clock
from webapp.domain.permissions import Role
from webapp.models import User
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
YEAR = clock.today("Europe/Berlin").year
INVOICE, SECOND = f"INV-{YEAR}-001", f"INV-{YEAR}-002"


@pytest.fixture
def staff(books: None) -> Staff:
    """Two customers with a limit of 2,000 each; a hundred of what costs 100 and 19 % tax on the shelf."""
    make_company()
    with atomic():
        make_tax_code("VAT19", D(19))
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(2000))
    make_customer("ALFKI", name="Alfreds Futterkiste", credit_limit=D(2000))
    make_item("CHAI", name="Chai", base_price=D(100), tax_code="VAT19")
    put_in_stock("CHAI", 100, actor=staff.warehouse, unit_cost=D(60))
    return staff


@pytest.fixture
def order(staff: Staff) -> str:
    """Five pieces, shipped and billed: 595.00 is open."""
    number = make_shipped_order({"CHAI": 5}, staff)
    make_posted_invoice(number, staff)
    return number


@pytest.fixture
def bob(staff: Staff) -> User:
    """A second accountant."""
    return make_user(Role.ACCOUNTANT, "Bob Reed")


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def head(page: Page, words: str) -> None:
    expect(page.locator(".page-head")).to_contain_text(words)


def history(page: Page, words: str) -> None:
    expect(page.get_by_role("complementary")).to_contain_text(words)


def test_a_wrong_price_on_a_posted_invoice(staff: Staff, order: str, enter: Callable[..., Page]) -> None:
    accountant, sales, manager = enter(staff.accountant), enter(staff.sales), enter(staff.manager)
    assert facts_of("ACME") == Facts(D(595), D(595))

    accountant.goto(f"/invoices/{INVOICE}")
    accountant.get_by_role("link", name="Credit").click()
    accountant.get_by_label("Bill these goods again").check()
    accountant.get_by_label("Reason").fill("Billed at 100, agreed were 90.")
    press(accountant, "Draft credit note")
    expect(accountant.locator("#posting")).to_contain_text(f"settles EUR 595.00 of {INVOICE}")
    press(accountant, "Post over EUR 595.00")
    head(accountant, "CN-")
    assert (facts_of("ACME"), open_on(INVOICE)) == (Facts(D(0), D(595)), D(0))
    accountant.goto(f"/invoices/{INVOICE}")
    head(accountant, "Credited")
    history(accountant, "Billed at 100, agreed were 90")

    sales.goto(f"/orders/{order}")
    sales.get_by_role("link", name="Correct the price").click()
    sales.get_by_label("Price per").fill("90")
    sales.get_by_label("Reason").fill("Agreed on the phone.")
    press(sales, "Correct the price")
    history(sales, "Agreed on the phone")
    assert facts_of("ACME") == Facts(D(0), D("535.50"))

    accountant.goto(f"/orders/{order}")
    expect(accountant.locator("#order-totals")).not_to_contain_text("Invoice 1 line")
    manager.goto(f"/orders/{order}")
    press(manager, "Approve the corrected price")
    history(manager, "approved the order over 535.50")

    accountant.goto(f"/orders/{order}")
    press(accountant, "Invoice 1 line")
    press(accountant, "Post over EUR 535.50")
    head(accountant, SECOND)
    assert (facts_of("ACME"), open_on(SECOND)) == (Facts(D("535.50"), D("535.50")), D("535.50"))
    assert on_hand("CHAI") == 95


def test_a_payment_on_the_wrong_customer(staff: Staff, order: str, bob: User, enter: Callable[..., Page]) -> None:
    other = make_posted_invoice(make_shipped_order({"CHAI": 5}, staff, customer="ALFKI"), staff).number
    anna, accountant = enter(staff.accountant), enter(bob)

    pay(anna, other, "595")
    assert (facts_of("ALFKI"), facts_of("ACME")) == (Facts(D(0), D(0)), Facts(D(595), D(595)))

    accountant.goto(f"/invoices/{other}")
    accountant.get_by_role("link", name="PAY-").first.click()
    accountant.get_by_text("Reverse this payment").click()
    accountant.get_by_label("Reason").fill("It came from Acme.")
    press(accountant, re.compile("^Reverse PAY-"))
    head(accountant, "Reversed")
    history(accountant, "It came from Acme")
    assert facts_of("ALFKI") == Facts(D(595), D(595))

    pay(accountant, INVOICE, "595")
    assert (facts_of("ACME"), open_on(INVOICE), open_on(other)) == (Facts(D(0), D(0)), D(0), D(595))
    accountant.goto(f"/invoices/{other}")
    expect(accountant.locator("#settled")).to_contain_text("Reversed")


def pay(page: Page, invoice: str, amount: str) -> None:
    page.goto(f"/invoices/{invoice}/payments/new")
    page.get_by_label("Amount received").fill(amount)
    page.get_by_label("Reference").fill("SCT 00412")
    press(page, "Record payment")
    head(page, "Paid")


def test_a_bounced_payment_holds_what_no_longer_fits_and_stops_it_at_the_door(
    staff: Staff, bob: User, enter: Callable[..., Page]
) -> None:
    """1,190.00 was paid; only therefore 1,785.00 of the next order fitted the limit of 2,000.00."""
    invoice = make_posted_invoice(make_shipped_order({"CHAI": 10}, staff), staff)
    payment = record_payment(invoice, D(1190), "BANK_TRANSFER", "SCT 7", staff.accountant).number
    order = make_confirmed_order({"CHAI": 15}, staff)
    allocate_order(order, actor=staff.warehouse)
    (shipment,) = shipping.create_shipments(order, actor=staff.warehouse)
    shipping.pick_shipment(shipment.number, actor=staff.warehouse)
    shipping.pack_shipment(shipment.number, actor=staff.warehouse)
    number = shipment.number
    assert facts_of("ACME") == Facts(D(0), D(1785))
    accountant, warehouse, manager = enter(bob), enter(staff.warehouse), enter(staff.manager)
    warehouse.goto(f"/shipments/{number}")

    accountant.goto(f"/payments/{payment}")
    accountant.get_by_text("Reverse this payment").click()
    accountant.get_by_label("Reason").fill("The bank took it back.")
    press(accountant, f"Reverse {payment}")
    head(accountant, "Reversed")
    assert (facts_of("ACME"), open_on(INVOICE)) == (Facts(D(1190), D(1190)), D(1190))
    accountant.goto(f"/invoices/{INVOICE}")
    head(accountant, "Posted")
    history(accountant, "The bank took it back")

    press(warehouse, "Ship 1 line")
    expect(warehouse.get_by_role("main")).to_contain_text("credit hold")
    warehouse.goto(f"/shipments/{number}")
    head(warehouse, "Packed")
    expect(warehouse.locator("#blockers")).to_contain_text("Credit hold")
    assert on_hand("CHAI") == 90

    manager.goto(f"/approvals/holds/{order}")
    expect(manager.get_by_role("main")).to_contain_text("975.00")
    expect(manager.get_by_role("main")).to_contain_text(INVOICE)
    expect(manager.get_by_role("main")).to_contain_text(payment)
    manager.get_by_label("Reason", exact=True).fill("They wired it again this morning.")
    press(manager, "Release the hold")
    expect(manager).not_to_have_url(re.compile("holds"))

    warehouse.goto(f"/shipments/{number}")
    press(warehouse, "Ship 1 line")
    head(warehouse, "Shipped")
    assert (facts_of("ACME"), on_hand("CHAI")) == (Facts(D(1190), D(2975)), D(75))


def test_three_of_five_pieces_come_back(staff: Staff, order: str, enter: Callable[..., Page]) -> None:
    warehouse, accountant = enter(staff.warehouse), enter(staff.accountant)
    assert (on_hand("CHAI"), facts_of("ACME")) == (D(95), Facts(D(595), D(595)))

    warehouse.goto(f"/shipments/SHP-{YEAR}-001")
    warehouse.get_by_role("link", name="Receive goods back").click()
    warehouse.get_by_label("Came back of Chai").fill("3")
    warehouse.get_by_label("Reason").fill("Ordered too many.")
    press(warehouse, "Receive goods back")
    expect(warehouse.locator("#returns")).to_contain_text("3 of them to credit")
    assert (on_hand("CHAI"), facts_of("ACME")) == (D(98), Facts(D(595), D(595)))

    accountant.goto("/credit-notes/to-credit")
    expect(accountant.get_by_role("main")).to_contain_text("Ordered too many.")
    press(accountant, re.compile("^Draft credit note"))
    expect(accountant.get_by_role("main")).to_contain_text("357.00")
    press(accountant, "Post over EUR 357.00")
    head(accountant, "CN-")
    assert (on_hand("CHAI"), facts_of("ACME"), open_on(INVOICE)) == (D(98), Facts(D(238), D(238)), D(238))
    accountant.goto("/credit-notes/to-credit")
    expect(accountant.get_by_role("main")).to_contain_text("Nothing waits to be credited")
