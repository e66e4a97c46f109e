"""Price lists, agreed prices and derivations through the API."""

from __future__ import annotations

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")


def test_a_list_is_made_and_filled_and_prices_an_item(admin, sales, accountant):
    made = admin.post("/price_lists/", {"code": "RETAIL", "name": "Retail", "currency": "EUR"})
    assert ok(made, 201)["code"] == "RETAIL"
    row = ok(admin.post("/price_lists/RETAIL/prices/", {"sku": "A-1", "min_quantity": 10, "unit_price": "90.125"}), 201)
    assert (row["unit_price"], row["min_quantity"], row["valid_from"]) == ("90.125", 10, None)
    assert ok(sales.get("/price_lists/RETAIL/prices/", sku="A-1"))["results"] == [row]

    price = ok(sales.get("/pricing/price/", sku="A-1", customer="ACME", quantity=10, price_list="RETAIL"))
    assert (price["unit_price"], price["source"], price["currency"]) == ("90.125", "LIST", "EUR")
    assert [step["won"] for step in price["derivation"]][:1] == [True]
    assert ok(sales.get("/pricing/price/", sku="A-1", customer="ACME", quantity=1))["unit_price"] == "100.00"


def test_a_price_is_agreed_with_a_customer(admin, sales):
    body = {"customer": "ACME", "sku": "A-1", "unit_price": 80, "valid_from": "2020-01-01"}
    row = ok(admin.post("/customer_prices/", body), 201)

    assert (row["unit_price"], row["customer"]) == ("80.00", "ACME")
    assert ok(sales.get("/customer_prices/", customer="ACME"))["results"] == [row]
    assert ok(sales.get("/pricing/price/", sku="A-1", customer="ACME"))["source"] == "CUSTOMER"
    assert ok(admin.post("/customer_prices/", body | {"unit_price": 70}), 201)["id"] == row["id"]


def test_prices_that_cannot_be_are_refused(admin, sales):
    assert sales.post("/customer_prices/", {"customer": "ACME", "sku": "A-1", "unit_price": 1}).status_code == 403
    assert admin.post("/customer_prices/", {"customer": "ACME", "sku": "NO", "unit_price": 1}).status_code == 422
    assert admin.post("/customer_prices/", {"customer": "ACME", "sku": "A-1", "unit_price": -1}).status_code == 422
    assert sales.get("/pricing/price/", sku="A-1").status_code == 422
