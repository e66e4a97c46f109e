"""A promotion as the rules read it: what it gives, for what, from how much on and when, and its terms in words.

Quantities are in base units, prices for one base unit in the currency of the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.money import PRICE_SCALE, WIDE
from webapp.domain.numbers import plain_digits, price_digits

SMALLEST = Decimal(1).scaleb(-PRICE_SCALE)


class Benefit(StrEnum):
    """What a promotion gives: percent off, an amount off each base unit, a fixed price of one, or goods for nothing."""

    PERCENT = "PERCENT"
    AMOUNT = "AMOUNT"
    FIXED_PRICE = "FIXED_PRICE"
    FREE_GOODS = "FREE_GOODS"


@dataclass(frozen=True)
class PromotionRule:
    """A promotion as the rules read it.

    It is for all items, or for ``variants`` and for those of ``categories`` (ids, sub-categories included). With
    ``over_lines`` its quantity and amount are asked of all its lines together, else of each. FREE_GOODS gives
    ``free_quantity`` of ``free_variant`` (None: of the item bought) for every ``buy_quantity``. ``barred`` says why it
    cannot count for this order although it would fit, such as that it was used up.
    """

    rule_id: int
    name: str
    benefit: Benefit
    value: Decimal = ZERO
    currency: str | None = None
    all_items: bool = True
    variants: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    min_quantity: Decimal = ZERO
    max_quantity: Decimal | None = None
    min_amount: Decimal = ZERO
    over_lines: bool = False
    buy_quantity: Decimal = ZERO
    free_quantity: Decimal = ZERO
    free_variant: int | None = None
    stackable: bool = False
    priority: int = 0
    barred: str = ""

    @cached_property
    def order(self) -> tuple[int, int]:
        """Which goes first between promotions that are as good."""
        return self.priority, self.rule_id

    def price_after(self, price: Decimal) -> Decimal:
        """What the promotion makes of a price; never a higher one, never below 0."""
        if self.benefit is Benefit.PERCENT:
            return WIDE.quantize(WIDE.multiply(price, self._kept), SMALLEST)
        if self.benefit is Benefit.AMOUNT:
            return max(price - self.value, ZERO)
        return min(price, self.value) if self.benefit is Benefit.FIXED_PRICE else price

    @cached_property
    def label(self) -> str:
        """How a derivation calls it."""
        return f"Promotion {self.name}"

    @cached_property
    def _kept(self) -> Decimal:
        """The part of the price that a percentage leaves."""
        return WIDE.divide(HUNDRED - self.value, HUNDRED)

    def free_for(self, bought: Decimal) -> Decimal:
        """How much comes free with a quantity bought."""
        if self.benefit is not Benefit.FREE_GOODS or not self.buy_quantity:
            return ZERO
        return WIDE.multiply(WIDE.divide_int(bought, self.buy_quantity), self.free_quantity)

    @cached_property
    def terms(self) -> str:
        """What it gives, from how much on and when, as a sentence."""
        return f"{', '.join([_GIVES[self.benefit](self), *self._conditions(), *self._days()])}."

    @property
    def gives(self) -> str:
        """What it gives and from how much on, as a sentence, where its days stand beside it."""
        return f"{', '.join([_GIVES[self.benefit](self), *self._conditions()])}."

    def _conditions(self) -> Iterable[str]:
        if self.min_quantity and self.max_quantity is not None:
            yield f"from {plain_digits(self.min_quantity)} to {plain_digits(self.max_quantity)}"
        elif self.min_quantity:
            yield f"from {plain_digits(self.min_quantity)}"
        elif self.max_quantity is not None:
            yield f"up to {plain_digits(self.max_quantity)}"
        if self.min_amount:
            yield f"from an amount of {price_digits(self.min_amount)}"
        if self.over_lines:
            yield "counted over all lines of it"

    def _days(self) -> Iterable[str]:
        days = (("since", self.valid_from), ("until", self.valid_to))
        return (f"{word} {day.isoformat()}" for word, day in days if day)


_GIVES = {
    Benefit.PERCENT: lambda one: f"{plain_digits(one.value)} % off",
    Benefit.AMOUNT: lambda one: f"{price_digits(one.value)} off each",
    Benefit.FIXED_PRICE: lambda one: f"{price_digits(one.value)} each",
    Benefit.FREE_GOODS: lambda one: " free for every ".join(map(plain_digits, (one.free_quantity, one.buy_quantity))),
}
