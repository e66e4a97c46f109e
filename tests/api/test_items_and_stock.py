"""Items, locations and stock through the API."""

from __future__ import annotations

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")


def test_an_item_is_added_and_changed(admin, sales):
    response = admin.post(
        "/items/",
        {"sku": "B-1", "name": "Bolt", "barcode": "4006381333931", "unit": "pcs", "tracking": "none",
         "base_price": "1.2345", "tax_code": "STD", "category": "Screws", "cost": 0.5},
    )  # fmt: skip
    item = ok(response, 201)

    assert response.headers["Location"] == "/api/items/B-1/"
    assert (item["base_price"], item["cost"], item["category"]) == ("1.2345", "0.50", "Screws")
    assert ok(sales.get("/items/B-1/"))["cost"] is None
    changed = ok(admin.patch("/items/B-1/", {"base_price": 2, "version": item["version"]}))
    assert changed["base_price"] == "2.00"
    assert [row["sku"] for row in ok(sales.get("/items/", category="Screws"))["results"]] == ["B-1"]


def test_stock_is_received_seen_and_put_right(warehouse):
    received = warehouse.post(
        "/stock/receipts/",
        {"location": "MAIN", "lines": [{"sku": "A-1", "quantity": 5, "unit_cost": "60"}], "reference": "DN 7"},
    )
    movement = ok(received, 201)["movements"][0]
    assert ok(warehouse.get(received.headers["Location"].removeprefix("/api"))) == movement

    adjusted = ok(
        warehouse.post(
            "/stock/adjustments/", {"location": "MAIN", "sku": "A-1", "quantity": -2, "reason": "Broken"}
        ), 201
    )  # fmt: skip
    assert adjusted["quantity"] == -2
    assert ok(warehouse.get("/stock/levels/", sku="A-1")) == {
        "results": [{"sku": "A-1", "location": "MAIN", "on_hand_qty": 53, "allocated_qty": 0, "available_qty": 53}],
        "next": None,
    }
    assert ok(warehouse.get("/stock/availability/", sku="A-1", location="MAIN", quantity=60)) == {
        "is_available": False, "on_hand_qty": 53, "allocated_qty": 0, "available_qty": 53, "required_qty": 60,
        "shortage": 7,
    }  # fmt: skip
    kinds = [row["kind"] for row in ok(warehouse.get("/stock/movements/", sku="A-1"))["results"]]
    assert kinds == ["ADJUSTMENT", "RECEIPT", "RECEIPT"]


def test_locations_form_a_tree(warehouse):
    added = ok(warehouse.post("/locations/", {"code": "BIN-1", "name": "Bin 1", "parent": "MAIN"}), 201)

    assert added["parent"] == "MAIN"
    assert [row["code"] for row in ok(warehouse.get("/locations/"))["results"]] == ["BIN-1", "MAIN"]


@pytest.mark.parametrize("quantity", [0, -1, "0", "1e3", "NaN", "1 000", 1.1234567, True, None, "1" * 100, []])
def test_a_quantity_that_is_none_is_refused(warehouse, quantity):
    body = {"location": "MAIN", "lines": [{"sku": "A-1", "quantity": quantity}]}

    assert list(ok(warehouse.post("/stock/receipts/", body), 422)["details"]) == ["lines.0.quantity"]


def test_a_list_goes_on_where_its_page_ended(warehouse):
    for code in ("X1", "X2", "X3"):
        ok(warehouse.post("/locations/", {"code": code, "name": code}), 201)

    first = ok(warehouse.get("/locations/", limit=3))
    assert [row["code"] for row in first["results"]] == ["MAIN", "X1", "X2"]
    second = ok(warehouse.get(first["next"].removeprefix("/api")))
    assert [row["code"] for row in second["results"]] == ["X3"]
    assert warehouse.get("/locations/", limit=201).status_code == 422
    assert warehouse.get("/locations/", cursor="x").status_code == 422


def test_a_sum_that_outgrows_its_column_is_refused_and_keeps_nothing(warehouse):
    most = {"sku": "A-1", "quantity": 10**10}
    before = ok(warehouse.get("/stock/levels/"))

    refused = ok(warehouse.post("/stock/receipts/", {"location": "MAIN", "lines": [most] * 930, "reference": ""}), 422)

    assert refused["error"].endswith("is too large to be stored.")
    assert ok(warehouse.get("/stock/levels/")) == before


def test_one_absurd_amount_breaks_no_list(sales, manager):
    dear = {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1000, "unit_price": "1000000000"}]}
    for _ in range(12):
        ok(sales.post("/sales/orders/", dear), 201)

    assert len(ok(manager.get("/sales/orders/"))["results"]) == 12
    dear["lines"][0]["quantity"] = 1001
    assert sales.post("/sales/orders/", dear).status_code == 422
