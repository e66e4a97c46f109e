from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain import money
from webapp.domain.errors import BadInput

D = Decimal

cents = st.integers(-(10**12), 10**12).map(lambda units: D(units).scaleb(-2))
weights = st.lists(st.integers(0, 10**9).map(lambda units: D(units).scaleb(-4)), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("TND", 3), ("CLF", 4)]
)
def test_a_currency_has_its_number_of_decimals(currency, decimals):
    assert money.decimals_of(currency) == decimals


@pytest.mark.parametrize("code", ["", "eur", "XXX", "EURO", None, "EU"])
def test_an_unknown_currency_is_refused(code):
    with pytest.raises(BadInput, match="not a currency code"):
        money.decimals_of(code)


def test_every_code_is_three_capital_letters_and_fits_the_money_column():
    assert len(money.CURRENCIES) == len(set(money.CURRENCIES)) > 150
    for code in money.CURRENCIES:
        assert len(code) == 3
        assert code.isascii()
        assert code.isupper()
        assert money.decimals_of(code) <= money.MONEY_SCALE


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("2.345", "2.35"),
        ("2.335", "2.34"),
        ("-2.345", "-2.35"),
        ("2.3449999999999999999999999999999999", "2.34"),
        ("0.005", "0.01"),
        ("0.004", "0.00"),
        ("1E+3", "1000.00"),
        ("922337203685477.5807", "922337203685477.58"),
    ],
)
def test_the_half_is_rounded_away_from_zero(value, rounded):
    assert str(money.round_half_up(D(value), 2)) == rounded


def test_rounding_never_answers_minus_zero():
    assert str(money.round_half_up(D("-0.001"), 2)) == "0.00"


@pytest.mark.parametrize("value", [1.5, True, "1.5", None])
def test_only_exact_numbers_are_rounded(value):
    with pytest.raises(TypeError):
        money.round_half_up(value, 2)


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [("1000", "EUR", "1000.00"), ("1234.5", "JPY", "1235"), ("0.1", "KWD", "0.100"), ("-0", "EUR", "0.00")],
)
def test_plain_writes_an_amount_with_the_decimals_of_its_currency(value, currency, text):
    assert money.plain(D(value), currency) == text


def test_an_amount_finer_than_the_minor_unit_is_told_apart():
    assert money.is_whole_minor(D("1.10"), "EUR")
    assert not money.is_whole_minor(D("1.105"), "EUR")
    assert not money.is_whole_minor(D("1.5"), "JPY")
    assert not money.is_whole_minor(D("NaN"), "EUR")


@pytest.mark.parametrize(
    ("amount", "shares", "currency", "parts"),
    [
        ("100", ["500", "1000"], "EUR", ["33.33", "66.67"]),
        ("10", ["1", "1", "1"], "EUR", ["3.34", "3.33", "3.33"]),
        ("-10", ["1", "1", "1"], "EUR", ["-3.34", "-3.33", "-3.33"]),
        ("10", ["1", "0", "1"], "JPY", ["5", "0", "5"]),
        ("0.01", ["0", "1"], "EUR", ["0", "0.01"]),
        ("0.05", ["0", "0"], "EUR", ["0.03", "0.02"]),
        ("0", ["0", "0"], "EUR", ["0", "0"]),
        ("236", ["84.746", "15.254"], "EUR", ["200.00", "36.00"]),
        ("0", [], "EUR", []),
        ("9", ["100", "-10"], "EUR", ["10", "-1"]),
    ],
)
def test_an_amount_is_spread_by_largest_remainder(amount, shares, currency, parts):
    assert money.spread(D(amount), [D(share) for share in shares], currency) == [D(part) for part in parts]


def test_between_equal_remainders_the_smaller_key_gets_the_cent():
    assert money.spread(D("0.01"), [D(1), D(1), D(1)], "EUR", tie_break=["c", "a", "b"]) == [D(0), D("0.01"), D(0)]


def test_an_amount_of_half_cents_or_without_takers_cannot_be_spread():
    with pytest.raises(ValueError, match="minor units"):
        money.spread(D("0.005"), [D(1)], "EUR")
    with pytest.raises(ValueError, match="nothing to spread"):
        money.spread(D(1), [], "EUR")


@given(cents, weights)
def test_spread_parts_sum_exactly_and_stray_less_than_a_cent(amount, shares):
    parts = money.spread(amount, shares, "EUR")
    assert sum(parts) == amount
    assert all(money.is_whole_minor(part, "EUR") for part in parts)
    whole = sum(shares)
    if whole:
        for part, share in zip(parts, shares, strict=True):
            assert abs(Fraction(part) - Fraction(amount) * Fraction(share) / Fraction(whole)) < Fraction(1, 100)
            assert share or not part


@given(cents, weights)
def test_spreading_the_negative_gives_the_mirrored_parts(amount, shares):
    assert money.spread(-amount, shares, "EUR") == [-part for part in money.spread(amount, shares, "EUR")]


@given(cents, weights, st.randoms())
def test_the_order_of_the_weights_does_not_change_who_gets_what(amount, shares, random):
    entries = list(enumerate(shares))
    straight = money.spread(amount, shares, "EUR", tie_break=range(len(shares)))
    random.shuffle(entries)
    shuffled = money.spread(amount, [share for _, share in entries], "EUR", tie_break=[key for key, _ in entries])
    assert {key: part for (key, _), part in zip(entries, shuffled, strict=True)} == dict(enumerate(straight))


def test_parts_that_cannot_reach_the_total_are_refused():
    with pytest.raises(ValueError, match="rounded sum"):
        money.apportion([Fraction(1)], D("1.02"), "EUR")


@given(st.lists(st.fractions(-1000, 1000, max_denominator=10**6), min_size=1, max_size=20))
def test_apportioned_parts_are_each_rounded_up_or_down_and_sum_to_the_rounded_total(parts):
    whole = sum(parts)
    total = money.round_money(money.WIDE.divide(D(whole.numerator), D(whole.denominator)), "EUR")
    rounded = money.apportion(parts, total, "EUR")
    assert sum(rounded) == total
    for part, result in zip(parts, rounded, strict=True):
        assert abs(Fraction(result) - part) < Fraction(1, 100)
