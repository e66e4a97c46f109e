"""Taxes made of several, and taxes on taxes. The cases of other programs stand in ``test_peers``."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from webapp.domain.documents.totals import DocumentCharge, DocumentLine, TaxRounding, TaxTotal, adds_up, document_totals
from webapp.domain.taxes.parts import (
    PartAmount,
    TaxPart,
    check_parts,
    combined_percent,
    kept_parts,
    restored,
    stored,
    taxable_amounts,
)

D = Decimal
DATA = Path(__file__).parents[2] / "data"
GST = TaxPart("S", D(5), "GST")
QST = TaxPart("S", D("9.975"), "QST")
QST_ON_GST = replace(QST, on_previous=True)


def line(number, price, parts, *, quantity="1", discount="0"):
    rate = combined_percent(parts)
    return DocumentLine(number, f"SKU{number}", D(quantity), D(price), D(discount), "S", rate, tax_parts=tuple(parts))


def total(*lines, **options):
    totals = document_totals(lines, currency="EUR", **options)
    assert adds_up(totals) == ()
    return totals


def amounts(one):
    return [part.amount for part in one.tax_parts]


# -- the rule


def test_each_part_is_charged_on_the_net():
    totals = total(line(1, "100", [GST, QST]))
    assert amounts(totals.lines[0]) == [D("5.00"), D("9.98")]
    assert (totals.lines[0].tax_amount, totals.lines[0].tax_percent) == (D("14.98"), D("14.975"))
    assert totals.total == D("114.98")
    assert totals.taxes == (
        TaxTotal("S", D("9.975"), D(100), D("9.98"), "QST"),
        TaxTotal("S", D(5), D(100), D("5.00"), "GST"),
    )


def test_a_tax_on_tax_is_charged_on_the_net_and_the_taxes_before_it():
    totals = total(line(1, "100", [GST, QST_ON_GST]))
    assert amounts(totals.lines[0]) == [D("5.00"), D("10.47")]
    assert totals.taxes[0] == TaxTotal("S", D("9.975"), D(105), D("10.47"), "QST")
    assert (totals.net_total, totals.tax_total, totals.total) == (D(100), D("15.47"), D("115.47"))


def test_a_part_is_rounded_once_on_the_document_and_shared_to_the_cent():
    totals = total(*(line(number, "0.10", [GST, QST_ON_GST]) for number in range(1, 8)))
    # 0.70 x 5 % = 0.035 -> 0.04, then (0.70 + 0.04) x 9.975 % = 0.0738 -> 0.07
    assert [tax.tax_amount for tax in totals.taxes] == [D("0.07"), D("0.04")]
    assert sum(sum(amounts(one)) for one in totals.lines) == totals.tax_total == D("0.11")


def test_a_part_is_rounded_on_each_line_where_the_company_chose_so():
    totals = total(*(line(number, "0.10", [GST, QST]) for number in range(1, 8)), tax_rounding=TaxRounding.LINE)
    assert [amounts(one) for one in totals.lines] == [[D("0.01"), D("0.01")]] * 7


def test_taxes_of_one_name_and_rate_are_rounded_together_wherever_they_stand():
    totals = total(line(1, "0.10", [GST]), line(2, "0.10", [QST, GST]), line(3, "0.10", [GST, QST_ON_GST]))
    assert [tax.tax_amount for tax in totals.taxes if tax.name == "GST"] == [D("0.02")]


def test_inside_gross_prices_every_part_is_taken_out_and_the_gross_stays():
    totals = total(line(1, "114.98", [GST, QST]), line(2, "115.47", [GST, QST_ON_GST]), prices_include_tax=True)
    assert [one.total for one in totals.lines] == [D("114.98"), D("115.47")]
    assert [one.net_amount for one in totals.lines] == [D("100.00"), D("100.00")]
    assert totals.net_total + totals.tax_total == D("230.45")


def test_discounts_charges_and_negative_lines_are_taxed_by_part():
    totals = document_totals(
        [line(1, "100", [GST, QST_ON_GST], discount="10"), line(2, "30", [GST, QST_ON_GST], quantity="-1")],
        [DocumentCharge("Freight", D(10), "S", D(5), tax_parts=(GST,))],
        currency="EUR",
        order_discount_percent=D(5),
    )
    assert adds_up(totals) == ()
    assert [tax.tax_amount for tax in totals.taxes] == [D("5.97"), D("3.35")]
    assert totals.charges[0].tax_parts == (PartAmount(GST, D("0.50")),)


def test_a_part_that_is_off_is_found():
    good = total(line(1, "100", [GST, QST]), line(2, "50", [GST]))
    first = good.lines[0]
    more = replace(first.tax_parts[0], amount=D("6.00"))
    faults = adds_up(replace(good, lines=(replace(first, tax_parts=(more, first.tax_parts[1])), good.lines[1])))
    assert "Line 1: its taxes do not add up to its tax." in faults
    assert "The tax of category S at 5 % is not its rate of the net amounts." in faults
    assert "The taxes by category and rate are not those of the lines and charges." in faults


def test_parts_are_kept_as_data_and_come_back():
    parts = (PartAmount(GST, D("5.00")), PartAmount(QST_ON_GST, D("10.47")))
    assert restored(json.loads(json.dumps(stored(parts)))) == parts
    assert kept_parts(stored(parts)) == (GST, QST_ON_GST)
    assert taxable_amounts(D(100), parts) == [D(100), D(105)]
    assert restored(None) == restored([]) == ()


def test_parts_that_cannot_be_together_are_told():
    assert check_parts([GST, QST]) == ""
    assert check_parts([GST, GST]) == "A part stands there twice."
    too_much = [TaxPart("S", D(60), "A"), TaxPart("S", D(60), "B")]
    assert check_parts(too_much) == "The parts come to 120 percent; 100 is the most."


# -- stacked rates of AdventureWorks


def test_the_stacked_rates_of_adventureworks_are_the_sums_of_their_parts():
    with (DATA / "adventureworks" / "sales_tax_rate.csv").open(encoding="utf-8", newline="") as file:
        rates = list(csv.DictReader(file))
    stacked = [row for row in rates if "+" in row["Name"]]
    gst = TaxPart("S", next(D(row["TaxRate"]) for row in rates if row["Name"] == "Canadian GST"), "GST")
    assert (len(rates), len(stacked), gst.percent) == (29, 3, 7)
    for row in stacked:
        provincial = TaxPart("S", D(row["TaxRate"]) - gst.percent, row["Name"].split(" + ")[1])
        assert combined_percent([gst, provincial]) == D(row["TaxRate"])
        totals = total(line(1, "100", [gst, provincial]))
        assert amounts(totals.lines[0]) == [D("7.00"), D(row["TaxRate"]).quantize(D("0.01")) - 7]
