"""Amounts of lines and documents, and their tax.

A line: ``subtotal = round(quantity x price / price base)``, ``net = round(subtotal x (100 - discount %) / 100)``, the
discount is the rest. A document: the order discount is taken off the lines' nets, shared first over tax category and
rate, then over lines; tax is rounded once per category and rate (EN 16931, BR-CO-17; of several taxes on a line each
by itself), or per line where the company chose so. Nothing here depends on the order of the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from webapp.domain.constants import HUNDRED, ONE, ZERO
from webapp.domain.documents.adding_up import adds_up, check_adds_up
from webapp.domain.documents.amounts import (
    ChargeAmounts,
    DocumentCharge,
    DocumentLine,
    DocumentTotals,
    LineAmounts,
    LineTotal,
    TaxRounding,
    TaxTotal,
)
from webapp.domain.documents.tax import tax_parts, tax_totals
from webapp.domain.errors import BadInput
from webapp.domain.money import (
    MONEY_SCALE,
    WIDE,
    exact,
    fits,
    is_whole_minor,
    plain,
    round_money,
    spread,
)
from webapp.domain.taxes.parts import PartAmount, TaxPart

__all__ = [
    "ChargeAmounts",
    "DocumentCharge",
    "DocumentLine",
    "DocumentTotals",
    "LineAmounts",
    "LineTotal",
    "TaxRounding",
    "TaxTotal",
    "adds_up",
    "calculate_line",
    "check_adds_up",
    "document_totals",
]

# -- one line ---------------------------------------------------------------------------------------------------------


def calculate_line(
    unit_price: Decimal,
    quantity: Decimal,
    discount_percent: Decimal,
    tax_percent: Decimal,
    *,
    currency: str = "EUR",
    price_base: Decimal = ONE,
    charges: Decimal | int = 0,
    allowances: Decimal | int = 0,
) -> LineTotal:
    """Amounts of a line in ``currency``: ``quantity`` base units at ``unit_price`` for ``price_base`` of them.

    ``charges`` and ``allowances`` are added to and taken off the net. Raises BadInput for percentages outside 0 to 100,
    a price base that is not positive and amounts beyond the money column.
    """
    _check_percent(discount_percent, "discount_percent", "Discount")
    _check_percent(tax_percent, "tax_percent", "Tax rate")
    subtotal = _subtotal(exact(unit_price), exact(quantity), exact(price_base), currency)
    discounted = _part(subtotal, HUNDRED - discount_percent, currency)
    net = discounted + exact(charges) - exact(allowances)
    tax = _part(net, tax_percent, currency)
    if not fits(WIDE.add(net, tax), MONEY_SCALE):
        raise BadInput("The amount of the line is too large.", field="quantity")
    return LineTotal(subtotal, subtotal - discounted, net, tax, net + tax)


def _subtotal(unit_price: Decimal, quantity: Decimal, price_base: Decimal, currency: str) -> Decimal:
    if price_base <= 0:
        raise BadInput("The quantity a price is for must be more than 0.", field="price_base")
    amount = WIDE.divide(WIDE.multiply(unit_price, quantity), price_base)
    if not fits(amount, MONEY_SCALE):
        raise BadInput("The amount of the line is too large.", field="quantity")
    return round_money(amount, currency)


def _part(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """``percent`` of ``amount``, rounded."""
    return round_money(WIDE.divide(WIDE.multiply(amount, percent), HUNDRED), currency)


def _check_percent(percent: Decimal, field: str, name: str) -> None:
    if not exact(percent).is_finite() or not 0 <= percent <= HUNDRED:
        raise BadInput(f"{name} must be between 0 and 100.", field=field)


# -- a document -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line or a charge on its way to its tax: what was entered, less the discounts that are its own.

    ``tie`` decides between equal remainders: the larger amount, then SKU, then line number; charges after lines.
    """

    amount: Decimal
    category: str
    percent: Decimal
    parts: tuple[TaxPart, ...]
    tie: tuple[Any, ...]

    @property
    def group(self) -> tuple[Decimal, str]:
        """Tax rate and category, higher rates first."""
        return -self.percent, self.category


