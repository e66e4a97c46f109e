"""Minimums an order must meet; a manager's approval waives them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.money import plain
from webapp.domain.numbers import tidy
from webapp.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class Unmet:
    """A minimum that is missed, in a sentence; on one line or on the whole order."""

    message: str
    line_number: int | None = None


def unmet_minimums(order: Order) -> list[Unmet]:
    """Every minimum quantity, multiple and order value that the order misses."""
    found = [unmet for line in order.lines if line.free_with_id is None for unmet in _of_line(line)]
    goods = sum((line.net_amount for line in order.lines), Decimal(0))
    missing = order.customer.minimum_order_value - goods
    if missing > 0:
        found.append(Unmet(f"Below the minimum order value by {plain(missing, order.currency)}."))
    return found


def _of_line(line: OrderLine) -> list[Unmet]:
    variant, quantity, found = line.variant, line.quantity - line.cancelled_qty, []
    if 0 < quantity < variant.minimum_quantity:
        found.append(f"needs at least {tidy(variant.minimum_quantity):f} {variant.unit}")
    if variant.multiple_quantity and quantity % variant.multiple_quantity:
        found.append(f"comes in multiples of {tidy(variant.multiple_quantity):f} {variant.unit}")
    return [Unmet(f"Line {line.line_number}: {variant.sku} {text}.", line.line_number) for text in found]
