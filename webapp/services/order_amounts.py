"""What follows from an order's lines: its totals, its part of the customer's exposure, and whether it is done."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain import clock
from webapp.domain.money import round_money
from webapp.domain.order_facts import is_closed, to_bill, to_ship
from webapp.domain.states import OrderState
from webapp.domain.totals import DocumentCharge, DocumentLine, document_totals
from webapp.models import Order, OrderCharge, OrderLine

NONE = Decimal(0)


def retotal(order: Order) -> None:
    """Compute every amount of the order from its lines and charges, and what follows from them."""
    totals = document_totals(
        [
            DocumentLine(
                line_number=line.line_number,
                sku=line.variant.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                tax_category=line.tax_category,
                tax_percent=line.tax_percent,
                price_base=line.price_base,
            )
            for line in order.lines
        ],
        [
            DocumentCharge(charge.description, charge.amount, charge.tax_category, charge.tax_percent)
            for charge in order.charges
        ],
        currency=order.currency,
        order_discount_percent=order.order_discount_percent,
        tax_rounding=order.tax_rounding,
    )
    for line, amounts in zip(order.lines, totals.lines, strict=True):
        line.subtotal = amounts.subtotal
        line.discount_amount = amounts.discount_amount
        line.order_discount_share = amounts.order_discount_share
        line.net_amount = amounts.net_amount
        line.tax_amount = amounts.tax_amount
        line.total = amounts.total
    for charge, charged in zip(order.charges, totals.charges, strict=True):
        charge.tax_amount = charged.tax_amount
        charge.total = charged.total
    order.subtotal = totals.subtotal
    order.order_discount_amount = totals.order_discount_amount
    order.net_total = totals.net_total
    order.tax_total = totals.tax_total
    order.total = totals.total
    refresh(order)


def refresh(order: Order) -> None:
    """Recompute ``to_ship_amount`` (part C of the exposure) and ``to_bill_amount`` (part B) from the counts."""
    order.to_ship_amount, order.to_bill_amount = open_amounts(order)


def open_amounts(order: Order) -> tuple[Decimal, Decimal]:
    """The order's amounts still to ship, and shipped but on no posted invoice, tax included.

    Charges not yet invoiced count with what is still to ship, and once all is shipped with what is to be billed.
    """
    unshipped = [to_ship(line.counts) for line in order.lines]
    unbilled = [to_bill(line.counts) + line.drafted_qty for line in order.lines]
    still_to_ship = _worth(order, unshipped)
    still_to_bill = _worth(order, unbilled)
    charges = sum((_open_charge(order, charge) for charge in order.charges), NONE)
    if any(unshipped):
        still_to_ship += charges
    elif any(unbilled):
        still_to_bill += charges
    return max(still_to_ship, NONE), max(still_to_bill, NONE)


def close_if_done(order: Order) -> None:
    """Close a confirmed order once all is shipped or cancelled, and all that was shipped is billed or returned."""
    if order.state is OrderState.CONFIRMED and is_closed(line.counts for line in order.lines):
        order.move_to(OrderState.CLOSED)
        order.closed_at = clock.now()


def _worth(order: Order, quantities: list[Decimal]) -> Decimal:
    return sum((_part(order, line, part) for line, part in zip(order.lines, quantities, strict=True)), NONE)


def _part(order: Order, line: OrderLine, quantity: Decimal) -> Decimal:
    if quantity in (NONE, line.quantity):
        return line.total if quantity else NONE
    return round_money(line.total * quantity / line.quantity, order.currency)


def _open_charge(order: Order, charge: OrderCharge) -> Decimal:
    if not charge.invoiced_amount:
        return charge.total
    return round_money(charge.total * (charge.amount - charge.invoiced_amount) / charge.amount, order.currency)
