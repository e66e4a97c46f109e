"""Totals of real documents: the orders of Northwind and published EN 16931 invoices (tests/data)."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from webapp.domain.documents.totals import DocumentCharge, DocumentLine, adds_up, document_totals

D = Decimal
DATA = Path(__file__).parents[2] / "data"
INVOICES = json.loads((DATA / "totals" / "en16931.json").read_text(encoding="utf-8"))["vectors"]


def rows(name):
    with (DATA / "northwind" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_830_orders_of_northwind_come_to_their_expected_totals():
    lines = defaultdict(list)
    for row in rows("order_details.csv"):
        order = lines[row["OrderID"]]
        discount = D(row["Discount"]) * 100
        number = len(order) + 1
        order.append(
            DocumentLine(number, row["ProductID"], D(row["Quantity"]), D(row["UnitPrice"]), discount, "Z", D(0))
        )
    expected = {row["OrderID"]: row for row in rows("expected_order_totals.csv")}
    totals = {number: document_totals(order, currency="USD") for number, order in lines.items()}

    assert len(totals) == len(expected) == 830
    for number, row in expected.items():
        assert totals[number].subtotal == D(row["gross"]), number
        assert totals[number].net_total == D(row["netLineRoundedHalfUp"]), number
    assert sum(one.net_total for one in totals.values()) == D("1265793.29")


def test_with_freight_as_a_charge_they_come_to_their_total_with_freight():
    details = defaultdict(list)
    for row in rows("order_details.csv"):
        details[row["OrderID"]].append(row)
    freight = {row["OrderID"]: D(row["Freight"]) for row in rows("orders.csv")}
    for row in rows("expected_order_totals.csv"):
        lines = [
            DocumentLine(
                number, one["ProductID"], D(one["Quantity"]), D(one["UnitPrice"]), D(one["Discount"]) * 100, "Z", D(0)
            )
            for number, one in enumerate(details[row["OrderID"]], 1)
        ]
        charges = [DocumentCharge("Freight", freight[row["OrderID"]], "Z", D(0))]
        assert document_totals(lines, charges, currency="USD").total == D(row["totalWithFreight"])


@pytest.mark.parametrize("invoice", INVOICES, ids=[invoice["id"] for invoice in INVOICES])
def test_a_published_invoice_comes_to_its_own_amounts(invoice):
    totals = totals_of(invoice["inputs"], invoice["currency"])
    expected = invoice["expected"]

    assert [one.net_amount for one in totals.lines] == [D(net) for net in expected["lineNet"]]
    assert sum(one.net_amount for one in totals.lines) == D(expected["sumLineNet"])
    assert totals.net_total == D(expected["taxExclusive"])
    assert totals.tax_total == D(expected.get("taxTotal") or 0)
    assert totals.total == D(expected["taxInclusive"])
    assert totals.payable == D(expected["payable"])
    assert {(tax.category, tax.percent, tax.net_amount, tax.tax_amount) for tax in totals.taxes} == {
        (tax["category"], D(tax.get("rate") or 0), D(tax["taxable"]), D(tax["tax"])) for tax in expected["taxBreakdown"]
    }
    assert adds_up(totals) == ()


def test_all_61_published_invoices_are_here():
    assert len(INVOICES) == 61


def totals_of(inputs, currency):
    charges = [
        DocumentCharge(one["reason"], sign * D(one["amount"]), one["taxCategory"], D(one.get("taxRate") or 0))
        for kind, sign in (("charges", 1), ("allowances", -1))
        for one in inputs.get(kind, [])
    ]
    return document_totals(
        [line_of(number, one) for number, one in enumerate(inputs["lines"], 1)],
        charges,
        currency=currency,
        prepaid=D(inputs.get("prepaid") or 0),
        rounding=D(inputs.get("rounding") or 0),
    )


def line_of(number, one):
    return DocumentLine(
        number,
        one["id"],
        D(one["quantity"]),
        D(one["netPrice"]),
        D(0),
        one["taxCategory"],
        D(one.get("taxRate") or 0),
        price_base=D(one.get("priceBaseQuantity") or 1),
        charges=sum((D(charge["amount"]) for charge in one.get("charges", [])), D(0)),
        allowances=sum((D(allowance["amount"]) for allowance in one.get("allowances", [])), D(0)),
    )
