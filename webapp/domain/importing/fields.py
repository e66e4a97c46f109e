"""Readers of single values, and tables of them: what a record may carry, alike for forms, files and programs.

A reader takes what was sent (text, or a typed value from a program) and the field's name; it answers the clean value
or raises BadInput. A table maps field names to readers; ``read`` applies it and reports every bad field at once.
Empty text is a value too: readers of optional fields turn it into the field's default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import available_timezones

from webapp.domain import numbers
from webapp.domain.errors import BadInput
from webapp.domain.money import CURRENCIES
from webapp.domain.text import clean

Reader = Callable[[Any, str], Any]
Table = Mapping[str, Reader]
S = TypeVar("S", bound=StrEnum)

LONGEST_CODE = 40
_CODE = re.compile(r"\w(?:[\w.+*:-]| (?=[\w.+*:-])){0,39}")
_EMAIL = re.compile(r"[^@\s<>\"',;]+@[^@\s<>\"',;]+")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_DOCUMENT_NUMBER = re.compile(r"\w(?:[\w.+*:(),&-]| (?=[\w.+*:(),&-])|/(?=\w*\d)){0,59}")
RESERVED_CODES = frozenset({"new"})
"""Words that stand in addresses where a code could."""
LONGEST_NUMBER = 60
RESERVED_BEGINNINGS = ("drafts/", "to-bill")
"""How addresses of invoices begin that have no number."""

YES = frozenset({"yes", "y", "true", "1", "on"})
NO = frozenset({"no", "n", "false", "0", "off", ""})


def read(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, each by its reader. Raises BadInput with a sentence for every bad or unknown field."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in values.items():
        try:
            found[name] = _reader(table, name)(value, name)
        except BadInput as error:
            wrong[name] = error.message
    refuse_all(wrong)
    return found


def read_whole(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of the table, those not given as if they were empty. Raises BadInput."""
    return read(table, {**dict.fromkeys(table, ""), **values})


def refuse_all(wrong: Mapping[str, str]) -> None:
    """Raise BadInput with every sentence of ``wrong``, by field; the first one leads. Nothing wrong: nothing raised."""
    if wrong:
        field, sentence = next(iter(wrong.items()))
        error = BadInput(sentence, details=wrong)
        error.field = field
        raise error


def _reader(table: Table, name: str) -> Reader:
    if name not in table:
        raise BadInput(f"{numbers.label(name)} is not a field here.", field=name)
    return table[name]


# --- readers ---------------------------------------------------------------------------------------------------------


def text(max_length: int, *, required: bool = False, multiline: bool = False, default: str = "") -> Reader:
    """Text of at most ``max_length`` characters."""

    def reader(value: Any, field: str) -> str:
        return clean(value, field=field, max_length=max_length, required=required, multiline=multiline) or default

    return reader


def code(value: Any, field: str) -> str:
    """A code that can stand in an address and in a file: letters, digits and . _ - + * : with single blanks."""
    found = clean(value, field=field, max_length=LONGEST_CODE, required=True)
    if not _CODE.fullmatch(found):
        raise BadInput(
            f"{numbers.label(field)} {found} must begin with a letter or digit and hold only letters, digits, single"
            " blanks and . _ - + * :",
            field=field,
        )
    if found.lower() in RESERVED_CODES:
        raise BadInput(f"{numbers.label(field)} cannot be {found}: the program uses that word itself.", field=field)
    return found


def document_number(value: Any, field: str) -> str:
    """The number of a document of another system: as free as a number that stands in an address can be.

    A part after a slash holds a digit in its first word (R/2025/17), so that it is never one of our own words.
    """
    found = clean(value, field=field, max_length=LONGEST_NUMBER, required=True)
    is_reserved = found.lower() in RESERVED_CODES or found.lower().startswith(RESERVED_BEGINNINGS)
    if not _DOCUMENT_NUMBER.fullmatch(found) or is_reserved or found.endswith(".pdf"):
        raise BadInput(
            f"{numbers.label(field)} {found} must begin with a letter or digit and hold only letters, digits, single"
            " blanks, . _ - + * : ( ) , & and slashes before a part with a digit.",
            field=field,
        )
    return found


def email(value: Any, field: str) -> str:
    """An e-mail address, or nothing."""
    found = clean(value, field=field, max_length=254)
    if found and not _EMAIL.fullmatch(found):
        raise BadInput(f"{numbers.label(field)} must be an e-mail address like name@example.com.", field=field)
    return found


def currency(value: Any, field: str) -> str:
    """A currency code of ISO 4217."""
    found = clean(value, field=field, max_length=20, required=True).upper()
    if found not in CURRENCIES:
        raise BadInput(f"{numbers.label(field)} {found} is not a currency code of ISO 4217, like EUR.", field=field)
    return found


def is_currency(code: str) -> bool:
    """Whether ``code`` is a currency of ISO 4217."""
    return code in CURRENCIES


