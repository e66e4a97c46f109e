"""Pages of price lists: what they rest on, and copying one with a change."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.support.masters import load
from tests.support.web import submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.services.company import system_user, today
from webapp.services.pricing.lists import add_price_list


@pytest.fixture
def lists(stocked) -> None:
    load("prices", {"list": "RETAIL", "sku": "CHAI", "unit_price": "20"})
    add_price_list(
        code="PLUS", name="Cost plus", currency="EUR", basis="COST", percent="37", rounding_step="1",
        rounding_ending="0.99", floor_over_cost_percent="7", is_active=False, actor=system_user(),
    )  # fmt: skip
    db.session.rollback()


def day() -> str:
    return (today() + timedelta(days=3)).isoformat()


def hidden(page: str, name: str) -> str:
    form = page[page.index('id="publish"') :]
    return re.search(rf'name="{name}" value="([^"]*)"', form)[1]


def test_a_list_says_what_it_rests_on_but_not_its_share_over_cost_to_everybody(lists, browse):
    manager, seller = browse(Role.SALES_MANAGER), browse(Role.SALES)
    told = words(manager.get("/prices/lists/PLUS"))
    assert "Not in use: no order takes prices from it." in told
    assert "its average cost, changed by +37" in told
    assert "up to the next price that ends in 0.99 (steps of 1.00)" in told
    assert "falls below cost +7" in told
    for path in ("/prices/lists/PLUS", "/prices"):
        seen = words(seller.get(path))
        assert not any(secret in seen for secret in ("37", "+7", "costs its average"))
    assert "cost +37" in words(manager.get("/prices"))


def test_a_list_is_added_from_the_base_prices_with_an_ending(lists, browse):
    client = browse(Role.ADMIN)
    form = client.get("/prices/lists/new").text
    assert re.search(r'name="rounding_step" value="0.01"', form)
    data = {"code": "TRADE", "name": "Trade", "currency": "EUR", "basis": "BASE", "percent": "-15", "is_active": "y"}
    data |= {"rounding": "UP", "rounding_step": "1", "rounding_ending": "1"}
    refused = submit(client, "/prices/lists", data)
    assert (refused.status_code, "must be less than the step" in refused.text) == (422, True)
    assert submit(client, "/prices/lists", data | {"rounding_ending": "0.95"}).location == "/prices/lists/TRADE"
    assert "costs its base price, changed by -15" in words(client.get("/prices/lists/TRADE")).replace("−", "-")


def test_the_effect_of_an_increase_is_shown_and_then_published(lists, browse):
    client = browse(Role.SALES_MANAGER)
    path = "/prices/lists/RETAIL/copies"
    assert "Effect" not in words(client.get(f"{path}/new"))
    shown = client.get(f"{path}/new", query_string={"valid_from": day(), "percent": "10", "rounding": "UP"})
    told = words(shown)
    assert all(part in told for part in ("1 price of Retail", "20.00", "22.00", "+10", "nothing is saved yet"))

    data = {name: hidden(shown.text, name) for name in ("valid_from", "percent", "rounding", "version")}
    done = submit(client, path, data)
    assert (done.status_code, done.location) == (303, "/prices/lists/RETAIL")
    assert "22.00" in client.get("/prices/lists/RETAIL").text
    again = submit(client, path, data)
    assert (again.status_code, "was changed" in again.text) == (409, True)


def test_a_copy_as_a_draft_is_no_list_that_orders_use(lists, browse):
    client = browse(Role.ADMIN)
    asked = {"valid_from": day(), "percent": "-5", "new_code": "NEXT", "new_name": "Next year"}
    shown = client.get("/prices/lists/RETAIL/copies/new", query_string=asked)
    assert "on the new list NEXT, a draft. No customer has it yet." in words(shown)
    data = {name: hidden(shown.text, name) for name in (*asked, "version")}
    assert submit(client, "/prices/lists/RETAIL/copies", data).location == "/prices/lists/NEXT"
    assert "Not in use" in words(client.get("/prices/lists/NEXT"))


def test_what_cannot_be_copied_is_said_beside_the_form_as_typed(lists, browse):
    client = browse(Role.ADMIN)
    wrong = client.get("/prices/lists/RETAIL/copies/new", query_string={"valid_from": "2026-02-30", "percent": "5"})
    assert (wrong.status_code, "not in the calendar" in wrong.text) == (422, True)
    assert 'value="5"' in wrong.text
    assert browse(Role.SALES).get("/prices/lists/RETAIL/copies/new").status_code == 403
    assert client.get("/prices/lists/NONE/copies/new").status_code == 404


def test_the_customers_page_says_which_list_counts_and_why(lists, browse):
    assert "No list is in use for this customer" in words(browse(Role.SALES).get("/customers/ALFKI"))
