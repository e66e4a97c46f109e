"""Tax on the amounts of a document, per category and rate, and for several taxes on a line per name too.

The tax of a group is rounded once (EN 16931, BR-CO-17) and shared out over its parts so that they sum to it, or rounded
on each part where the company chose so. Taxes on taxes come in rounds: first what is charged on nets alone, then what
is charged on nets and the taxes shared out so far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import ChargeAmounts, LineAmounts, TaxRounding, TaxTotal
from webapp.domain.money import WIDE, apportion, round_money
from webapp.domain.numbers import tidy
from webapp.domain.taxes.parts import PartAmount, TaxPart, gross_rates, levels, taxable_amounts

Taxed = LineAmounts | ChargeAmounts
Parts = tuple[TaxPart, ...]
Members = list[tuple[int, int]]
"""Places of what is taxed together: of the line or charge, and of the part in its tax."""


def exact_tax(amount: Decimal, percent: Decimal, *, included: bool) -> Fraction:
    """The unrounded tax on the net ``amount``, or with ``included`` the tax inside the gross ``amount``."""
    return exact_part(amount, (TaxPart("", percent),), 0, ZERO, included=included)


def exact_part(amount: Decimal, parts: Parts, place: int, before: Decimal, *, included: bool) -> Fraction:
    """The unrounded part of a tax on ``amount``; ``before`` is what the parts before it came to."""
    if included:
        return Fraction(amount) * gross_rates(parts)[place]
    part = parts[place]
    return Fraction(amount + before if part.on_previous else amount) * Fraction(part.percent) / 100


def rounded_tax(amount: Decimal, percent: Decimal, currency: str, *, included: bool) -> Decimal:
    """The tax on ``amount``, half-up to the minor unit of ``currency``."""
    return rounded(exact_tax(amount, percent, included=included), currency)


def tax_parts(
    amounts: Sequence[Decimal],
    taxes: Sequence[Parts],
    ties: Sequence[tuple[Any, ...]],
    currency: str,
    tax_rounding: TaxRounding,
    *,
    included: bool,
) -> list[list[Decimal]]:
    """Every part of the tax on each amount, by the company's rule; ``ties`` decide between equal remainders."""
    charged = [[ZERO] * len(parts) for parts in taxes]
    for members in taxed_together(taxes, included=included):
        exact = [
            exact_part(amounts[entry], taxes[entry], place, sum(charged[entry][:place], ZERO), included=included)
            for entry, place in members
        ]
        shares = _share(exact, [(*ties[entry], place) for entry, place in members], currency, tax_rounding)
        for (entry, place), share in zip(members, shares, strict=True):
            charged[entry][place] = share
    return charged


def taxed_together(taxes: Sequence[Parts], *, included: bool) -> Iterator[Members]:
    """Parts that are rounded together: of one category, rate and name, in the rounds that taxes on taxes take.

    Inside gross amounts every part is known at once, so there is one round.
    """
    groups: dict[tuple[int, Decimal, str, str], Members] = defaultdict(list)
    for entry, parts in enumerate(taxes):
        rounds = levels(parts)
        for place, part in enumerate(parts):
            level = 0 if included else rounds[place]
            groups[level, -part.percent, part.category, part.name].append((entry, place))
    for key in sorted(groups):
        yield groups[key]


def parts_of(taxed: Taxed) -> tuple[PartAmount, ...]:
    """The taxes on a line or charge; a plain one is a single part without a name."""
    return taxed.tax_parts or (PartAmount(TaxPart(taxed.tax_category, taxed.tax_percent), taxed.tax_amount),)


def tax_totals(taxed: Iterable[Taxed]) -> tuple[TaxTotal, ...]:
    """What is taxed and its tax per category, rate and name, higher rates first."""
    sums: dict[tuple[Decimal, str, str], tuple[Decimal, Decimal]] = {}
    for one in taxed:
        parts = parts_of(one)
        for part, taxable in zip(parts, taxable_amounts(one.net_amount, parts), strict=True):
            key = (-part.part.percent, part.part.category, part.part.name)
            net, tax = sums.get(key, (ZERO, ZERO))
            sums[key] = (net + taxable, tax + part.amount)
    return tuple(
        TaxTotal(category, tidy(-negative), *sums[negative, category, name], name)
        for negative, category, name in sorted(sums)
    )


def rounded(value: Fraction, currency: str) -> Decimal:
    """An exact amount, half-up to the minor unit of ``currency``."""
    return round_money(WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)), currency)


def _share(
    parts: Sequence[Fraction], ties: Sequence[tuple[Any, ...]], currency: str, tax_rounding: TaxRounding
) -> list[Decimal]:
    """Round the exact taxes of one group so that they sum to its rounded tax, or each by itself."""
    if tax_rounding is TaxRounding.LINE:
        return [rounded(part, currency) for part in parts]
    return apportion(parts, rounded(sum(parts, Fraction(0)), currency), currency, ties)