def country(value: Any, field: str) -> str:
    """A country by its two letters (ISO 3166-1), or nothing."""
    return _shaped(value, field, _COUNTRY, "must be the two letters of a country, like DE", str.upper)


def language(value: Any, field: str) -> str:
    """A language tag like ``en`` or ``de-CH``; ``en`` when empty."""
    return _shaped(value, field, _LANGUAGE, "must be a language like en or de-CH") or "en"


def time_zone(value: Any, field: str) -> str:
    """The name of a time zone (IANA)."""
    found = clean(value, field=field, max_length=60, required=True)
    if found not in available_timezones():
        raise BadInput(f"{numbers.label(field)} must be a time zone like Europe/Berlin.", field=field)
    return found


def flag(value: Any, field: str) -> bool:
    """Yes or no; nothing is no."""
    return _truth(value, field, default=False)


def flag_on(value: Any, field: str) -> bool:
    """Yes or no; nothing is yes."""
    return _truth(value, field, default=True)


def choice(enum: type[S], default: S) -> Reader:
    """A member of ``enum`` in any case; ``default`` when empty."""

    def reader(value: Any, field: str) -> S:
        found = clean(value, field=field, max_length=60)
        for member in enum:
            if member.value.lower() == found.lower():
                return member
        if not found:
            return default
        allowed = ", ".join(member.value.lower() for member in enum)
        raise BadInput(f"{numbers.label(field)} {found} is not one of: {allowed}.", field=field)

    return reader


def optional(reader: Reader, default: Any = None) -> Reader:
    """``reader``, with ``default`` for nothing."""

    def optional_reader(value: Any, field: str) -> Any:
        return default if is_blank(value) else reader(value, field)

    return optional_reader


def money(currency: str) -> Reader:
    """An amount of 0 or more in whole minor units of ``currency``."""

    def reader(value: Any, field: str) -> Decimal:
        found = numbers.parse_money(value, currency, field=field)
        if found < 0:
            raise BadInput(f"{numbers.label(field)} must not be negative.", field=field)
        return found

    return reader


def price(value: Any, field: str) -> Decimal:
    """A price of 0 or more with up to 6 decimals."""
    return numbers.parse_price(value, field=field)


def quantity(value: Any, field: str) -> Decimal:
    """A quantity above 0."""
    return numbers.parse_quantity(value, field=field)


def quantity_or_none(value: Any, field: str) -> Decimal:
    """A quantity of 0 or more; 0 when empty."""
    return Decimal(0) if is_blank(value) else numbers.parse_price(value, field=field)


def factor(value: Any, field: str) -> Decimal:
    """A factor above 0 with up to 6 decimals."""
    return numbers.parse_rate(value, field=field)


def percent(value: Any, field: str) -> Decimal:
    """A percentage from 0 to 100."""
    return numbers.parse_percent(value, field=field)


def change_in_percent(value: Any, field: str) -> Decimal:
    """A surcharge, or as a negative number a reduction, in percent; 0 when empty."""
    return Decimal(0) if is_blank(value) else numbers.parse_between(value, -100, 1000, field=field)


def whole(minimum: int, maximum: int, default: int | None = None) -> Reader:
    """A whole number between two bounds; ``default`` when empty, if there is one."""

    def reader(value: Any, field: str) -> int:
        if default is not None and is_blank(value):
            return default
        return numbers.parse_whole(value, field=field, minimum=minimum, maximum=maximum)

    return reader


def day(value: Any, field: str) -> Any:
    """A business date."""
    return numbers.parse_date(value, field=field)


def words(max_length: int, most: int = 500) -> Reader:
    """Several short texts: a list, or text with one on each line or between semicolons. Each once, in their order."""
    word = text(max_length, required=True)

    def reader(value: Any, field: str) -> tuple[str, ...]:
        parts = value if isinstance(value, list | tuple) else re.split(r"[\n;]", value or "")
        found = tuple(dict.fromkeys(word(part, field) for part in parts if not is_blank(part)))
        if len(found) > most:
            raise BadInput(f"{numbers.label(field)} may name {most} at most.", field=field)
        return found

    return reader


def is_blank(value: Any) -> bool:
    """Whether nothing was sent: None, or text without a character."""
    return value is None or (isinstance(value, str) and not value.strip())


def written(value: Any) -> str:
    """``value`` as these readers read it back: plain digits, ISO dates, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return f"{numbers.tidy(value):f}"
    if isinstance(value, tuple):
        return "\n".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _shaped(value: Any, field: str, shape: re.Pattern[str], wanted: str, change: Callable[[str], str] = str) -> str:
    found = change(clean(value, field=field, max_length=20))
    if found and not shape.fullmatch(found):
        raise BadInput(f"{numbers.label(field)} {found} {wanted}.", field=field)
    return found


def _truth(value: Any, field: str, *, default: bool) -> bool:
    if is_blank(value):
        return default
    if isinstance(value, bool):
        return value
    word = clean(str(value), field=field, max_length=20).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise BadInput(f"{numbers.label(field)} {word} must be yes or no.", field=field)
