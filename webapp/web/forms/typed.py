"""What people type into forms: read in their own number format, kept as typed, shown again with what is wrong.

``amount_in_field`` writes an amount as its reader types one, ``typed_money`` and ``typed_day`` read them back.
``Typed`` is a form as it is shown: what stands in its fields, and the refusal of the last try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from flask import Flask, request

from webapp import formats
from webapp.domain.errors import BadInput, DomainError
from webapp.domain.money import decimals_of
from webapp.domain.numbers import parse_date, parse_money, parse_quantity, parse_signed_quantity

NOTHING: Mapping[str, str] = {}
SWAPPED = str.maketrans(",.", ".,")


def amount_in_field(amount: Decimal | None, currency: str) -> str:
    """An amount as it stands in a field: without groups, so that it reads back in one way."""
    return formats.typed(amount, decimals_of(currency))


def neutral(number: str) -> str:
    """A number between the reader's format and the one with a decimal point, which services read; it undoes itself."""
    return number.translate(SWAPPED) if formats.decimal_comma() else number


def typed_money(name: str, currency: str) -> Decimal:
    """The amount in a field of this request's form. Raises BadInput."""
    return parse_money(request.form.get(name, ""), currency, field=name, decimal_comma=formats.decimal_comma())


def money_or_problem(text: str, currency: str, field: str) -> Decimal | BadInput:
    """The amount that was typed so far, or what keeps it from being one: for figures that follow the typing."""
    try:
        return parse_money(text, currency, field=field, decimal_comma=formats.decimal_comma())
    except BadInput as problem:
        return problem


def typed_quantity(name: str) -> Decimal:
    """The quantity, more than 0, in a field of this request's form. Raises BadInput."""
    return parse_quantity(request.form.get(name, ""), field=name, decimal_comma=formats.decimal_comma())


def typed_signed_quantity(name: str) -> Decimal:
    """The quantity of either sign, not 0, in a field of this request's form. Raises BadInput."""
    return parse_signed_quantity(request.form.get(name, ""), field=name, decimal_comma=formats.decimal_comma())


def typed_day(name: str) -> date | None:
    """The day in a field of this request's form; None when it is empty. Raises BadInput."""
    text = request.form.get(name, "").strip()
    return parse_date(text, field=name) if text else None


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it is shown. A refusal is about ``subject``, unless its details carry a key of ``fields``."""

    values: Mapping[str, str] = field(default_factory=dict)
    refusal: DomainError | None = None
    subject: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        return self.values.get(name, default)

    def error(self, name: str) -> str | None:
        """What is wrong with a field."""
        return next((sentence for found, sentence in self.errors if found == name), None)

    @property
    def errors(self) -> list[tuple[str | None, str]]:
        """Each wrong field with its sentence; a refusal of the whole has no field."""
        if self.refusal is None:
            return []
        if isinstance(self.refusal, BadInput) and self.refusal.details:
            return [(name, str(sentence)) for name, sentence in self.refusal.details.items()]
        named = (name for detail, name in self.fields.items() if detail in self.refusal.details)
        return [(next(named, self.subject), self.refusal.message)]


def as_typed(
    refusal: DomainError | None = None, subject: str | None = None, fields: Mapping[str, str] = NOTHING
) -> Typed:
    """The form of this request, to be shown again."""
    return Typed(request.form.to_dict(), refusal, subject, fields)


def init_typed(app: Flask) -> None:
    """Give templates ``amount_in_field``."""
    app.jinja_env.globals["amount_in_field"] = amount_in_field
