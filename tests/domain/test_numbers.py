from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain import numbers
from webapp.domain.errors import BadInput, DomainError

D = Decimal

THIN, NARROW, FIXED = "\u2009", "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12", "12"),
        (" 12.50 ", "12.50"),
        ("+12.5", "12.5"),
        ("-12.5", "-12.5"),
        ("\u221212.5", "-12.5"),
        (".5", "0.5"),
        ("007", "7"),
        ("1 234.50", "1234.5"),
        (f"1{THIN}234{THIN}567", "1234567"),
        (f"12{NARROW}345", "12345"),
        (f"-1{FIXED}000", "-1000"),
        ("1,234.50", "1234.5"),
        ("1,234,567", "1234567"),
        ("12.5000000000", "12.5"),
        (12, "12"),
        (D("12.50"), "12.5"),
        (-3, "-3"),
        ("-0", "0"),
    ],
)
def test_money_is_read_from_plain_digits(typed, value):
    assert numbers.parse_money(typed, "EUR") == D(value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12,5", "12.5"),
        ("1.234,50", "1234.5"),
        ("1 234,50", "1234.5"),
        ("1.234.567", "1234567"),
        ("1,234", "1.234"),
        ("0,234", "0.234"),
        ("-,5", "-0.5"),
    ],
)
def test_a_decimal_comma_is_read_where_the_reader_uses_one(typed, value):
    assert numbers.parse_signed_quantity(typed, decimal_comma=True) == D(value)


@pytest.mark.parametrize(
    "typed",
    [
        "NaN", "nan", "sNaN", "Infinity", "-inf", "1e5", "1E5", "1_000", "1,5", "12,34", "1,23,456", "1.2.3", "1 23",
        "12 34", "1  234", "١٢٣", "１２", "²", "0x10", "5.", ".", "-", "+-1", "--1", "1-", "€5", "5 EUR", "abc", "1\n2",
        "1,234 567", "0,234.5", "1 234,567",
    ],
)  # fmt: skip
def test_other_spellings_are_refused_with_a_sentence(typed):
    with pytest.raises(BadInput) as refusal:
        numbers.parse_price(typed, field="unit_price")
    assert refusal.value.message.startswith("Unit price must be a number in plain digits")
    assert refusal.value.details == {"unit_price": refusal.value.message}


@pytest.mark.parametrize(("typed", "comma"), [("1,234", False), ("-12,345", False), ("1.234", True)])
def test_a_lone_mark_before_three_digits_is_refused_because_it_has_two_readings(typed, comma):
    with pytest.raises(BadInput, match="can be read in two ways"):
        numbers.parse_signed_quantity(typed, decimal_comma=comma)


def test_the_doubtful_spelling_is_answered_with_both_readings():
    with pytest.raises(BadInput, match=r"Quantity 1,234 can be read in two ways: write 1234 or 1\.234\."):
        numbers.parse_quantity("1,234")


@pytest.mark.parametrize("value", ["", "   ", None])
def test_nothing_typed_is_missing(value):
    with pytest.raises(BadInput, match="Quantity is missing"):
        numbers.parse_quantity(value)


