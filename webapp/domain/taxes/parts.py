"""A tax that is made of several: its parts in order, each charged on the net, or also on the parts before it.

GST 5 % and QST 9.975 % on 100.00 are 5.00 and 9.98; where QST is charged on GST too it is 10.47. A plain tax is a
single part without a name. Rates are exact fractions here; what is rounded, and where, is the document's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.money import PERCENT_SCALE, WIDE, round_half_up
from webapp.domain.numbers import tidy


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One of the taxes on a line: category, rate in percent, name, and whether the parts before it are taxed too."""

    category: str
    percent: Decimal
    name: str = ""
    on_previous: bool = False


@dataclass(frozen=True, slots=True)
class PartAmount:
    """What a part of the tax comes to on one line or charge."""

    part: TaxPart
    amount: Decimal

    def as_dict(self) -> dict[str, Any]:
        """Safe for JSON: decimals are strings of plain digits."""
        return {
            "category": self.part.category,
            "percent": f"{self.part.percent:f}",
            "name": self.part.name,
            "on_previous": self.part.on_previous,
            "amount": f"{self.amount:f}",
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PartAmount:
        """The part that ``as_dict`` wrote."""
        part = TaxPart(data["category"], Decimal(data["percent"]), data["name"], data["on_previous"])
        return cls(part, Decimal(data["amount"]))


def stored(parts: Sequence[PartAmount]) -> list[dict[str, Any]]:
    """The parts as a line keeps them; empty for a plain tax."""
    return [part.as_dict() for part in parts]


def uncharged(parts: Sequence[TaxPart]) -> list[dict[str, Any]]:
    """The parts as a line keeps them until its totals are computed."""
    return stored([PartAmount(part, ZERO) for part in parts])


def kept_parts(data: Sequence[Mapping[str, Any]] | None) -> tuple[TaxPart, ...]:
    """The parts that a line keeps, without their amounts."""
    return tuple(one.part for one in restored(data))


def restored(data: Sequence[Mapping[str, Any]] | None) -> tuple[PartAmount, ...]:
    """The parts that ``stored`` wrote."""
    return tuple(PartAmount.from_dict(part) for part in data or ())


@lru_cache(maxsize=1024)
def net_rates(parts: tuple[TaxPart, ...]) -> tuple[Fraction, ...]:
    """What each part takes of the net, exactly: 5 % and then 9.975 % on both are 0.05 and 0.1047375."""
    rates: list[Fraction] = []
    for part in parts:
        base = 1 + sum(rates) if part.on_previous else Fraction(1)
        rates.append(base * Fraction(part.percent) / 100)
    return tuple(rates)


@lru_cache(maxsize=1024)
def gross_rates(parts: tuple[TaxPart, ...]) -> tuple[Fraction, ...]:
    """What each part takes of an amount that includes them all."""
    rates = net_rates(parts)
    whole = 1 + sum(rates)
    return tuple(rate / whole for rate in rates)


def combined_percent(parts: Sequence[TaxPart]) -> Decimal:
    """The one rate in percent that the parts come to together, to 4 decimals half-up: what lines show."""
    percent = sum(net_rates(tuple(parts)), Fraction(0)) * 100
    return round_half_up(WIDE.divide(Decimal(percent.numerator), Decimal(percent.denominator)), PERCENT_SCALE)


@lru_cache(maxsize=1024)
def levels(parts: tuple[TaxPart, ...]) -> tuple[int, ...]:
    """In which round each part is computed: 0 on the net alone, otherwise after every part that it is charged on."""
    found: list[int] = []
    for part in parts:
        found.append(1 + max(found) if part.on_previous and found else 0)
    return tuple(found)


def taxable_amounts(net: Decimal, parts: Sequence[PartAmount]) -> list[Decimal]:
    """What each part is charged on: the net, or the net and the amounts of the parts before it."""
    found, before = [], ZERO
    for one in parts:
        found.append(net + before if one.part.on_previous else net)
        before += one.amount
    return found


def described(parts: Sequence[PartAmount]) -> str:
    """The parts with their amounts in words: "GST 5.00, QST 9.98"."""
    return ", ".join(f"{one.part.name} {one.amount:f}" for one in parts)


def check_parts(parts: Sequence[TaxPart]) -> str:
    """What is wrong with a tax made of ``parts``, in a sentence, or nothing."""
    if len({(part.category, part.percent, part.name) for part in parts}) < len(parts):
        return "A part stands there twice."
    if parts and combined_percent(parts) > HUNDRED:
        return f"The parts come to {tidy(combined_percent(parts)):f} percent; 100 is the most."
    return ""
