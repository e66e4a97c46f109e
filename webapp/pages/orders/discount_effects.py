"""What a discount costs: the net without and with it, and what the line earns either way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.approvals.margins import margin_percent
from webapp.domain.constants import HUNDRED
from webapp.domain.money import WIDE, round_money
from webapp.models import OrderLine
from webapp.pages.orders.facts import OrderFacts
from webapp.queries.approvals.facts import given_away


@dataclass(frozen=True, slots=True)
class DiscountEffect:
    """A line's net at the price of the rules and as it stands, in the order's currency; margins in percent, None where
    the cost is not known."""

    full_net: Decimal
    net: Decimal
    margin_without: Decimal | None
    margin_with: Decimal | None
    floor: Decimal | None
    is_below_floor: bool

    @property
    def given(self) -> Decimal:
        """What is given away."""
        return self.full_net - self.net


def effect_of(known: OrderFacts, line: OrderLine) -> DiscountEffect:
    """The effect of everything that is off on one line: typed price, its discount and the order's."""
    full = _full_net(known, line)
    margin = known.margins.of(line)
    if margin is None or margin.cost is None:
        return DiscountEffect(full, line.net_amount, None, None, margin.floor if margin else None, False)
    rate = WIDE.divide(margin.net, line.net_amount) if line.net_amount else Decimal(1)
    without = margin_percent(full * rate, margin.cost)
    return DiscountEffect(full, line.net_amount, without, margin.percent, margin.floor, margin.is_below)


def _full_net(known: OrderFacts, line: OrderLine) -> Decimal:
    """The net at the price of the rules. Told from what is left, so that it is net of tax whatever the prices are."""
    order = known.order
    kept = HUNDRED - given_away(order, line)
    if kept:
        return round_money(WIDE.divide(line.net_amount * HUNDRED, kept), order.currency)
    return round_money(WIDE.divide((line.derived_price or Decimal(0)) * line.quantity, line.price_base), order.currency)
