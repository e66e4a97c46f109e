"""The parsers of numbers and dates that people and programs send: forms, pasted rows, CSV files and the JSON API.

One sentence for each thing that can be wrong; what passes fits its column exactly. ``field`` is the name the sentence
starts with and the key of ``BadInput.details`` ("unit_price" reads "Unit price").
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from webapp.domain.constants import HUNDRED
from webapp.domain.errors import BadInput
from webapp.domain.money import (
    MONEY_SCALE,
    PERCENT_SCALE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    WIDE,
    decimals_of,
    exact,
    fits,
    round_half_up,
)

Number = str | int | Decimal

LONGEST = 60
"""Characters a number may have; more is refused unread."""

MOST_DIGITS = 20
"""Digits before or after the point beyond which no column reaches."""

_PLAIN = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9])")
_SPACE_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}([ \u00a0\u2009\u202f])[0-9]{3}(?:\1[0-9]{3})*(?:[.,][0-9]+)?")
_MARK_GROUPS = {
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?"),
}
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)


def parse_money(value: Number, currency: str, *, field: str = "Amount", decimal_comma: bool = False) -> Decimal:
    """An amount of ``currency`` with its decimals, of any sign. Raises BadInput."""
    decimals = decimals_of(currency)
    number = _parse(value, field, MONEY_SCALE, decimals, decimal_comma=decimal_comma)
    return round_half_up(number, decimals)


def parse_price(value: Number, *, field: str = "Price", decimal_comma: bool = False) -> Decimal:
    """A price per unit: 0 or more, up to 6 decimals. Raises BadInput."""
    return _not_negative(_parse(value, field, PRICE_SCALE, PRICE_SCALE, decimal_comma=decimal_comma), field)


def parse_quantity(
    value: Number, *, field: str = "Quantity", decimals: int = QUANTITY_SCALE, decimal_comma: bool = False
) -> Decimal:
    """A quantity above 0 with up to ``decimals`` decimals. Raises BadInput."""
    return _positive(_parse(value, field, QUANTITY_SCALE, decimals, decimal_comma=decimal_comma), field)


def parse_signed_quantity(
    value: Number, *, field: str = "Quantity", decimals: int = QUANTITY_SCALE, decimal_comma: bool = False
) -> Decimal:
    """A quantity of either sign but not 0: an adjustment of stock, a negative line. Raises BadInput."""
    number = _parse(value, field, QUANTITY_SCALE, decimals, decimal_comma=decimal_comma)
    if not number:
        raise BadInput(f"{label(field)} must not be 0.", field=field)
    return number


def parse_figure(value: Number, *, field: str = "Number", decimal_comma: bool = False) -> Decimal:
    """A number of any sign with up to 20 decimals: prices and quantities of others, to compute with and not to store.

    Raises BadInput.
    """
    return _parse(value, field, MONEY_SCALE, MOST_DIGITS, decimal_comma=decimal_comma)


def parse_positive_figure(value: Number, *, field: str = "Number", decimal_comma: bool = False) -> Decimal:
    """A number above 0 with up to 20 decimals. Raises BadInput."""
    return _positive(parse_figure(value, field=field, decimal_comma=decimal_comma), field)


def parse_percent(value: Number, *, field: str = "Percentage", decimal_comma: bool = False) -> Decimal:
    """A percentage from 0 to 100 with up to 4 decimals, as 5 for 5 %. Raises BadInput."""
    number = _parse(value, field, PERCENT_SCALE, PERCENT_SCALE, decimal_comma=decimal_comma)
    if not 0 <= number <= HUNDRED:
        raise BadInput(f"{label(field)} must be between 0 and 100.", field=field)
    return number


def parse_between(
    value: Number,
    minimum: int,
    maximum: int,
    *,
    field: str = "Number",
    decimals: int = PERCENT_SCALE,
    decimal_comma: bool = False,
) -> Decimal:
    """A number between two bounds, both included, of any sign, with up to ``decimals`` decimals. Raises BadInput."""
    number = _parse(value, field, decimals, decimals, decimal_comma=decimal_comma)
    if not minimum <= number <= maximum:
        raise BadInput(f"{label(field)} must be between {minimum} and {maximum}.", field=field)
    return number


def parse_rate(
    value: Number, *, field: str = "Rate", decimals: int = QUANTITY_SCALE, decimal_comma: bool = False
) -> Decimal:
    """A factor above 0, for exchange rates and unit conversions, up to ``decimals`` decimals. Raises BadInput."""
    return _positive(_parse(value, field, QUANTITY_SCALE, decimals, decimal_comma=decimal_comma), field)


def parse_whole(value: Number, *, field: str = "Number", minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """A whole number from ``minimum`` to ``maximum``. Raises BadInput."""
    number = _parse(value, field, 0, 0, decimal_comma=False)
    if not minimum <= number <= maximum:
        raise BadInput(f"{label(field)} must be a whole number from {minimum} to {maximum}.", field=field)
    return int(number)


def parse_date(value: str | date, *, field: str = "Date") -> date:
    """A business date, written as 2026-05-31. Raises BadInput for anything else, and outside 1900 to 2199."""
    day = _read_date(value, field)
    if not _EARLIEST <= day <= _LATEST:
        raise BadInput(f"{label(field)} must be between the years 1900 and 2199.", field=field)
    return day


@lru_cache(maxsize=10_000)
def plain_digits(value: Decimal) -> str:
    """``value`` as sentences write it: 12.500 -> "12.5", 1E+1 -> "10"."""
    return f"{tidy(value):f}"


@lru_cache(maxsize=10_000)
def price_digits(value: Decimal) -> str:
    """A price as sentences write it, with at least two decimals: 12.5 -> "12.50", 0.123 -> "0.123"."""
    whole, _, decimals = plain_digits(value).partition(".")
    return f"{whole}.{decimals:0<2}"


def tidy(value: Decimal) -> Decimal:
    """The same number without trailing zeros and never in exponent form: 12.500 -> 12.5, 1E+1 -> 10."""
    short = exact(value).normalize(WIDE)
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1), context=WIDE) if isinstance(exponent, int) and exponent > 0 else short


def label(field: str) -> str:
    """How a sentence names ``field``: "unit_price" -> "Unit price"."""
    words = field.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _parse(value: Number, field: str, scale: int, decimals: int, *, decimal_comma: bool) -> Decimal:
    """``value`` as a tidy Decimal with at most ``decimals`` decimals that a column of ``scale`` can hold."""
    number = _read(value, field, decimal_comma)
    if not number:
        return Decimal(0)
    # The size comes first: writing out 1E+999999999 would never end.
    if number.adjusted() > MOST_DIGITS or not fits(number, scale):
        raise BadInput(f"{label(field)} is too large.", field=field)
    if number.adjusted() < -MOST_DIGITS or number != round_half_up(number, decimals):
        raise BadInput(f"{label(field)} {_allowed(decimals)}.", field=field)
    return tidy(number)


def _read(value: Number, field: str, decimal_comma: bool) -> Decimal:
    if isinstance(value, str):
        return Decimal(_normal_spelling(value, field, decimal_comma))
    if value is None:
        raise BadInput(f"{label(field)} is missing.", field=field)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadInput(f"{label(field)} must be a number.", field=field)
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise BadInput(f"{label(field)} is too large.", field=field)
        return Decimal(value)
    if not value.is_finite():
        raise BadInput(f"{label(field)} must be a number.", field=field)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        raise BadInput(f"{label(field)} must be written in plain digits, without an exponent.", field=field)
    return value


def _normal_spelling(text: str, field: str, decimal_comma: bool) -> str:
    """What was typed, as sign, ASCII digits and one decimal point."""
    typed = text.strip().replace("\u2212", "-")
    if not typed:
        raise BadInput(f"{label(field)} is missing.", field=field)
    if len(typed) > LONGEST:
        raise BadInput(f"{label(field)} is too long to be a number.", field=field)
    spelling = _without_marks(_without_spaces(typed), field, decimal_comma)
    if not _PLAIN.fullmatch(spelling):
        example = "1234,56" if decimal_comma else "1234.56"
        raise BadInput(f"{label(field)} must be a number in plain digits, like {example}.", field=field)
    return spelling


def _without_spaces(typed: str) -> str:
    return _SPACES.sub("", typed) if _SPACE_GROUPS.fullmatch(typed) else typed


def _without_marks(typed: str, field: str, decimal_comma: bool) -> str:
    """Without thousands marks and with a decimal point. A lone mark before three digits has two readings: refused."""
    group, point = (".", ",") if decimal_comma else (",", ".")
    if group not in typed:
        return typed.replace(point, ".")
    if not _MARK_GROUPS[group].fullmatch(typed):
        return typed  # no number in any reading: the caller's sentence names the spelling
    if typed.count(group) == 1 and point not in typed:
        one, other = typed.replace(group, ""), typed.replace(group, point)
        raise BadInput(f"{label(field)} {typed} can be read in two ways: write {one} or {other}.", field=field)
    return typed.replace(group, "").replace(point, ".")


def _read_date(value: str | date, field: str) -> date:
    if isinstance(value, datetime) or not isinstance(value, str | date):
        raise BadInput(f"{label(field)} must be a date like 2026-05-31.", field=field)
    if isinstance(value, date):
        return value
    typed = value.strip()
    if not typed:
        raise BadInput(f"{label(field)} is missing.", field=field)
    if not _ISO_DATE.fullmatch(typed):
        raise BadInput(f"{label(field)} must be a date like 2026-05-31.", field=field)
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise BadInput(f"{label(field)} {typed} is not in the calendar.", field=field) from None


def _positive(number: Decimal, field: str) -> Decimal:
    if number <= 0:
        raise BadInput(f"{label(field)} must be more than 0.", field=field)
    return number


def _not_negative(number: Decimal, field: str) -> Decimal:
    if number < 0:
        raise BadInput(f"{label(field)} must not be negative.", field=field)
    return number


def _allowed(decimals: int) -> str:
    if not decimals:
        return "must be a whole number"
    return f"may have {decimals} decimals at most"
