"""Writes what follows from an order's lines: its totals, its part of the customer's exposure, and that it is done."""

from __future__ import annotations

from webapp.domain import clock
from webapp.domain.orders.counts import is_closed
from webapp.domain.states import OrderState
from webapp.domain.taxes.parts import stored
from webapp.models import Order
from webapp.queries.orders.amounts import open_amounts, totals_of


def retotal(order: Order) -> None:
    """Compute every amount of the order from its lines and charges, and what follows from them."""
    totals = totals_of(order)
    for line, amounts in zip(order.lines, totals.lines, strict=True):
        line.subtotal = amounts.subtotal
        line.discount_amount = amounts.discount_amount
        line.order_discount_share = amounts.order_discount_share
        line.net_amount = amounts.net_amount
        line.tax_amount = amounts.tax_amount
        line.tax_parts = stored(amounts.tax_parts)
        line.total = amounts.total
    for charge, charged in zip(order.charges, totals.charges, strict=True):
        charge.tax_amount = charged.tax_amount
        charge.tax_parts = stored(charged.tax_parts)
        charge.total = charged.total
    order.subtotal = totals.subtotal
    order.order_discount_amount = totals.order_discount_amount
    order.net_total = totals.net_total
    order.tax_total = totals.tax_total
    order.rounding_amount = totals.rounding
    order.total = totals.payable
    refresh(order)


def refresh(order: Order) -> None:
    """Recompute ``to_ship_amount`` (part C of the exposure) and ``to_bill_amount`` (part B) from the counts."""
    order.to_ship_amount, order.to_bill_amount = open_amounts(order)


def close_if_done(order: Order) -> None:
    """Close a confirmed order once all is shipped or cancelled, and all that was shipped is billed or returned."""
    if order.state is OrderState.CONFIRMED and is_closed(line.counts for line in order.lines):
        order.move_to(OrderState.CLOSED)
        order.closed_at = clock.now()
