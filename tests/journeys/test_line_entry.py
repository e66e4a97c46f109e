"""Entering an order in a real browser: one field, cells that save when left, and nothing typed is ever lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.support.axe import violations
from tests.support.factories import make_company, make_customer, make_item, make_staff, put_in_stock
from tests.support.web import COOKIE, HERE
from webapp.services.people.sessions import open_session
from webapp.web.cookies import fresh_token

pytestmark = pytest.mark.engines("sqlite")

D = Decimal


@pytest.fixture
def desk(live_app: Flask, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page as Nancy, who sells; with items, stock and a customer there."""
    with live_app.app_context():
        make_company()
        staff = make_staff()
        make_customer("ACME", name="Acme Trading")
        make_item("A-1", name="Chai", base_price=D(100))
        make_item("A-2", name="Chang", base_price=D(20))
        put_in_stock("A-1", 50, actor=staff.warehouse)
        token = fresh_token()
        open_session(staff.sales, token, HERE)

    def open_desk(path: str, **options: object) -> Page:
        page = new_page(**options)
        page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/"}])
        page.goto(path)
        return page

    return open_desk


def begin(page: Page) -> None:
    page.get_by_label("Customer", exact=True).fill("acme")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/orders/SO-"))


def test_three_lines_are_typed_one_after_the_other_and_submitted(desk):
    page = desk("/orders/new")
    begin(page)
    entry = page.get_by_label("Add a line")
    expect(entry).to_be_focused()
    for number, text in enumerate(("A-1 x10", "chang x5 -5%", "A-2 @18.50"), 1):
        page.keyboard.type(text)
        expect(page.locator("#entry-quote")).to_contain_text("Net")
        page.keyboard.press("Enter")
        expect(page.locator(f"#line-{number}")).to_be_visible()
        expect(entry).to_have_value("")
        expect(entry).to_be_focused()
    expect(page.locator("#order-totals")).to_contain_text("1,113.50")
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.locator("#order-head")).to_contain_text("Submitted")


GO_TO_THE_CELL_AT_ONCE = """() => new MutationObserver((_, watch) => {
    const cell = document.getElementById("line-1-quantity");
    if (cell) { watch.disconnect(); cell.focus(); }
}).observe(document.body, { childList: true, subtree: true })"""


def test_who_has_gone_on_to_a_cell_is_not_taken_back_to_the_entry(desk):
    page = desk("/orders/new")
    begin(page)
    page.evaluate(GO_TO_THE_CELL_AT_ONCE)
    page.keyboard.type("A-1 x10")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Add a line")).to_have_value("")
    expect(page.get_by_label("Quantity, line 1")).to_be_focused()


def test_a_cell_saves_when_it_is_left_and_the_next_one_keeps_the_caret(desk):
    page = desk("/orders/new")
    begin(page)
    page.keyboard.type("A-1 x10")
    page.keyboard.press("Enter")
    quantity, price = page.get_by_label("Quantity, line 1"), page.get_by_label("Price, line 1")
    quantity.fill("12")
    page.keyboard.press("Tab")
    expect(price).to_be_focused()
    expect(page.locator("#line-1-net")).to_have_text("1,200.00")
    price.fill("95")
    page.keyboard.press("Enter")
    expect(page.locator("#line-1-net")).to_have_text("1,140.00")
    expect(page.locator("#line-1-note")).to_contain_text("typed price, the rules give 100.00")
    expect(price).to_have_value("95.00")
    quantity.fill("7")
    page.keyboard.press("Escape")
    expect(quantity).to_have_value("12")
    expect(page.locator("#line-1-net")).to_have_text("1,140.00")


def test_why_opens_below_its_line_and_folds_away(desk):
    page = desk("/orders/new")
    begin(page)
    page.keyboard.type("A-1")
    page.keyboard.press("Enter")
    page.get_by_label("Why this price for line 1?").click()
    expect(page.get_by_role("heading", name="Why 100.00 for Chai?")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("heading", name="Why 100.00 for Chai?")).to_be_hidden()


def test_without_javascript_the_same_order_is_entered(desk):
    page = desk("/orders/new", java_script_enabled=False)
    begin(page)
    page.get_by_label("Add a line").fill("cha x2")
    page.get_by_role("button", name="Add line").click()
    page.get_by_role("button", name="A-2 Chang").click()
    expect(page.locator("#line-1")).to_contain_text("Chang")
    page.get_by_label("Quantity, line 1").fill("6")
    page.get_by_label("Quantity, line 1").press("Enter")
    expect(page.locator("#order-totals")).to_contain_text("120.00")
