"""Tax on the amounts of a document, per category and rate.

The tax of a group is rounded once (EN 16931, BR-CO-17) and shared out over its parts so that they sum to it, or rounded
on each part where the company chose so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from webapp.domain.amounts import ZERO, ChargeAmounts, LineAmounts, TaxRounding, TaxTotal
from webapp.domain.money import WIDE, apportion, round_money
from webapp.domain.numbers import tidy

Taxed = LineAmounts | ChargeAmounts


def exact_tax(amount: Decimal, percent: Decimal, *, included: bool) -> Fraction:
    """The unrounded tax on the net ``amount``, or with ``included`` the tax inside the gross ``amount``."""
    rate = Fraction(percent) / 100
    return Fraction(amount) * rate / (1 + rate) if included else Fraction(amount) * rate


def rounded_tax(amount: Decimal, percent: Decimal, currency: str, *, included: bool) -> Decimal:
    """The tax on ``amount``, half-up to the minor unit of ``currency``."""
    return _round(exact_tax(amount, percent, included=included), currency)


def share_tax(
    parts: Sequence[Fraction], ties: Sequence[tuple[Any, ...]], currency: str, tax_rounding: TaxRounding
) -> list[Decimal]:
    """Round the exact taxes of one category and rate by the company's rule; ``ties`` decide between equal parts."""
    if tax_rounding is TaxRounding.LINE:
        return [_round(part, currency) for part in parts]
    return apportion(parts, _round(sum(parts, Fraction(0)), currency), currency, ties)


def tax_totals(parts: Iterable[Taxed]) -> tuple[TaxTotal, ...]:
    """Net and tax of the ``parts`` per category and rate, higher rates first."""
    by_rate = sorted(parts, key=_category_and_rate)
    return tuple(_tax_total(list(group)) for _, group in groupby(by_rate, key=_category_and_rate))


def _tax_total(parts: Sequence[Taxed]) -> TaxTotal:
    net = sum((part.net_amount for part in parts), ZERO)
    tax = sum((part.tax_amount for part in parts), ZERO)
    return TaxTotal(parts[0].tax_category, tidy(parts[0].tax_percent), net, tax)


def _category_and_rate(part: Taxed) -> tuple[Decimal, str]:
    return -part.tax_percent, part.tax_category


def _round(value: Fraction, currency: str) -> Decimal:
    return round_money(WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)), currency)
