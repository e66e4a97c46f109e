"""Stock at moving average cost, per variant over all locations, in the company's base currency.

The value stands beside the average and is not computed from it: it goes down in proportion with the quantity, so that
it is exactly 0 when the last piece leaves. A cost may be unknown; then it stays unknown until the stock is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.domain.money import PRICE_SCALE, WIDE, round_half_up, round_money


@dataclass(frozen=True, slots=True)
class StockCost:
    """A variant's stock: base units, average cost per unit (6 decimals) and value; None means unknown.

    The average outlives the stock: the next receipt without a cost takes it.
    """

    quantity: Decimal = ZERO
    average: Decimal | None = None
    value: Decimal | None = ZERO


def receive(stock: StockCost, quantity: Decimal, unit_cost: Decimal | None, currency: str) -> StockCost:
    """The stock after ``quantity`` units came in at ``unit_cost``; None takes the current average, or makes it unknown.

    Serves receipts, returns (at the cost they left with) and positive adjustments (at the average). Raises ValueError
    for a quantity that is not positive.
    """
    _check(quantity > 0, f"{quantity} cannot be received")
    cost = stock.average if unit_cost is None else unit_cost
    total = stock.quantity + quantity
    if cost is None or stock.value is None:
        return StockCost(total, None, None)
    value = stock.value + round_money(WIDE.multiply(quantity, cost), currency)
    average = stock.average if unit_cost is None else round_half_up(WIDE.divide(value, total), PRICE_SCALE)
    return StockCost(total, average, value)


def issue(stock: StockCost, quantity: Decimal, currency: str) -> tuple[StockCost, Decimal | None]:
    """The stock after ``quantity`` units left, and the value they took along (None when unknown).

    Serves shipments, scrap and negative adjustments. The average stays. Raises ValueError for more than there is.
    """
    _check(0 < quantity <= stock.quantity, f"{quantity} of {stock.quantity} cannot leave")
    rest = stock.quantity - quantity
    if stock.value is None:
        # An empty stock has no unknown value; the next receipt starts afresh.
        return StockCost(rest, stock.average, None if rest else ZERO), None
    value = round_money(WIDE.divide(WIDE.multiply(stock.value, rest), stock.quantity), currency)
    return StockCost(rest, stock.average, value), stock.value - value


def _check(is_possible: bool, message: str) -> None:
    if not is_possible:
        raise ValueError(message)
