"""No way round the discount limit for programs: what they send is measured like what people type."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.entrances import assert_waits_for_a_maximum, let_policy_approve_everything, order_called
from tests.support.programs import Program, ok

pytestmark = pytest.mark.usefixtures("staff")


@pytest.fixture(autouse=True)
def _policy(staff) -> None:
    let_policy_approve_everything()


def entered(sales: Program, line: dict[str, Any], **head: Any) -> str:
    body = {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1, **line}], **head}
    return str(ok(sales.post("/sales/orders/", body), 201)["order_number"])


@pytest.mark.parametrize(
    ("line", "head"),
    [
        ({"discount_percent": "12"}, {}),
        ({"unit_price": "88"}, {}),
        ({"unit_price": 88.0}, {}),
        ({}, {"order_discount_percent": "12"}),
    ],
    ids=["line discount", "price", "price as a number", "order discount"],
)
def test_a_new_order(sales, staff, line, head):
    assert_waits_for_a_maximum(entered(sales, line, **head), {1: 12}, staff, sender=staff.sales)


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [{"line_number": 1, "discount_percent": "12"}]},
        {"lines": [{"line_number": 1, "unit_price": "88"}]},
        {"lines": [{"line_number": 1, "remove": True}, {"sku": "A-1", "quantity": 1, "unit_price": "88"}]},
        {"order_discount_percent": "12"},
    ],
    ids=["line discount", "price", "removed and added again", "order discount"],
)
def test_a_change_of_an_approved_order(sales, staff, change):
    number = entered(sales, {})
    assert ok(sales.post(f"/sales/orders/{number}/submit/"))["status"] == "APPROVED"

    changed = ok(sales.patch(f"/sales/orders/{number}/", {"version": order_called(number).version, **change}))

    assert changed["status"] == "DRAFT"
    assert [blocker["code"] for blocker in changed["blockers"]].count("discount_above_limit") == 1
    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.sales)


def test_a_quote_that_is_accepted(sales, staff):
    body = {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1, "unit_price": "88"}], "as_quote": True}
    quote = ok(sales.post("/sales/orders/", body), 201)["quote_number"]

    number = ok(sales.post(f"/sales/orders/{quote}/accept_quote/"))["order_number"]

    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.sales)


def test_a_program_of_who_asked_cannot_approve(sales, manager, speak, staff):
    number = entered(sales, {"discount_percent": "25"})
    ok(sales.post(f"/sales/orders/{number}/submit/"))

    assert sales.post(f"/sales/orders/{number}/approve/").status_code == 403
    refused = manager.post(f"/sales/orders/{number}/approve/")
    assert (refused.status_code, refused.json["details"]) == (403, {"max_discount": "20", "percent": "25"})
    assert sales.post(f"/sales/orders/{number}/confirm/").status_code == 409
