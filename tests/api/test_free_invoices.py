"""Invoices without an order through the API: drafted, posted, paid, credited; and what is wrong field by field."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.factories import make_tax_code
from tests.support.programs import ok
from webapp.db import atomic
from webapp.services.settings.terms import put_cash_rounding

D = Decimal
PATH = "/sales/invoices/"
LINE = {"description": "Repair", "quantity": 2.5, "unit": "h", "unit_price": "80", "tax_code": "VAT19"}
BODY = {
    "customer": "ACME",
    "delivery_date": "2026-01-05",
    "lines": [
        LINE | {"discount_percent": 10, "charges": [{"reason": "At night", "amount": 20}]},
        LINE | {"description": "Screws", "quantity": -1000, "unit_price": 123456, "price_base": "10000000"},
    ],
    "charges": [{"kind": "travel", "amount": "35.50", "tax_code": "VAT19"}],
}


@pytest.fixture(autouse=True)
def taxed(staff):
    with atomic():
        make_tax_code("VAT19", D(19))


def test_it_is_drafted_posted_paid_and_credited(accountant):
    made = accountant.post(PATH, BODY)
    draft = ok(made, 201)

    assert made.headers["Location"] == f"/api/sales/invoices/{draft['id']}/"
    assert (draft["order_number"], draft["status"], draft["invoice_number"]) == (None, "DRAFT", None)
    assert [(line["item"], line["is_charge"], line["line_charges"], line["net_amount"]) for line in draft["lines"]] == [
        ("Repair", False, "20.00", "200.00"),
        ("Screws", False, "0.00", "-12.35"),
        ("Travel", True, "0.00", "35.50"),
    ]
    assert (draft["lines"][1]["unit_price"], draft["lines"][1]["price_base"]) == ("123456.00", 10000000)
    assert (draft["net_total"], draft["tax_total"], draft["total"]) == ("223.15", "42.40", "265.55")

    ok(accountant.post(f"{PATH}{draft['id']}/validate/"))
    number = ok(accountant.post(f"{PATH}{draft['id']}/approve/"))["invoice_number"]
    paid = ok(accountant.post(f"{PATH}{number}/record_payment/", {"payment_amount": 65.55, "payment_method": "CASH"}))
    assert paid["amount_due"] == "200.00"
    lines = [{"line_number": 2, "quantity": -1000}, {"line_number": 3, "quantity": 1}]
    note = ok(accountant.post(f"{PATH}{number}/credit_notes/", {"lines": lines, "reason": "Not owed"}), 201)
    assert (note["net_total"], note["total"], note["lines"][0]["quantity"]) == ("23.15", "27.55", -1000)


def test_the_rounding_has_its_own_field(accountant, staff):
    agreed = ok(accountant.post(PATH, BODY | {"rounding": "0.45"}), 201)
    assert (agreed["rounding_amount"], agreed["total"]) == ("0.45", "266.00")
    put_cash_rounding("EUR", unit="0.10", actor=staff.admin)
    rounded = ok(accountant.post(PATH, BODY), 201)
    assert (rounded["rounding_amount"], rounded["total"]) == ("0.05", "265.60")
    assert ok(accountant.get(f"{PATH}{rounded['id']}/"))["rounding_amount"] == "0.05"


def test_the_same_key_drafts_once(accountant):
    first = ok(accountant.post(PATH, BODY, idempotency_key="free-1"), 201)
    again = accountant.post(PATH, BODY, idempotency_key="free-1")

    assert (ok(again, 201), again.headers["Idempotency-Replayed"]) == (first, "true")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"customer": "NOBODY"}, "customer", "There is no customer NOBODY."),
        ({"lines": [LINE | {"quantity": 0}]}, "lines.0.quantity", "Quantity must not be 0."),
        ({"lines": [LINE | {"tax_code": "X"}]}, "lines.0.tax_code", "There is no tax code X."),
        ({"lines": [LINE | {"unit_price": "1e3"}]}, "lines.0.unit_price", None),
        ({"lines": [LINE, {"description": "No price"}]}, "lines.1.unit_price", None),
        ({"lines": [LINE | {"allowances": [{"reason": "x", "amount": "0.001"}]}]},
         "lines.0.adjustments.0.amount", "Amount may have 2 decimals at most."),
        ({"lines": []}, "lines", "An invoice needs a line."),
        ({"charges": [{"kind": "freight", "amount": 1, "tax_code": "X"}]}, "charges.0.tax_code", None),
        ({"delivery_date": "2199-01-01"}, "delivery_date", "Delivery date 2199-01-01 is in the future."),
        ({"rounding": 5}, "rounding", "Rounding must be less than 1 EUR up or down."),
        ({"colour": "red"}, "colour", None),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(accountant, change, field, sentence):
    answer = ok(accountant.post(PATH, BODY | change), 422)

    assert field in answer["details"], answer
    assert sentence is None or answer["details"][field] == sentence


def test_less_than_nothing_is_refused_and_sales_may_not(accountant, sales):
    refused = ok(accountant.post(PATH, BODY | {"lines": [LINE | {"quantity": -1}], "charges": []}), 400)
    assert "would come to -95.20" in refused["error"]
    ok(sales.post(PATH, BODY), 403)
