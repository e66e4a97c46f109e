"""Published invoices through the API that totals a document without storing it, and bodies that are none."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.programs import Program, ok, token_for
from webapp.db import db
from webapp.domain.permissions import Permission
from webapp.models import Event, Invoice
from webapp.services.people.tokens import Scope
from webapp.services.settings.terms import put_exchange_rate
from webapp.web.auth import permissions_of

pytestmark = pytest.mark.usefixtures("staff")

D = Decimal
INVOICES = json.loads((Path(__file__).parents[1] / "data" / "totals" / "en16931.json").read_text(encoding="utf-8"))[
    "vectors"
]
TOTALS = "/pricing/totals/"

NO_FUNCTION_OF_THE_INPUTS = {
    "exemptionReason": "no input carries why a category is exempt",
    "exemptionReasonCode": "no input carries why a category is exempt",
    "rate": "a breakdown without a tax may leave out the rate that its lines leave out, or say 0",
}
"""What ``taxBreakdown`` says beyond category, taxable and tax."""

IN_ANOTHER_CURRENCY = {
    "cen-en16931__cii__examples__CII_example5.xml": "its tax in EUR is at a rate of its own day",
    "Allowance-example.xml": "its tax is told in another currency than its own at a rate that it does not say",
}
"""Invoices whose ``taxTotalAccountingCurrency`` does not follow from their inputs, by the end of their name."""


def follows(invoice):
    return not any(invoice["id"].endswith(name) for name in IN_ANOTHER_CURRENCY)


def test_all_61_published_invoices_come_to_their_own_amounts_through_the_api(sales):
    assert len(INVOICES) == 61
    for invoice in INVOICES:
        answer = ok(sales.post(TOTALS, invoice["inputs"] | {"currency": invoice["currency"]}))
        assert amounts(answer, invoice) == amounts(invoice["expected"], invoice), invoice["id"]
        assert said_beyond_amounts(invoice["expected"]) <= NO_FUNCTION_OF_THE_INPUTS.keys(), invoice["id"]


def amounts(totals, invoice):
    """Every amount that the invoice says and that follows from its inputs."""
    said = {name for name in invoice["expected"] if name not in ("lineNet", "taxBreakdown")}
    if not follows(invoice):
        said.remove("taxTotalAccountingCurrency")
    return (
        {name: D(totals[name]) for name in said},
        [D(net) for net in totals["lineNet"]],
        {
            (one["category"], D(one.get("rate") or 0), D(one["taxable"]), D(one["tax"]))
            for one in totals["taxBreakdown"]
        },
    )


def said_beyond_amounts(expected):
    return {name for one in expected["taxBreakdown"] for name in one} - {"category", "taxable", "tax"}


def test_two_invoices_tell_their_tax_at_a_rate_of_their_own():
    assert sum(not follows(invoice) for invoice in INVOICES) == len(IN_ANOTHER_CURRENCY)


def test_the_answer_says_everything_in_the_decimals_of_its_currency(sales):
    line = {
        "id": "1",
        "quantity": "10",
        "unit": "C62",
        "netPrice": "12.3456789012",
        "taxCategory": "S",
        "taxRate": "19",
    }
    assert ok(sales.post(TOTALS, {"lines": [line]})) == {
        "lineNet": ["123.46"],
        "sumLineNet": "123.46",
        "allowanceTotal": "0.00",
        "chargeTotal": "0.00",
        "taxExclusive": "123.46",
        "taxTotal": "23.46",
        "taxTotalAccountingCurrency": "23.46",
        "taxInclusive": "146.92",
        "payable": "146.92",
        "taxBreakdown": [{"category": "S", "rate": "19", "taxable": "123.46", "tax": "23.46"}],
    }
    yen = ok(sales.post(TOTALS, {"currency": "JPY", "lines": [line]}))
    assert (yen["lineNet"], yen["taxTotal"], yen["payable"]) == (["123"], "23", "146")
    assert "taxTotalAccountingCurrency" not in yen


def test_numbers_may_be_numbers_and_rates_may_be_missing(sales):
    answer = ok(
        sales.post(
            TOTALS,
            '{"lines": [{"quantity": -3, "netPrice": 10.5, "priceBaseQuantity": 2, "taxCategory": "O"},'
            ' {"quantity": 1, "netPrice": "40", "taxCategory": "S", "taxRate": 7.5}],'
            ' "charges": [{"amount": 5, "taxCategory": "Z"}], "rounding": "-0.01"}',
        )
    )
    assert answer["lineNet"] == ["-15.75", "40.00"]
    assert answer["chargeTotal"] == "5.00"
    assert (answer["taxExclusive"], answer["taxTotal"], answer["payable"]) == ("29.25", "3.00", "32.24")
    assert [(one["category"], one["rate"], one["tax"]) for one in answer["taxBreakdown"]] == [
        ("S", "7.5", "3.00"),
        ("O", "0", "0.00"),
        ("Z", "0", "0.00"),
    ]


LINE = {"quantity": "1", "netPrice": "10", "taxCategory": "S", "taxRate": "19"}


BAD_BODIES = [
    ({}, "lines", "Lines is missing."),
    ({"lines": []}, "lines", "Lines has too few entries."),
    ({"lines": "none"}, "lines", "Lines must be a list."),
    ({"lines": [None]}, "lines.0", "0 must be an object."),
    ({"lines": [{}]}, "lines.0.netPrice", "NetPrice is missing."),
    ({"lines": [LINE | {"quantity": "many"}]}, "lines.0.quantity", "Quantity must be a number in plain digits"),
    ({"lines": [LINE | {"quantity": "1e5"}]}, "lines.0.quantity", "Quantity must be a number in plain digits"),
    ({"lines": [LINE | {"netPrice": "1e400"}]}, "lines.0.netPrice", "Net price must be a number in plain digits"),
    ({"lines": [LINE | {"netPrice": "9" * 15}]}, "lines.0.netPrice", "Net price is too large."),
    ({"lines": [LINE | {"netPrice": "0." + "1" * 21}]}, "lines.0.netPrice", "Net price may have 20 decimals"),
    ({"lines": [LINE | {"priceBaseQuantity": "0"}]}, "lines.0.priceBaseQuantity", "must be more than 0."),
    ({"lines": [LINE | {"taxRate": "101"}]}, "lines.0.taxRate", "Tax rate must be between 0 and 100."),
    ({"lines": [LINE | {"taxCategory": "s"}]}, "lines.0.taxCategory", "one to three capital letters"),
    ({"lines": [LINE | {"taxCategory": "E"}]}, "lines.0.taxRate", "Exempt from tax (E) must have the rate 0."),
    ({"lines": [LINE | {"colour": "red"}]}, "lines.0.colour", "Colour is not a field here."),
    ({"lines": [LINE | {"charges": [{"amount": "0.001"}]}]}, "lines.0.charges.0.amount", "smallest unit of EUR"),
    ({"lines": [LINE], "allowances": [{"amount": "1"}]}, "allowances.0.taxCategory", "is missing."),
    (
        {"lines": [LINE], "charges": [{"amount": "1", "taxCategory": "K", "taxRate": 5}]},
        "charges.0.taxRate",
        "Intra-community supply (K) must have the rate 0.",
    ),
    ({"lines": [LINE], "prepaid": "0.005"}, "prepaid", "smallest unit of EUR"),
    ({"lines": [LINE], "currency": "EURO"}, "currency", "is not a currency code of ISO 4217"),
    ({"lines": [LINE | {"quantity": "999999999999", "netPrice": "999999999999"}]}, "quantity", "too large"),
]


def test_a_body_that_cannot_be_totalled_is_told_what_is_wrong_with_each_field(sales):
    for body, field, sentence in BAD_BODIES:
        assert sentence in ok(sales.post(TOTALS, body), 422)["details"][field], body


def test_every_wrong_field_is_told_at_once(sales):
    wrong = {"lines": [LINE | {"charges": [{"amount": "0.001"}]}], "prepaid": "0.001", "rounding": "0.001"}
    assert ok(sales.post(TOTALS, wrong), 422)["details"].keys() == {"lines.0.charges.0.amount", "prepaid", "rounding"}


def test_nothing_is_stored_and_a_key_answers_the_same_again(sales):
    before = db.session.scalar(db.select(db.func.count()).select_from(Event))
    first = sales.post(TOTALS, {"lines": [LINE]}, idempotency_key="k-1")
    again = sales.post(TOTALS, {"lines": [LINE]}, idempotency_key="k-1")

    assert ok(first) == ok(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert db.session.scalar(db.select(db.func.count()).select_from(Event)) == before
    assert db.session.scalar(db.select(db.func.count()).select_from(Invoice)) == 0


def test_the_accounting_currency_counts_at_the_rate_of_today(sales, staff):
    put_exchange_rate("DKK", valid_from="2020-01-01", rate="0.134", actor=staff.admin)
    answer = ok(sales.post(TOTALS, {"currency": "DKK", "lines": [LINE | {"netPrice": "1000"}]}))
    assert (answer["taxTotal"], answer["taxTotalAccountingCurrency"]) == ("190.00", "25.46")


def test_it_takes_the_right_to_read_prices_and_stands_in_the_description(app, staff):
    assert Program(app, "nonsense").post(TOTALS, {"lines": [LINE]}).status_code == 401
    assert Program(app, token_for(staff.sales, Scope.READ)).post(TOTALS, {"lines": [LINE]}).status_code == 403
    assert permissions_of("api.compute_totals") == (Permission.PRICES_READ,)
    operation = app.test_client().get("/api/openapi.json").get_json()["paths"]["/api/pricing/totals/"]["post"]
    assert operation["operationId"] == "compute_totals"