@pytest.mark.parametrize(
    "value", [1.5, True, False, [], {}, b"1", D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity"), float("nan")]
)
def test_what_is_no_exact_number_is_refused(value):
    with pytest.raises(BadInput, match="Amount must be a number"):
        numbers.parse_money(value, "EUR")


def test_a_decimal_that_was_written_with_an_exponent_is_refused():
    with pytest.raises(BadInput, match="without an exponent"):
        numbers.parse_quantity(D("1E+3"))


@pytest.mark.parametrize(
    ("parse", "largest"),
    [
        (lambda value: numbers.parse_money(value, "CLF"), "1000000000000.0000"),
        (numbers.parse_price, "10000000000.000000"),
        (numbers.parse_quantity, "10000000000.000000"),
        (numbers.parse_rate, "10000000000.000000"),
    ],
)
def test_numbers_reach_exactly_as_far_as_nine_hundred_of_them_can_be_added_up(parse, largest):
    assert parse(largest) == D(largest)
    step = D(1).scaleb(D(largest).as_tuple().exponent)
    with pytest.raises(BadInput, match="is too large"):
        parse(str(D(largest) + step))


@pytest.mark.parametrize("value", ["1" + "0" * 18, 10**18, 2**63, 10**4000, D(10**18), "9" * 59])
def test_a_number_beyond_the_column_is_refused(value):
    with pytest.raises(BadInput, match="too large"):
        numbers.parse_quantity(value)


def test_ten_thousand_digits_are_refused_unread():
    with pytest.raises(BadInput, match="too long"):
        numbers.parse_quantity("1" * 10_000)


@pytest.mark.parametrize("value", [D("1E-999999"), D("1E-19"), "0." + "0" * 40 + "1"])
def test_a_number_of_endless_decimals_is_refused_and_not_written_out(value):
    with pytest.raises(BadInput, match="may have 2 decimals at most"):
        numbers.parse_money(value, "EUR")


@pytest.mark.parametrize(
    ("parse", "sentence"),
    [
        (lambda: numbers.parse_money("1.005", "EUR"), "Amount may have 2 decimals at most."),
        (lambda: numbers.parse_money("1.5", "JPY"), "Amount must be a whole number."),
        (lambda: numbers.parse_price("1.0000001"), "Price may have 6 decimals at most."),
        (lambda: numbers.parse_price("-1"), "Price must not be negative."),
        (lambda: numbers.parse_quantity("0"), "Quantity must be more than 0."),
        (lambda: numbers.parse_quantity("-1"), "Quantity must be more than 0."),
        (lambda: numbers.parse_quantity("1.5", decimals=0), "Quantity must be a whole number."),
        (lambda: numbers.parse_signed_quantity("0"), "Quantity must not be 0."),
        (lambda: numbers.parse_percent("100.0001", field="discount"), "Discount must be between 0 and 100."),
        (lambda: numbers.parse_percent("-1", field="discount"), "Discount must be between 0 and 100."),
        (lambda: numbers.parse_percent("1.00001", field="discount"), "Discount may have 4 decimals at most."),
        (lambda: numbers.parse_rate("0"), "Rate must be more than 0."),
        (lambda: numbers.parse_whole("1.5"), "Number must be a whole number."),
        (lambda: numbers.parse_whole("-1"), "Number must be a whole number from 0 to 2147483647."),
        (lambda: numbers.parse_whole("11", maximum=10), "Number must be a whole number from 0 to 10."),
    ],
)
def test_each_bound_has_its_sentence(parse, sentence):
    with pytest.raises(BadInput) as refusal:
        parse()
    assert refusal.value.message == sentence
    assert refusal.value.status == 422


def test_limits_themselves_pass():
    assert numbers.parse_percent("0", field="x") == 0
    assert numbers.parse_percent("100", field="x") == 100
    assert numbers.parse_price("0") == 0
    assert numbers.parse_price("0.000001") == D("0.000001")
    assert numbers.parse_signed_quantity("-2.5") == D("-2.5")
    assert numbers.parse_whole("7") == 7
    assert type(numbers.parse_whole(D(7))) is int


def test_money_comes_back_with_the_decimals_of_its_currency():
    assert str(numbers.parse_money("5", "EUR")) == "5.00"
    assert str(numbers.parse_money("5", "JPY")) == "5"


def test_quantities_come_back_without_idle_zeros_and_without_exponent():
    assert str(numbers.parse_quantity("100.500")) == "100.5"
    assert str(numbers.parse_quantity("1000")) == "1000"
    assert str(numbers.tidy(D("1E+3"))) == "1000"
    assert str(numbers.tidy(D("0.00"))) == "0"


@pytest.mark.parametrize(("value", "day"), [("2026-05-31", date(2026, 5, 31)), (date(2024, 2, 29), date(2024, 2, 29))])
def test_a_date_is_read_in_iso_form(value, day):
    assert numbers.parse_date(value) == day


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "Date is missing."),
        ("31.05.2026", "Date must be a date like 2026-05-31."),
        ("20260531", "Date must be a date like 2026-05-31."),
        ("2026-W22-7", "Date must be a date like 2026-05-31."),
        ("٢٠٢٦-05-31", "Date must be a date like 2026-05-31."),
        ("2026-02-30", "Date 2026-02-30 is not in the calendar."),
        ("0001-01-01", "Date must be between the years 1900 and 2199."),
        ("9999-12-31", "Date must be between the years 1900 and 2199."),
        (None, "Date must be a date like 2026-05-31."),
        (20260531, "Date must be a date like 2026-05-31."),
        (datetime(2026, 5, 31, 12, 0), "Date must be a date like 2026-05-31."),  # noqa: DTZ001
    ],
)
def test_other_dates_are_refused_with_a_sentence(value, sentence):
    with pytest.raises(BadInput) as refusal:
        numbers.parse_date(value)
    assert refusal.value.message == sentence


