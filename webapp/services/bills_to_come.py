"""What the invoices to come would amount to, before anybody drafts them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import Refused
from webapp.models import CashRounding, Order, OrderLine
from webapp.queries.approval_facts import declined_change, waiting
from webapp.services.deliveries import unbilled_deliveries_of
from webapp.services.invoice_lines import bill_over, discounts_billed, tax_codes_of
from webapp.services.taxing import codes_with_rates

ZERO = Decimal(0)


def totals_to_come(orders: Sequence[Order]) -> dict[int, Decimal]:
    """By order id the total of the invoice over all that left and is on none, with its share of charges and tax.

    An order whose invoice would be refused is left out. Writes nothing; the statements do not grow with the orders.
    """
    loaded = [order for order in _with_parts([order.id for order in orders]) if not _is_stopped(order)]
    deliveries = unbilled_deliveries_of(loaded)
    codes = codes_with_rates(code for order in loaded for code in tax_codes_of(order))
    units = dict(db.session.execute(select(CashRounding.currency, CashRounding.unit)).all())
    taken = discounts_billed([order.id for order in loaded])
    found = {}
    for order in loaded:
        unit = units.get(order.currency)
        try:
            bill = bill_over(order, deliveries[order.id], codes, rounding_unit=unit, discount_billed=taken[order.id])
        except Refused:
            continue
        found[order.id] = bill.totals.payable
    return found


def _is_stopped(order: Order) -> bool:
    """Whether a change that waits for approval or was declined keeps the order from being billed."""
    return bool(waiting(order.approvals) or declined_change(order, order.approvals))


def _with_parts(order_ids: Sequence[int]) -> Sequence[Order]:
    statement = (
        select(Order)
        .where(Order.id.in_(order_ids))
        .options(
            joinedload(Order.customer),
            selectinload(Order.lines).joinedload(OrderLine.variant),
            selectinload(Order.charges),
            selectinload(Order.approvals),
        )
    )
    return db.session.scalars(statement).all()
