"""Documents as the cases of other programs (tests/data/peers) describe them, put into ours: lines, taxes, totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.domain.documents.totals import DocumentCharge, DocumentLine, TaxRounding, adds_up, document_totals
from webapp.domain.taxes.parts import TaxPart, combined_percent

D = Decimal


@dataclass(frozen=True)
class Line:
    quantity: Any = 1
    price: Any = 0
    discount: Any = 0
    rates: Any = ()


def builds_on(taxes, place):
    before = any(tax.get("affects_next") for tax in taxes[:place])
    return before and not taxes[place].get("ignores_previous")


def parts_of(taxes):
    """The taxes of a case; one that others build on comes first, what ignores them stands on the net."""
    return tuple(
        TaxPart("S", D(tax["rate"]), f"T{place}", on_previous=builds_on(taxes, place))
        for place, tax in enumerate(taxes)
    )


def document(lines, taxes, *, by_line=False, currency="EUR", charges=(), **options):
    """A document of ours over the lines of a case, each with ``taxes``, or its own rate."""
    made = []
    for number, one in enumerate(lines, 1):
        parts = parts_of(taxes if taxes is not None else [{"rate": one.rates}])
        made.append(
            DocumentLine(
                number, f"I{number}", D(one.quantity), D(one.price), D(one.discount), "S", combined_percent(parts),
                tax_parts=parts if len(parts) > 1 else (),
            )
        )  # fmt: skip
    totals = document_totals(
        made, [DocumentCharge("Shipping", D(amount), "S", D(rate)) for amount, rate in charges], currency=currency,
        tax_rounding=TaxRounding.LINE if by_line else TaxRounding.DOCUMENT, **options,
    )  # fmt: skip
    assert adds_up(totals) == ()
    return totals


def lines_of(inputs):
    return [
        Line(one.get("qty", 1), one.get("price", one.get("unit_price")), one.get("discount_percent", 0),
             one.get("tax_rate", 0))
        for one in inputs["lines"]
    ]  # fmt: skip


def taxed(inputs, **options):
    """The document of a case whose lines share their taxes, or have one rate each."""
    rounding = inputs.get("rounding", {})
    options.setdefault("by_line", rounding.get("method") == "per_line")
    if rounding.get("unit") == "1":
        options.setdefault("currency", "JPY")
    return document(lines_of(inputs), inputs.get("taxes"), **options)


def net_tax_total(totals):
    return totals.net_total, totals.tax_total, totals.total


def comes_to(totals, expected):
    """The amounts that a case names, under the names that it gives them."""
    told = {
        "net": totals.net_total, "net_total": totals.net_total, "tax": totals.tax_total, "vat": totals.tax_total,
        "total": totals.total, "grand_total": totals.total, "gross": totals.total, "untaxed": totals.net_total,
        "subtotal": totals.net_total, "base": totals.net_total,
    }  # fmt: skip
    checked = [name for name in expected if name in told and not isinstance(expected[name], list)]
    assert checked
    for name in checked:
        assert told[name] == D(expected[name]), name


def plain_tax(inputs, expected):
    comes_to(taxed(inputs), expected)


def gross_tax(inputs, expected):
    """Prices with tax; the case's taxes are all included."""
    comes_to(taxed(inputs, prices_include_tax=True), expected)


def taxes_of_each_line(inputs, expected):
    totals = taxed(inputs)
    assert [one.tax_amount for one in totals.lines] == [D(tax) for tax in expected["tax"]]
    assert [one.total for one in totals.lines] == [D(total) for total in expected["total"]]


def parts_come_to(inputs, expected):
    """The sum of each tax over the lines, and the total."""
    totals = taxed(inputs, prices_include_tax=bool(inputs["taxes"][0].get("included")))
    wanted = expected.get("tax_split", expected["tax"])
    found = [sum(one.tax_parts[place].amount for one in totals.lines) for place in range(len(wanted))]
    assert found == [D(tax) for tax in wanted]
    comes_to(totals, expected)


def both_roundings(inputs, expected):
    assert taxed(inputs, by_line=True).tax_total == D(expected["tax_per_line"])
    assert taxed(inputs, by_line=False).tax_total == D(expected["tax_per_document"])


def dolibarr(inputs, expected):
    lines = [Line(quantity, price, 0, inputs["rate_percent"]) for price, quantity in inputs["lines"]]
    comes_to(document(lines, None, by_line=True), expected)


def saleor(inputs, **options):
    rates = inputs.get("line_rates_percent") or [inputs["rate_percent"]] * len(inputs["lines"])
    lines = [Line(one["qty"], one["unit_price"], 0, rate) for one, rate in zip(inputs["lines"], rates, strict=True)]
    shipping_rate = inputs.get("shipping_rate_percent", rates[0])
    return document(lines, None, prices_include_tax=True, charges=[(inputs["shipping"], shipping_rate)], **options)


def saleor_total(inputs, expected):
    for by_line in (True, False):
        comes_to(saleor(inputs, by_line=by_line), expected)


def tryton_lines(inputs):
    rate = D(inputs["tax_rate"]) * 100
    lines = [Line(quantity, price, 0, rate) for price, quantity in inputs["lines"] * inputs.get("repeat_line", 1)]
    return document(lines, None, by_line=True)


def tax_of_the_document(inputs, expected):
    """The case names the tax of the document beside that of the lines."""
    totals = taxed(inputs, prices_include_tax=True, by_line=False)
    assert totals.tax_total == D(expected.get("document_tax", expected.get("tax_per_document")))
    assert totals.net_total == D(expected.get("net_total_per_document", totals.total - totals.tax_total))


def same_in_every_line(inputs, expected):
    comes_to(tryton_lines(inputs), expected)


def one_amount(inputs, expected):
    comes_to(document([Line(1, inputs["amount"], 0, inputs["rate_percent"])], None), expected)
