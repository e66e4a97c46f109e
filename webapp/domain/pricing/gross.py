"""Prices with and without tax: from the kind that a rule gives to the kind that a document is written in.

A gross price contains the tax of the item's own code. Without tax it is what is left; with the tax that the customer is
charged it is that net and the customer's tax: 121.00 with 21 % is 106.00 with 6 %. 6 decimals, half-up.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from webapp.domain.constants import HUNDRED
from webapp.domain.money import PRICE_SCALE, WIDE, round_half_up, round_money
from webapp.domain.numbers import tidy
from webapp.domain.pricing.derivation import DerivedPrice, NextBreak, PriceStep

STEP = "TAX"
"""The kind of the step that tells of a conversion."""


def without_tax(gross: Decimal, percent: Decimal) -> Decimal:
    """``gross`` less the tax of ``percent`` that it contains."""
    return round_half_up(WIDE.divide(WIDE.multiply(gross, HUNDRED), HUNDRED + percent), PRICE_SCALE)


def with_tax(net: Decimal, percent: Decimal) -> Decimal:
    """``net`` and a tax of ``percent`` on it."""
    return round_half_up(WIDE.divide(WIDE.multiply(net, HUNDRED + percent), HUNDRED), PRICE_SCALE)


def changed_kind(price: Decimal, percent: Decimal, *, included: bool, include: bool) -> Decimal:
    """A price of one line from one kind to the other, at the tax that the line is charged."""
    if included == include:
        return price
    return with_tax(price, percent) if include else without_tax(price, percent)


def in_kind(
    derived: DerivedPrice, *, include_tax: bool, own_percent: Decimal, charged_percent: Decimal
) -> DerivedPrice:
    """A derived price as a document states it that is gross (``include_tax``) or net, with a step that says so.

    ``own_percent`` is the rate of the item's own tax code, ``charged_percent`` what this customer is charged.
    """

    def convert(price: Decimal) -> Decimal:
        if not derived.includes_tax:
            return with_tax(price, charged_percent) if include_tax else price
        if not include_tax:
            return without_tax(price, own_percent)
        if own_percent == charged_percent:
            return price
        exact_net = WIDE.divide(WIDE.multiply(price, HUNDRED), HUNDRED + own_percent)
        return with_tax(exact_net, charged_percent)

    if derived.unit_price is None:
        return replace(derived, includes_tax=include_tax)
    price = convert(derived.unit_price)
    then = derived.next_break
    steps = derived.derivation
    if derived.includes_tax != include_tax or price != derived.unit_price:
        steps = _after_the_winner(steps, _step(derived, price, include_tax, own_percent, charged_percent))
    return replace(
        derived,
        unit_price=price,
        derivation=steps,
        next_break=then and _converted_break(then, price, convert(then.unit_price), derived.currency),
        includes_tax=include_tax,
    )


def _converted_break(then: NextBreak, price: Decimal, then_price: Decimal, currency: str) -> NextBreak:
    """The next break in the document's kind of price, with what it then saves."""
    saving = (
        None if then.saving is None else round_money(WIDE.multiply(then.min_quantity, price - then_price), currency)
    )
    return NextBreak(then.min_quantity, then_price, saving)


def _step(
    derived: DerivedPrice, price: Decimal, include_tax: bool, own_percent: Decimal, charged_percent: Decimal
) -> PriceStep:
    own, charged = (f"{tidy(percent):f} %" for percent in (own_percent, charged_percent))
    if not derived.includes_tax:
        label, detail = "With tax", f"The price is without tax; {charged} come on top."
    elif not include_tax:
        label, detail = "Without tax", f"The price includes {own} tax of the item."
    else:
        label, detail = "With another tax", f"The price includes {own} tax of the item; this customer pays {charged}."
    return PriceStep(STEP, label, price, detail, won=True)


def _after_the_winner(steps: tuple[PriceStep, ...], step: PriceStep) -> tuple[PriceStep, ...]:
    """The steps that count come first; the conversion is the last of them."""
    counting = sum(1 for one in steps if one.won)
    return (*steps[:counting], step, *steps[counting:])
