"""Billing fixed amounts over several invoices, and crediting them: cumulatively, so that no cent is left or doubled."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.domain.money import WIDE, round_money


def bill_share(
    amount: Decimal,
    *,
    net_so_far: Decimal,
    order_net: Decimal,
    billed_before: Decimal,
    currency: str,
    last: bool = False,
) -> Decimal:
    """What this invoice takes of a fixed ``amount`` of the order (discount amount, allowance, freight) in ``currency``.

    ``round(amount x net_so_far / order_net) - billed_before``, where ``net_so_far`` is the lines' net on this and all
    earlier invoices; the ``last`` invoice takes the rest. An order without a net leaves everything to the last one.
    """
    if last:
        return amount - billed_before
    if not order_net:
        return ZERO
    return round_money(WIDE.divide(WIDE.multiply(amount, net_so_far), order_net), currency) - billed_before


def credit_share(
    amount: Decimal,
    *,
    quantity_so_far: Decimal,
    invoiced_quantity: Decimal,
    credited_before: Decimal,
    currency: str,
) -> Decimal:
    """What a credit note takes of an invoiced ``amount`` (net, tax or discount of a line) in ``currency``.

    In proportion to the quantity credited on this and all earlier credit notes, less ``credited_before``; the whole
    rest takes the remaining amount, so that full credit leaves exactly 0. A line of a negative quantity is credited by
    negative quantities. Raises ValueError for more than was invoiced.
    """
    if not min(invoiced_quantity, ZERO) <= quantity_so_far <= max(invoiced_quantity, ZERO):
        raise ValueError(f"{quantity_so_far} of {invoiced_quantity} cannot be credited")
    return bill_share(
        amount,
        net_so_far=quantity_so_far,
        order_net=invoiced_quantity,
        billed_before=credited_before,
        currency=currency,
        last=quantity_so_far == invoiced_quantity,
    )
