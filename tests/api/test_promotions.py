"""Promotions and coupons through the API."""

from __future__ import annotations

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")
SPRING = {"code": "SPRING", "name": "Spring", "benefit": "PERCENT", "percent": 10, "items": ["A-1"], "publish": True}


def test_a_promotion_is_published_and_counts_for_prices_and_orders(admin, sales):
    made = ok(admin.post("/promotions/", SPRING), 201)
    assert (made["status"], made["percent"], made["items"], made["uses"]) == ("PUBLISHED", 10, ["A-1"], 0)
    assert ok(sales.get("/promotions/"))["results"] == [made]
    price = ok(sales.get("/pricing/price/", sku="A-1", customer="ACME"))
    assert (price["unit_price"], price["source"]) == ("90.00", "PROMOTION")
    assert [(step["kind"], step["amount"], step["won"]) for step in price["derivation"]] == [
        ("BASE", "100.00", True),
        ("PROMOTION", "90.00", True),
    ]
    order = ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 2}]}), 201)
    (line,) = order["lines"]
    assert (line["unit_price"], line["list_price"], line["price_source"]) == ("90.00", "100.00", "PROMOTION")
    assert [step["label"] for step in line["derivation"]] == ["Base price", "Promotion Spring"]


def test_free_goods_are_a_line_that_says_so(admin, sales):
    body = {"code": "FREE", "name": "Free", "benefit": "FREE_GOODS", "buy_quantity": 5, "free_quantity": 1}
    ok(admin.post("/promotions/", {**body, "free_item": "A-1", "publish": True}), 201)
    order = ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 10}]}), 201)
    assert [(line["quantity"], line["total"], line["is_free"]) for line in order["lines"]] == [
        (10, "1000.00", False),
        (2, "0.00", True),
    ]


def test_coupons_come_with_an_order_and_are_replaced_by_a_change(admin, sales):
    ok(admin.post("/promotions/", {**SPRING, "coupon": "hello", "max_uses": 1}), 201)
    body = {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1}], "coupons": ["Hello"]}
    order = ok(sales.post("/sales/orders/", body), 201)
    assert (order["coupons"], order["total"]) == (["HELLO"], "90.00")
    again = sales.post("/sales/orders/", body)
    assert again.status_code == 400
    assert again.json["error"] == "Coupon HELLO is refused: it has been used up."
    path = f"/sales/orders/{order['order_number']}/"
    changed = ok(sales.patch(path, {"coupons": [], "version": order["version"]}))
    assert (changed["coupons"], changed["total"]) == ([], "100.00")
    assert ok(sales.post("/sales/orders/", body), 201)["total"] == "90.00"
    unknown = sales.post("/sales/orders/", {**body, "coupons": ["NO"]})
    assert (unknown.status_code, unknown.json["error"]) == (422, "There is no coupon NO.")


def test_drafts_are_changed_published_and_ended(admin, sales):
    ok(admin.post("/promotions/", {**SPRING, "publish": False}), 201)
    changed = ok(admin.patch("/promotions/SPRING/", {"percent": "12.5", "items": [], "version": 1}))
    assert (changed["percent"], changed["items"], changed["status"]) == ("12.5", [], "DRAFT")
    assert admin.patch("/promotions/SPRING/", {"percent": 5, "version": 1}).status_code == 409
    assert ok(admin.post("/promotions/SPRING/publish/"))["status"] == "PUBLISHED"
    assert admin.post("/promotions/SPRING/publish/").status_code == 409
    assert ok(admin.post("/promotions/SPRING/end/"))["status"] == "ENDED"
    assert sales.post("/promotions/", SPRING).status_code == 403
    assert sales.get("/promotions/NONE/").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"percent": 101}, "percent"),
        ({"percent": "1e1"}, "percent"),
        ({"benefit": "GIFT"}, "benefit"),
        ({"items": ["NO"]}, "items"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 2**70}, "max_uses"),
        ({"valid_from": "2026-13-01"}, "valid_from"),
        ({"unit_amount": 5}, "unit_amount"),
        ({"surprise": 1}, "surprise"),
        ({"min_quantity": 10**30}, "min_quantity"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(admin, change, field):
    answer = admin.post("/promotions/", {**SPRING, **change})
    assert answer.status_code == 422, answer.json
    assert field in answer.json["details"]
