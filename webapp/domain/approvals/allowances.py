"""What allowances on a whole document take off its goods, so that they count as a discount and are no way round one."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.money import WIDE


def allowance_percent(allowances: Decimal, net: Decimal) -> Decimal:
    """The part of goods of ``net`` that ``allowances`` (a positive sum) take off, in percent, unrounded.

    At most 100, which is also what goods are given away at that cost nothing before.
    """
    if allowances <= 0:
        return ZERO
    if net <= 0:
        return HUNDRED
    return min(WIDE.divide(WIDE.multiply(allowances, HUNDRED), net), HUNDRED)


def together(first_percent: Decimal, then_percent: Decimal) -> Decimal:
    """Two discounts one after the other as one, in percent, unrounded: 10 and then 5 are 14.5."""
    kept = WIDE.multiply(HUNDRED - first_percent, WIDE.subtract(HUNDRED, then_percent))
    return WIDE.subtract(HUNDRED, WIDE.divide(kept, HUNDRED))
