"""What a sale earns over its cost, in percent of its net, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from webapp.domain.constants import HUNDRED
from webapp.domain.money import WIDE, round_half_up

SHOWN_DECIMALS = 1


def margin_percent(net: Decimal, cost: Decimal) -> Decimal | None:
    """The margin in percent of ``net``, rounded to one decimal; None where nothing is charged. One currency."""
    if net <= 0:
        return None
    return round_half_up(WIDE.divide((net - cost) * HUNDRED, net), SHOWN_DECIMALS)


def margin_cut(net: Decimal, cost: Decimal) -> Decimal | None:
    """The same, cut off and not rounded, so that what lies below a floor never reads as the floor."""
    if net <= 0:
        return None
    tenth = Decimal(1).scaleb(-SHOWN_DECIMALS)
    return WIDE.divide((net - cost) * HUNDRED, net).quantize(tenth, ROUND_FLOOR, WIDE)


def is_below_floor(net: Decimal, cost: Decimal, floor: Decimal) -> bool:
    """Whether ``net`` earns less than ``floor`` percent over ``cost``; goods given away earn less than any floor."""
    if net <= 0:
        return cost > net
    return WIDE.multiply(net - cost, HUNDRED) < WIDE.multiply(floor, net)


def floor_for(path: Sequence[int], floors: Mapping[int, Decimal], general: Decimal | None) -> Decimal | None:
    """The floor in percent for an item whose categories are ``path``, the nearest first: the nearest category that
    sets one, else the company's ``general`` one, else none."""
    return next((floors[category] for category in path if category in floors), general)
