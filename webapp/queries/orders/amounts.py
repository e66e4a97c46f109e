"""What an order's lines come to: its totals, and its parts of the customer's exposure. Computed, not written."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.documents.cash import rounded_for_cash
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, DocumentTotals, document_totals
from webapp.domain.money import round_money
from webapp.domain.orders.counts import to_bill, to_ship
from webapp.domain.taxes.parts import kept_parts
from webapp.models import Order, OrderCharge, OrderLine

NONE = Decimal(0)


def totals_of(order: Order) -> DocumentTotals:
    """Every amount of the order from its lines and charges, in its currency, rounded for cash where it is expected."""
    totals = document_totals(
        document_lines(order),
        document_charges(order),
        currency=order.currency,
        order_discount_percent=order.order_discount_percent,
        tax_rounding=order.tax_rounding,
        prices_include_tax=order.prices_include_tax,
    )
    return rounded_for_cash(totals, order.rounding_unit)


def document_lines(order: Order) -> list[DocumentLine]:
    """The lines of an order as they are totalled."""
    return [
        DocumentLine(
            line_number=line.line_number,
            sku=line.variant.sku,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            tax_category=line.tax_category,
            tax_percent=line.tax_percent,
            price_base=line.price_base,
            tax_parts=kept_parts(line.tax_parts),
        )
        for line in order.lines
    ]


def document_charges(order: Order) -> list[DocumentCharge]:
    """The charges and allowances of an order as they are totalled."""
    return [
        DocumentCharge(
            charge.description,
            charge.amount,
            charge.tax_category,
            charge.tax_percent,
            tax_parts=kept_parts(charge.tax_parts),
        )
        for charge in order.charges
    ]


def open_amounts(order: Order) -> tuple[Decimal, Decimal]:
    """The order's amounts still to ship, and shipped but on no posted invoice, tax included.

    Charges not yet invoiced count with what is still to ship, and once all is shipped with what is to be billed.
    Cash rounding is left out: each invoice rounds anew.
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