def document_totals(
    lines: Sequence[DocumentLine],
    charges: Sequence[DocumentCharge] = (),
    *,
    currency: str,
    order_discount_percent: Decimal | int = 0,
    order_discount_amount: Decimal | None = None,
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT,
    prices_include_tax: bool = False,
    prepaid: Decimal | int = 0,
    rounding: Decimal | int = 0,
) -> DocumentTotals:
    """Total a document in ``currency``.

    The order discount is a percentage of the lines' nets (what remains is rounded, the discount is the rest) or a fixed
    amount, not both. With ``prices_include_tax`` every amount entered is gross: the gross stays, tax is rounded, net is
    what is left. Raises BadInput for percentages, amounts or discounts that cannot be.
    """
    alone = [_line_alone(line, currency) for line in lines]
    line_entries = [_line_entry(line, one.net_amount) for line, one in zip(lines, alone, strict=True)]
    charge_entries = [_charge_entry(charge, place, currency) for place, charge in enumerate(charges)]

    net = sum((entry.amount for entry in line_entries), ZERO)
    discount = _order_discount(net, exact(order_discount_percent), order_discount_amount, currency)
    shares = _spread_discount(discount, line_entries, currency)

    entries = [*line_entries, *charge_entries]
    amounts = [entry.amount - share for entry, share in zip(entries, [*shares, *[ZERO] * len(charges)], strict=True)]
    parts = tax_parts(
        amounts,
        [entry.parts for entry in entries],
        [entry.tie for entry in entries],
        currency,
        tax_rounding,
        included=prices_include_tax,
    )
    taxes = [sum(one, ZERO) for one in parts]
    nets = [amount - tax if prices_include_tax else amount for amount, tax in zip(amounts, taxes, strict=True)]

    count = len(lines)
    return _summed(
        tuple(map(_line_amounts, lines, alone, shares, nets[:count], parts[:count])),
        tuple(map(_charge_amounts, charges, nets[count:], parts[count:])),
        charges_total=sum((charge.amount for charge in charges), ZERO),
        order_discount_amount=discount,
        currency=currency,
        tax_rounding=tax_rounding,
        prices_include_tax=prices_include_tax,
        prepaid=exact(prepaid),
        rounding=exact(rounding),
    )


def _line_alone(line: DocumentLine, currency: str) -> LineTotal:
    return calculate_line(
        line.unit_price,
        line.quantity,
        line.discount_percent,
        line.tax_percent,
        currency=currency,
        price_base=line.price_base,
        charges=_whole(line.charges, currency, "A charge of a line"),
        allowances=_whole(line.allowances, currency, "An allowance of a line"),
    )


def _line_entry(line: DocumentLine, net: Decimal) -> _Entry:
    tie = (-net, 0, line.sku, line.line_number)
    return _Entry(net, str(line.tax_category), line.tax_percent, _parts_of(line), tie)


def _charge_entry(charge: DocumentCharge, place: int, currency: str) -> _Entry:
    amount = _whole(charge.amount, currency, "A charge")
    _check_percent(charge.tax_percent, "tax_percent", "Tax rate")
    tie = (-amount, 1, charge.description, place)
    return _Entry(amount, str(charge.tax_category), charge.tax_percent, _parts_of(charge), tie)


def _parts_of(taxed: DocumentLine | DocumentCharge) -> tuple[TaxPart, ...]:
    return taxed.tax_parts or (TaxPart(str(taxed.tax_category), taxed.tax_percent),)


def _whole(amount: Decimal, currency: str, what: str) -> Decimal:
    if not is_whole_minor(exact(amount), currency):
        raise BadInput(f"{what} must be a whole number of the smallest unit of {currency}.", field="amount")
    return amount


