"""Customers and their credit through the API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")

NEW = {
    "code": "BETA",
    "name": "Beta Ltd",
    "email": "office@beta.example",
    "tax_id": "",
    "currency": "EUR",
    "credit_limit": 2500.5,
    "payment_terms": "NET30",
    "price_list": None,
    "billing_address": {"street": "Markt 1", "postal_code": "20095", "city": "Hamburg", "country": "DE"},
    "shipping_address": {"name": "Beta Depot", "city": "Bremen", "country": "DE"},
}


def test_a_customer_is_added_read_and_listed(accountant):
    response = accountant.post("/customers/", NEW)
    added = ok(response, 201)

    assert response.headers["Location"] == "/api/customers/BETA/"
    assert added["credit_limit"] == "2500.50"
    assert added["billing_address"]["name"] == "Beta Ltd"
    assert ok(accountant.get("/customers/BETA/")) == added
    assert ok(accountant.get(f"/customers/{added['id']}/")) == added
    assert [row["code"] for row in ok(accountant.get("/customers/"))["results"]] == ["ACME", "BETA"]
    assert [row["code"] for row in ok(accountant.get("/customers/", search="bet"))["results"]] == ["BETA"]


def test_a_change_needs_the_version_it_was_made_on(accountant):
    version = ok(accountant.get("/customers/ACME/"))["version"]

    assert accountant.patch("/customers/ACME/", {"phone": "1"}).status_code == 422
    assert ok(accountant.patch("/customers/ACME/", {"phone": "1", "version": version}))["phone"] == "1"
    stale = accountant.patch("/customers/ACME/", {"phone": "2"}, if_match=f'"{version}"')
    assert stale.status_code == 409
    assert (
        ok(accountant.patch("/customers/ACME/", {"credit_limit": None}, if_match=f'"{version + 1}"'))["credit_limit"]
        is None
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "ACME"}, "code"),
        ({"code": ""}, "code"),
        ({"credit_limit": "1e3"}, "credit_limit"),
        ({"credit_limit": 0.001}, "credit_limit"),
        ({"credit_limit": True}, "credit_limit"),
        ({"currency": "XXX"}, "currency"),
        ({"payment_terms": "NEVER"}, "payment_terms"),
        ({"price_list": "NONE"}, "price_list"),
        ({"colour": "red"}, "colour"),
        ({"name": 7}, "name"),
    ],
)
def test_a_bad_field_is_named(accountant, change, field):
    refused = ok(accountant.post("/customers/", NEW | change), 422)

    assert list(refused["details"]) == [field]


def test_credit_answers_every_number(sales):
    assert ok(sales.get("/customers/ACME/credit/", order_amount="12000")) == {
        "approved": False,
        "credit_limit": "10000.00",
        "outstanding_balance": "0.00",
        "open_orders": "0.00",
        "available_credit": "10000.00",
        "order_amount": "12000.00",
        "message": "Insufficient credit. Available: 10000.00, Required: 12000.00",
        "overdue_amount": "0.00",
        "overdue_days": 0,
    }


def test_only_own_customers_are_found_by_who_may_see_no_others(speak, session):
    from tests.support.factories import make_customer, make_user
    from webapp.domain.permissions import Role

    own = make_user(Role.SALES, "Ole Own", own_customers_only=True)
    make_customer("MINE", credit_limit=Decimal(1), sales_rep_id=own.id)
    program = speak(own)

    assert [row["code"] for row in ok(program.get("/customers/"))["results"]] == ["MINE"]
    assert program.get("/customers/ACME/").status_code == 404
    refused = ok(program.post("/sales/orders/", {"customer": "ACME", "lines": []}), 422)
    assert refused["details"] == {"customer": "There is no customer ACME."}


@pytest.mark.parametrize("amount", ["-1", "NaN", "1e3", "1_000", "1.001", "２"])
def test_credit_is_not_weighed_for_an_amount_that_is_none(sales, amount):
    refused = ok(sales.get("/customers/ACME/credit/", order_amount=amount), 422)
    assert list(refused["details"]) == ["order_amount"]
