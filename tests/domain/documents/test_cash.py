"""Cash rounding: to the coin, half-up, in a row of its own; credit notes come to exactly the invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.documents.cash import check_agreed, check_unit, credited_in_all, rounded_for_cash
from webapp.domain.documents.totals import DocumentLine, adds_up, document_totals
from webapp.domain.errors import BadInput
from webapp.domain.money import cash_rounding

D = Decimal
CENTS = st.integers(min_value=0, max_value=10**7).map(lambda cents: D(cents).scaleb(-2))
UNITS = st.sampled_from([D("0.05"), D("0.10"), D("0.25"), D("0.50"), D(1), D(5)])


@pytest.mark.parametrize(
    ("amount", "unit", "added"),
    [
        ("10.02", "0.05", "-0.02"),
        ("10.03", "0.05", "0.02"),
        ("10.05", "0.05", "0"),
        ("10.025", "0.05", "0.025"),
        ("-10.03", "0.05", "-0.02"),
        ("-10.025", "0.05", "-0.025"),
        ("99.49", "1", "-0.49"),
        ("99.50", "1", "0.50"),
        ("102.50", "5", "2.50"),
        ("0.02", "0.05", "-0.02"),
    ],
)
def test_an_amount_goes_half_up_to_the_coin(amount, unit, added):
    assert cash_rounding(D(amount), D(unit)) == D(added)


def test_without_a_coin_nothing_is_added():
    assert cash_rounding(D("10.03"), None) == 0


def test_the_rounding_is_an_amount_of_its_own_beside_net_and_tax():
    line = DocumentLine(1, "A", D(1), D("9.95"), D(0), "S", D("7.7"))

    totals = rounded_for_cash(document_totals([line], currency="CHF"), D("0.05"))

    assert (totals.net_total, totals.tax_total, totals.total) == (D("9.95"), D("0.77"), D("10.72"))
    assert (totals.rounding, totals.payable) == (D("-0.02"), D("10.70"))
    assert adds_up(totals) == ()


@pytest.mark.parametrize(("unit", "currency"), [("0.01", "CHF"), ("0.005", "CHF"), ("0.055", "CHF"), ("1", "JPY")])
def test_a_coin_is_a_whole_number_of_minor_units_and_more_than_one(unit, currency):
    with pytest.raises(BadInput, match="Unit must be more than"):
        check_unit(D(unit), currency)


def test_coins_that_exist_are_taken():
    for unit, currency in (("0.05", "CHF"), ("1", "SEK"), ("5", "HUF"), ("10", "JPY")):
        check_unit(D(unit), currency)


@pytest.mark.parametrize("rounding", ["1", "-1", "12.50", "0.005"])
def test_an_agreed_rounding_is_no_discount(rounding):
    with pytest.raises(BadInput, match="Rounding must be"):
        check_agreed(D(rounding), "EUR")


@given(st.lists(CENTS, min_size=1, max_size=6), UNITS)
def test_credit_notes_never_exceed_the_invoice_and_come_to_exactly_it(parts, unit):
    whole = sum(parts, D(0))
    total = whole + cash_rounding(whole, unit)
    so_far = given_back = D(0)
    for place, part in enumerate(parts, 1):
        so_far += part
        in_all = credited_in_all(total, so_far, unit, is_all=place == len(parts))
        assert given_back <= in_all <= total
        given_back = in_all

    assert given_back == total
