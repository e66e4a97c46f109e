from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.orders.entry import Entry, RowError, parse_entry, parse_rows

D = Decimal


def entry(search, quantity=None, unit=None, discount=None, price=None):
    return Entry(search, quantity and D(quantity), unit, discount and D(discount), price and D(price))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("4711", entry("4711")),
        ("4711 x12 -5%", entry("4711", "12", discount="5")),
        ("4711 -5% x12", entry("4711", "12", discount="5")),
        ("4711 12x", entry("4711", "12")),
        ("4711 ×12", entry("4711", "12")),
        ("4711 X12", entry("4711", "12")),
        ("4711 *12", entry("4711", "12")),
        ("4711 x 12 - 5%", None),
        ("4711 x 12 -5 %", entry("4711", "12", discount="5")),
        ("4711 x2 case", entry("4711", "2", "case")),
        ("4711 x2 case @9.50 -2.5%", entry("4711", "2", "case", "2.5", "9.50")),
        ("4711 @ 9.50", entry("4711", price="9.50")),
        ("4711 @9", entry("4711", price="9")),
        ("4711 x2.5", entry("4711", "2.5")),
        ("4711 \u22125%", entry("4711", discount="5")),
        ("chai tea x12", entry("chai tea", "12")),
        ("  sir   rodney's  x3 ", entry("sir rodney's", "3")),
        ("x12", entry("x12")),
        ("x12 x3", entry("x12", "3")),
        ("-5%", entry("-5%")),
        ("shirt x-large x2", entry("shirt x-large", "2")),
        ("vinegar 5% x2", entry("vinegar 5%", "2")),
        ("pipe 12x50 x4", entry("pipe 12x50", "4")),
        ("usb @home", entry("usb @home")),
        ("日本茶 x2", entry("日本茶", "2")),
    ],
)
def test_one_field_reads_search_quantity_unit_discount_and_price(text, read):
    if read is None:
        with pytest.raises(BadInput):
            parse_entry(text)
    else:
        assert parse_entry(text) == read


def test_a_decimal_comma_is_read_where_the_reader_uses_one():
    assert parse_entry("4711 x2,5 @9,50 -2,5%", decimal_comma=True) == entry("4711", "2.5", None, "2.5", "9.50")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Entry is missing."),
        ("   ", "Entry is missing."),
        ("4711 x0", "Quantity must be more than 0."),
        ("4711 x-3", "Quantity must be more than 0."),
        ("4711 x1,234", "Quantity 1,234 can be read in two ways: write 1234 or 1.234."),
        ("4711 x1.23.4", "Quantity must be a number in plain digits, like 1234.56."),
        ("4711 -101%", "Discount must be between 0 and 100."),
        ("4711 @-1", "Price must not be negative."),
        ("4711 @1.1234567", "Price may have 6 decimals at most."),
        ("4711 x2 x3", "There is more than one quantity: “x3” is one too many."),
        ("4711 -5% -6%", "There is more than one discount: “-6%” is one too many."),
        ("4711 @1 @2", "There is more than one price: “@2” is one too many."),
        ("4711 -5% blue", "“blue” is not understood: write x12, -5% or @9.50 after the item."),
        ("4711 x2 case big", "“big” is not understood: write x12, -5% or @9.50 after the item."),
        ("a\x00b", "Entry contains the control character U+0000, which cannot be stored."),
        ("a" * 201, "Entry may have 200 characters, not 201."),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(BadInput) as refusal:
        parse_entry(text)
    assert refusal.value.message == sentence


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    try:
        read = parse_entry(text)
    except BadInput as refusal:
        assert refusal.message.endswith(".")  # noqa: PT017
    else:
        assert read.search


@given(st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 10**6))
def test_what_is_written_with_marks_reads_back(quantity, discount, price):
    text = f"4711 x{quantity} case -{discount}% @{price}"
    assert parse_entry(text) == Entry("4711", D(quantity), "case", D(discount), D(price))


# -- pasted rows


def test_rows_pasted_from_a_spreadsheet_become_entries():
    rows = parse_rows("SKU\tQuantity\tPrice\tDiscount\r\n4711\t12\t9.50\t5%\r\n\r\n4712\t1 200\t\t2,5\n4713\t2\n")
    assert rows.entries == (
        Entry("4711", D(12), None, D(5), D("9.5"), 2),
        Entry("4713", D(2), row=5),
    )
    assert rows.errors == (RowError(4, "4712\t1 200\t\t2,5", rows.errors[0].message),)
    assert rows.errors[0].message.startswith("Discount must be a number in plain digits")


def test_semicolons_separate_as_well_and_quotes_are_taken_off():
    rows = parse_rows('"4711";"2,5";"1.234,50";-5 %;\n"a ""b""";1', decimal_comma=True)
    assert rows.entries == (Entry("4711", D("2.5"), None, D(5), D("1234.5"), 1), Entry('a "b"', D(1), row=2))
    assert rows.errors == ()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("4711", "Quantity is missing."),
        ("4711\tzwei", "Quantity must be a number in plain digits, like 1234.56."),
        ("4711\t0", "Quantity must be more than 0."),
        ("\t5", "SKU is missing."),
        ("4711\t1\t-1", "Price must not be negative."),
        ("4711\t1\t1\t101", "Discount must be between 0 and 100."),
        ("4711\t1\t1\t1\t1", "A row has SKU, quantity, price and discount, no more."),
        ("47\x0011\t1", "SKU contains the control character U+0000, which cannot be stored."),
    ],
)
def test_a_row_that_cannot_be_read_comes_back_with_its_reason(row, sentence):
    rows = parse_rows(f"4700\t1\n{row}")
    assert [one.search for one in rows.entries] == ["4700"]
    assert rows.errors == (RowError(2, row, sentence),)


def test_only_a_first_row_without_any_digit_is_a_header():
    assert parse_rows("Artikel;Menge\nA1;1").entries == (Entry("A1", D(1), row=2),)
    assert parse_rows("A1;one\nA1;1").errors[0].row == 1
    assert parse_rows("") == parse_rows("\n\n;;\n\t\n")


def test_too_many_rows_are_refused():
    with pytest.raises(BadInput, match="At most 5000 rows"):
        parse_rows("4711;1\n" * 5001)
    assert len(parse_rows("4711;1\n" * 5000).entries) == 5000


@given(st.text(max_size=200))
def test_any_pasted_text_is_read_or_answered_row_by_row(text):
    rows = parse_rows(text)
    seen = [one.row for one in (*rows.entries, *rows.errors)]
    assert len(seen) == len(set(seen))
