"""What a price list is made of, through the API."""

from __future__ import annotations

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")

COST_PLUS = {
    "code": "PLUS",
    "name": "Cost plus",
    "currency": "EUR",
    "basis": "COST",
    "percent": 25,
    "rounding": "NEAREST",
    "rounding_step": "1",
    "rounding_ending": "0.99",
    "floor_over_cost_percent": 5,
    "cap_over_cost_percent": "40.5",
    "is_active": False,
}


def test_a_list_says_what_it_rests_on_and_how_it_rounds(admin):
    made = ok(admin.post("/price_lists/", COST_PLUS), 201)

    assert {name: made[name] for name in COST_PLUS} == COST_PLUS | {"rounding_step": "1.00"}
    assert made["parent"] is None
    assert ok(admin.get("/price_lists/PLUS/")) == made


def test_what_a_list_adds_to_cost_is_told_only_to_those_who_may_see_costs(admin, sales):
    ok(admin.post("/price_lists/", COST_PLUS), 201)
    ok(admin.post("/price_lists/", {"code": "MINUS", "name": "Minus", "currency": "EUR", "percent": -10}), 201)

    plus, minus = ok(sales.get("/price_lists/PLUS/")), ok(sales.get("/price_lists/MINUS/"))
    assert (plus["percent"], plus["floor_over_cost_percent"], plus["cap_over_cost_percent"]) == (None, None, None)
    assert (minus["percent"], minus["basis"]) == (-10, "BASE")


def test_a_list_with_a_parent_rests_on_it_as_before(admin):
    ok(admin.post("/price_lists/", {"code": "STD", "name": "Standard", "currency": "EUR"}), 201)
    body = {"code": "GOLD", "name": "Gold", "currency": "EUR", "parent": "STD", "percent": -10}
    made = ok(admin.post("/price_lists/", body), 201)
    assert (made["basis"], made["parent"], made["percent"]) == ("LIST", "STD", -10)

    price = ok(admin.get("/pricing/price/", sku="A-1", customer="ACME", price_list="GOLD"))
    assert (price["unit_price"], price["source"]) == ("90.00", "LIST")
    assert [(step["kind"], step["amount"], step["won"]) for step in price["derivation"]] == [
        ("LIST", "90.00", True),
        ("BASE", "100.00", True),
        ("PERCENT", "90.00", True),
        ("BASE", "100.00", False),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"basis": "MARKET"}, "basis"),
        ({"basis": "LIST"}, "parent"),
        ({"currency": "USD"}, "basis"),
        ({"rounding_step": None}, "rounding_step"),
        ({"rounding_step": "0"}, "rounding_step"),
        ({"rounding_ending": "1"}, "rounding_ending"),
        ({"cap_over_cost_percent": "4.9"}, "cap_over_cost_percent"),
        ({"percent": "-101"}, "percent"),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_field(admin, change, field):
    refused = admin.post("/price_lists/", COST_PLUS | change)
    assert (refused.status_code, list(refused.get_json()["details"])) == (422, [field])
