"""What the lines of an order earn over the moving-average cost of their items, and which earn less than they must.

A line's net is after its own discount and its share of the order's, before tax. The order's margin takes document
allowances off as well; charges such as freight have a cost of their own that nobody notes, so they stay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlalchemy import select

from webapp import formats
from webapp.db import db
from webapp.domain.approvals.margins import floor_for, is_below_floor, margin_cut, margin_percent
from webapp.domain.constants import ZERO
from webapp.models import Category, Order, OrderLine
from webapp.queries.company import company, rates_on
from webapp.queries.items.categories_of import paths_of

HAS_FLOORS = select(Category.id).where(Category.margin_floor_percent.is_not(None)).limit(1)


@dataclass(frozen=True, slots=True)
class LineMargin:
    """One line in the base currency: what is charged, what it costs (None: not known), the floor in percent."""

    line: OrderLine
    net: Decimal
    cost: Decimal | None
    floor: Decimal | None

    @property
    def percent(self) -> Decimal | None:
        """In percent of the net, to one decimal; None when the cost is not known or nothing is charged."""
        return None if self.cost is None else margin_percent(self.net, self.cost)

    @property
    def is_below(self) -> bool:
        """Whether it earns less than its floor."""
        return self.floor is not None and self.cost is not None and is_below_floor(self.net, self.cost, self.floor)

    @property
    def is_unchecked(self) -> bool:
        """Whether it has a floor that nobody can compare with, because the cost is not known."""
        return self.floor is not None and self.cost is None

    @property
    def earns(self) -> str:
        """ "4.0 %" or "nothing", for sentences about a floor; what is below it never reads as the floor."""
        percent = self.percent
        if percent is not None and self.cost is not None and self.floor is not None and percent >= self.floor:
            percent = margin_cut(self.net, self.cost)
        return "nothing" if percent is None else f"{formats.typed(percent, 1)}{formats.NARROW}%"


@dataclass(frozen=True)
class OrderMargins:
    """The margins of an order's lines, in their order; ``allowances`` is what the document takes off beside them."""

    lines: Sequence[LineMargin]
    allowances: Decimal

    def of(self, line: OrderLine) -> LineMargin | None:
        """The margin of one line."""
        return self._by_number.get(line.line_number)

    @cached_property
    def below(self) -> list[LineMargin]:
        """The lines that earn less than their floor."""
        return [one for one in self.lines if one.is_below]

    @cached_property
    def unchecked(self) -> list[LineMargin]:
        """The lines whose floor cannot be checked."""
        return [one for one in self.lines if one.is_unchecked]

    @property
    def percent(self) -> Decimal | None:
        """Of the whole order, in percent of what its goods bring; None when a cost is not known."""
        costs = [one.cost for one in self.lines if one.cost is not None]
        if not costs or len(costs) < len(self.lines):
            return None
        return margin_percent(sum((one.net for one in self.lines), -self.allowances), sum(costs, ZERO))

    @cached_property
    def _by_number(self) -> dict[int, LineMargin]:
        return {one.line.line_number: one for one in self.lines}


def margins_of(order: Order) -> OrderMargins:
    """The margins of an order that is loaded with its lines and charges; three statements at most.

    Costs are in the base currency; an order in another one counts at the rate of its date, and without a rate its
    costs count as not known.
    """
    ours = company()
    rate = base_rate(order)
    floors = _floors({line.variant_id for line in order.lines}, ours.margin_floor_percent if ours else None)
    return OrderMargins(
        [_line(line, rate, floors.get(line.variant_id)) for line in order.lines],
        -sum((charge.amount * (rate or ZERO) for charge in order.charges if charge.amount < 0), ZERO),
    )


def cost_of(line: OrderLine) -> Decimal | None:
    """What the goods of a line cost in the base currency by the moving average; None when it is not known."""
    return None if line.variant.average_cost is None else line.variant.average_cost * line.quantity


def _line(line: OrderLine, rate: Decimal | None, floor: Decimal | None) -> LineMargin:
    return LineMargin(line, line.net_amount * (rate or ZERO), None if rate is None else cost_of(line), floor)


def base_rate(order: Order) -> Decimal | None:
    """What one of the order's currency is in the base currency, in which costs are; None without a rate of its date."""
    ours = company()
    if ours is not None and order.currency == ours.base_currency:
        return Decimal(1)
    return rates_on(order.order_date).get(order.currency)


def _floors(variant_ids: Iterable[int], general: Decimal | None) -> dict[int, Decimal | None]:
    """By variant the floor of its nearest category that sets one, else the company's."""
    wanted = set(variant_ids)
    if not db.session.scalars(HAS_FLOORS).all():
        return dict.fromkeys(wanted, general)
    categories = paths_of(wanted)
    return {one: floor_for(categories.of(one), categories.floors, general) for one in wanted}
