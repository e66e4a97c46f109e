"""What holds for the taxes of every document, whatever its lines."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webapp.domain.documents.tax import tax_totals
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, TaxRounding, adds_up, document_totals
from webapp.domain.money import is_whole_minor, round_money
from webapp.domain.taxes.parts import TaxPart, combined_percent, gross_rates, net_rates

D = Decimal
ZERO = D(0)
SCALE = 4


def decimals(low, high, scale):
    return st.integers(low * 10**scale, high * 10**scale).map(lambda units: D(units).scaleb(-scale))


part = st.builds(
    TaxPart,
    category=st.sampled_from(["S", "Z"]),
    percent=decimals(0, 25, SCALE),
    name=st.sampled_from(["GST", "PST", "QST", "Cess"]),
    on_previous=st.booleans(),
)
parts = st.lists(part, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple)
taxes = st.one_of(st.just(()), parts)


def taxed_line(number, price, quantity, tax, rate, discount=ZERO):
    percent = combined_percent(tax) if tax else rate
    return DocumentLine(number, f"SKU{number % 3}", quantity, price, discount, "S", percent, tax_parts=tax)


lines = st.lists(
    st.tuples(
        decimals(0, 5000, 3),
        decimals(-20, 500, 1),
        taxes,
        st.sampled_from(["19", "7", "0", "5.5"]),
        decimals(0, 100, 1),
    ),
    max_size=8,
).map(
    lambda rows: [
        taxed_line(number, price, quantity, tax, D(rate), discount)
        for number, (price, quantity, tax, rate, discount) in enumerate(rows, 1)
    ]
)
charges = st.lists(st.tuples(decimals(-50, 50, 2), taxes), max_size=2).map(
    lambda rows: [
        DocumentCharge("Freight", amount, "S", combined_percent(tax) if tax else D(19), tax_parts=tax)
        for amount, tax in rows
    ]
)
options = st.fixed_dictionaries(
    {
        "order_discount_percent": decimals(0, 100, 2),
        "tax_rounding": st.sampled_from(TaxRounding),
        "prices_include_tax": st.booleans(),
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
    }
)


def totals_of(given_lines, given_charges, chosen):
    whole = [replace(one, amount=round_money(one.amount, chosen["currency"])) for one in given_charges]
    return document_totals(given_lines, whole, **chosen)


@given(lines, charges, options)
def test_the_parts_of_a_tax_sum_exactly_to_the_whole(lines, charges, chosen):
    totals = totals_of(lines, charges, chosen)
    taxed = (*totals.lines, *totals.charges)
    for one in taxed:
        assert not one.tax_parts or sum(part.amount for part in one.tax_parts) == one.tax_amount
        assert all(is_whole_minor(part.amount, chosen["currency"]) for part in one.tax_parts)
    assert sum(one.tax_amount for one in taxed) == totals.tax_total == sum(tax.tax_amount for tax in totals.taxes)
    assert totals.taxes == tax_totals(taxed)
    assert adds_up(totals) == ()


@given(lines, charges, options)
def test_net_and_tax_are_the_gross_where_prices_include_tax(lines, charges, chosen):
    totals = totals_of(lines, charges, chosen | {"prices_include_tax": True})
    assert (
        totals.total
        == totals.subtotal - totals.line_discount_total - totals.order_discount_amount + totals.charges_total
    )
    for one in totals.lines:
        assert one.net_amount + one.tax_amount == one.subtotal - one.discount_amount - one.order_discount_share


@pytest.mark.parametrize("percent", range(101))
def test_net_and_tax_are_the_gross_at_every_rate_and_quantity(percent):
    for quantity in (1, 2, 3, 7, 11, 144, 999):
        line = taxed_line(1, D("9.99"), D(quantity), (), D(percent))
        (one,) = document_totals([line], currency="EUR", prices_include_tax=True).lines
        assert one.net_amount + one.tax_amount == one.total == D("9.99") * quantity
        assert abs(one.net_amount * percent / 100 - one.tax_amount) < D("0.02")


@given(lines, charges, options, st.randoms())
def test_the_order_of_lines_never_changes_a_total(lines, charges, chosen, random):
    straight = totals_of(lines, charges, chosen)
    mixed = list(lines)
    random.shuffle(mixed)
    shuffled = totals_of(mixed, charges, chosen)
    assert sorted(shuffled.lines, key=lambda one: one.line_number) == list(straight.lines)
    assert replace(shuffled, lines=()) == replace(straight, lines=())


@given(
    st.integers(1, 10_000).map(lambda cents: D(cents).scaleb(-2)),
    st.integers(2, 500),
    st.data(),
    taxes,
    st.booleans(),
)
def test_splitting_a_line_whose_subtotals_need_no_rounding_changes_nothing(price, quantity, data, tax, included):
    first = data.draw(st.integers(1, quantity - 1))
    others = [taxed_line(9, D("3.33"), D(7), tax, D(19))]
    whole = [taxed_line(1, price, D(quantity), tax, D(19))]
    split = [taxed_line(1, price, D(first), tax, D(19)), taxed_line(2, price, D(quantity - first), tax, D(19))]
    one, two = (
        document_totals([*some, *others], currency="EUR", prices_include_tax=included) for some in (whole, split)
    )
    assert (two.net_total, two.tax_total, two.total) == (one.net_total, one.tax_total, one.total)
    # of a tax on tax the taxable amount holds shares of the taxes before it, which are the same in sum
    assert two.taxes == one.taxes


@given(parts)
def test_the_rates_of_the_net_and_of_the_gross_say_the_same(tax):
    assume(sum(net_rates(tax)))
    assert sum(gross_rates(tax)) == sum(net_rates(tax)) / (1 + sum(net_rates(tax)))
    assert all(
        gross * (1 + sum(net_rates(tax))) == net for gross, net in zip(gross_rates(tax), net_rates(tax), strict=True)
    )
