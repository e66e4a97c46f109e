"""Whether the stored amounts of a document add up; asked before a document is posted and by the invariants.

Looks at the amounts alone: each line, each sum, the tax per category and rate as its rule says, and that every amount
is a whole number of minor units.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import ChargeAmounts, DocumentTotals, LineAmounts, TaxRounding
from webapp.domain.documents.tax import Taxed, exact_part, parts_of, rounded, tax_totals, taxed_together
from webapp.domain.errors import Refused
from webapp.domain.money import is_whole_minor


def adds_up(totals: DocumentTotals) -> tuple[str, ...]:
    """Sentences of what does not add up in ``totals``; empty when all is well."""
    return (
        *_fractions_of_minor_units(totals),
        *_line_faults(totals),
        *_charge_faults(totals),
        *_sum_faults(totals),
        *_tax_faults(totals),
    )


def check_adds_up(totals: DocumentTotals, what: str) -> None:
    """Refuse ``what`` ("Invoice draft 12") when its amounts do not add up. Raises Refused with every sentence."""
    faults = adds_up(totals)
    if faults:
        raise Refused(f"{what} does not add up. {' '.join(faults)}", {"faults": list(faults)})


def _fractions_of_minor_units(totals: DocumentTotals) -> Iterator[str]:
    if not all(is_whole_minor(amount, totals.currency) for amount in _amounts(totals)):
        yield f"An amount is not a whole number of the smallest unit of {totals.currency}."


def _amounts(totals: DocumentTotals) -> Iterator[Decimal]:
    for line in totals.lines:
        yield from (line.subtotal, line.discount_amount, line.order_discount_share, line.line_charges)
    for part in _parts(totals):
        yield from (part.net_amount, part.tax_amount, part.total)
    yield from (totals.order_discount_amount, totals.charges_total, totals.prepaid, totals.rounding, totals.payable)


def _parts(totals: DocumentTotals) -> tuple[Taxed, ...]:
    return (*totals.lines, *totals.charges)


def _line_faults(totals: DocumentTotals) -> Iterator[str]:
    for line in totals.lines:
        entered = line.subtotal - line.discount_amount - line.order_discount_share + line.line_charges
        if entered != _entered(line, totals):
            yield f"Line {line.line_number}: subtotal less discounts is not its {_kind(totals)} amount."
        if line.net_amount + line.tax_amount != line.total:
            yield f"Line {line.line_number}: net and tax do not add up to its total."


def _charge_faults(totals: DocumentTotals) -> Iterator[str]:
    for place, charge in enumerate(totals.charges, 1):
        if charge.net_amount + charge.tax_amount != charge.total:
            yield f"Charge {place}: net and tax do not add up to its total."


def _entered(part: Taxed, totals: DocumentTotals) -> Decimal:
    return part.total if totals.prices_include_tax else part.net_amount


def _kind(totals: DocumentTotals) -> str:
    return "gross" if totals.prices_include_tax else "net"


def _sum_faults(totals: DocumentTotals) -> Iterator[str]:
    lines, parts = totals.lines, _parts(totals)
    sums = (
        ("The subtotals of the lines", (line.subtotal for line in lines), totals.subtotal),
        ("The discounts of the lines", (line.discount_amount for line in lines), totals.line_discount_total),
        (
            "The shares of the order discount",
            (line.order_discount_share for line in lines),
            totals.order_discount_amount,
        ),
        ("The charges", (_entered(charge, totals) for charge in totals.charges), totals.charges_total),
        ("The net amounts", (part.net_amount for part in parts), totals.net_total),
        ("The tax amounts", (part.tax_amount for part in parts), totals.tax_total),
        ("Net and tax", (totals.net_total, totals.tax_total), totals.total),
        ("Total, prepaid and rounding", (totals.total, -totals.prepaid, totals.rounding), totals.payable),
    )
    for name, amounts, stored in sums:
        come_to = sum(amounts, ZERO)
        if come_to != stored:
            yield f"{name} come to {come_to:f}, the document says {stored:f}."


def _tax_faults(totals: DocumentTotals) -> Iterator[str]:
    taxed = _parts(totals)
    if set(tax_totals(taxed)) != set(totals.taxes):
        yield "The taxes by category and rate are not those of the lines and charges."
    for one in taxed:
        if sum((part.amount for part in parts_of(one)), ZERO) != one.tax_amount:
            yield f"{_name(one, totals)}: its taxes do not add up to its tax."
    yield from _rate_faults(taxed, totals)


def _rate_faults(taxed: tuple[Taxed, ...], totals: DocumentTotals) -> Iterator[str]:
    """Each tax against its rule: by category, rate and name on the document, or on each line."""
    charged = [parts_of(one) for one in taxed]
    rates = [tuple(part.part for part in parts) for parts in charged]
    for members in taxed_together(rates, included=totals.prices_include_tax):
        exact, amounts = [], []
        for entry, place in members:
            before = sum((part.amount for part in charged[entry][:place]), ZERO)
            amount = _entered(taxed[entry], totals)
            exact.append(exact_part(amount, rates[entry], place, before, included=totals.prices_include_tax))
            amounts.append(charged[entry][place].amount)
        if totals.tax_rounding is TaxRounding.DOCUMENT:
            part = rates[members[0][0]][members[0][1]]
            if sum(amounts, ZERO) != rounded(sum(exact, Fraction(0)), totals.currency):
                yield f"The tax of category {part.category} at {part.percent:f} % is not its rate of the net amounts."
        else:
            for (entry, _), tax, amount in zip(members, exact, amounts, strict=True):
                if amount != rounded(tax, totals.currency):
                    yield f"{_name(taxed[entry], totals)}: the tax is not its rate of the net amount."


def _name(part: LineAmounts | ChargeAmounts, totals: DocumentTotals) -> str:
    if isinstance(part, LineAmounts):
        return f"Line {part.line_number}"
    return f"Charge {totals.charges.index(part) + 1}"