anything = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789.,-+ \u2212\u00a0eE_nNaAiI", max_size=30),
    st.integers(),
    st.decimals(),
    st.floats(),
    st.none(),
    st.booleans(),
)


@given(anything, st.booleans())
def test_a_parser_answers_a_storable_number_or_refuses_and_never_breaks(value, comma):
    for parse, scale in (
        (lambda: numbers.parse_money(value, "EUR", decimal_comma=comma), 4),
        (lambda: numbers.parse_price(value, decimal_comma=comma), 6),
        (lambda: numbers.parse_quantity(value, decimal_comma=comma), 6),
        (lambda: numbers.parse_percent(value, decimal_comma=comma), 4),
    ):
        try:
            number = parse()
        except DomainError as refusal:
            assert refusal.message.endswith(".")  # noqa: PT017
            continue
        units = number.scaleb(scale)
        assert units == units.to_integral_value()
        assert 900 * abs(units) < 2**63


@given(anything)
def test_a_date_is_read_or_refused_and_never_breaks(value):
    try:
        assert isinstance(numbers.parse_date(value), date)
    except BadInput as refusal:
        assert refusal.message  # noqa: PT017


@given(st.integers(-(10**16), 10**16).map(lambda units: D(units).scaleb(-6)))
def test_every_quantity_reads_back_from_its_own_spelling(value):
    if value:
        assert numbers.parse_signed_quantity(f"{value:f}") == value
        assert numbers.parse_signed_quantity(f"{value:,f}") == value or "," not in f"{value:,f}"


@given(st.integers(10**6, 10**12).map(lambda units: D(units).scaleb(-2)))
def test_grouped_and_german_spellings_mean_the_same(value):
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    spaced = english.replace(",", FIXED)
    assert numbers.parse_money(english, "EUR") == value
    assert numbers.parse_money(german, "EUR", decimal_comma=True) == value
    assert numbers.parse_money(spaced, "EUR") == value


def test_a_figure_of_others_keeps_twenty_decimals_and_any_sign():
    assert numbers.parse_figure("-158.12500000000000000001") == D("-158.12500000000000000001")
    assert numbers.parse_figure("10.000000000000000000") == 10
    assert numbers.parse_positive_figure("0.00000000000000000001") == D("1E-20")
    for parse, typed, sentence in (
        (numbers.parse_figure, "0.000000000000000000001", "may have 20 decimals at most"),
        (numbers.parse_figure, "1000000000001", "is too large"),
        (numbers.parse_positive_figure, "0", "must be more than 0"),
    ):
        with pytest.raises(BadInput, match=sentence):
            parse(typed)