def _order_discount(net: Decimal, percent: Decimal, amount: Decimal | None, currency: str) -> Decimal:
    """The order discount on lines of ``net`` together."""
    _check_percent(percent, "order_discount_percent", "Order discount")
    if amount is None:
        return net - _part(net, HUNDRED - percent, currency)
    if amount and percent:
        raise BadInput(
            "Give the order discount as a percentage or as an amount, not both.", field="order_discount_amount"
        )
    _whole(amount, currency, "The order discount")
    most = max(net, ZERO)
    if not 0 <= amount <= most:
        raise BadInput(
            f"The order discount must be between 0 and the net of the lines, {plain(most, currency)}.",
            field="order_discount_amount",
        )
    return amount


def _spread_discount(discount: Decimal, entries: Sequence[_Entry], currency: str) -> list[Decimal]:
    """Each line's share: first over category and rate (higher rate, then larger net first), then over its lines."""
    groups = _by_rate(entries)
    nets = [sum((entries[place].amount for place in group), ZERO) for group in groups]
    ties = [
        (-entries[group[0]].percent, -net, entries[group[0]].category) for group, net in zip(groups, nets, strict=True)
    ]
    shares = [ZERO] * len(entries)
    for group, group_share in zip(groups, spread(discount, nets, currency, ties), strict=True):
        members = [entries[place] for place in group]
        parts = spread(group_share, [m.amount for m in members], currency, [m.tie for m in members])
        for place, part in zip(group, parts, strict=True):
            shares[place] = part
    return shares


def _by_rate(entries: Sequence[_Entry]) -> list[list[int]]:
    """Places of the entries by tax rate and category."""
    places = sorted(range(len(entries)), key=lambda place: entries[place].group)
    return [list(group) for _, group in groupby(places, key=lambda place: entries[place].group)]


def _line_amounts(
    line: DocumentLine, alone: LineTotal, share: Decimal, net: Decimal, parts: Sequence[Decimal]
) -> LineAmounts:
    tax = sum(parts, ZERO)
    return LineAmounts(
        line_number=line.line_number,
        subtotal=alone.subtotal,
        discount_amount=alone.discount_amount,
        order_discount_share=share,
        net_amount=net,
        tax_amount=tax,
        total=net + tax,
        tax_category=str(line.tax_category),
        tax_percent=line.tax_percent,
        line_charges=line.charges - line.allowances,
        tax_parts=_part_amounts(line, parts),
    )


def _charge_amounts(charge: DocumentCharge, net: Decimal, parts: Sequence[Decimal]) -> ChargeAmounts:
    tax = sum(parts, ZERO)
    return ChargeAmounts(
        net, tax, net + tax, str(charge.tax_category), charge.tax_percent, _part_amounts(charge, parts)
    )


def _part_amounts(taxed: DocumentLine | DocumentCharge, amounts: Sequence[Decimal]) -> tuple[PartAmount, ...]:
    if not taxed.tax_parts:
        return ()
    return tuple(map(PartAmount, taxed.tax_parts, amounts))


def _summed(
    lines: tuple[LineAmounts, ...],
    charges: tuple[ChargeAmounts, ...],
    *,
    prepaid: Decimal,
    rounding: Decimal,
    **fixed: Any,
) -> DocumentTotals:
    taxed: tuple[LineAmounts | ChargeAmounts, ...] = (*lines, *charges)
    taxes = tax_totals(taxed)
    net_total = sum((one.net_amount for one in taxed), ZERO)
    tax_total = sum((tax.tax_amount for tax in taxes), ZERO)
    total = net_total + tax_total
    if not fits(total, MONEY_SCALE):
        raise BadInput("The total of the document is too large.")
    return DocumentTotals(
        lines=lines,
        charges=charges,
        taxes=taxes,
        subtotal=sum((line.subtotal for line in lines), ZERO),
        line_discount_total=sum((line.discount_amount for line in lines), ZERO),
        net_total=net_total,
        tax_total=tax_total,
        total=total,
        payable=total - prepaid + rounding,
        prepaid=prepaid,
        rounding=rounding,
        **fixed,
    )
