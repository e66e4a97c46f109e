"""What the invoices to come would amount to, before anybody drafts them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import IllegalMove, Refused
from webapp.models import CashRounding, Order, OrderLine
from webapp.services.invoices.deliveries import unbilled_deliveries_of
from webapp.services.invoices.lines import bill_over, discounts_billed, tax_codes_of
from webapp.services.stock.allocation import refuse_waiting_amendment
from webapp.services.taxes.on_lines import codes_with_rates


def totals_to_come(orders: Sequence[Order]) -> dict[int, Decimal]:
    """By order id the total of the invoice over all that left and is on none, with its share of charges and tax.

    An order whose invoice would be refused is left out. Writes nothing; the statements do not grow with the orders.
    """
    loaded = _with_parts([order.id for order in orders])
    deliveries = unbilled_deliveries_of(loaded)
    codes = codes_with_rates(code for order in loaded for code in tax_codes_of(order))
    units = dict(db.session.execute(select(CashRounding.currency, CashRounding.unit)).all())
    taken = discounts_billed([order.id for order in loaded])
    found = {}
    for order in loaded:
        unit = units.get(order.currency)
        try:
            refuse_waiting_amendment(order)
            bill = bill_over(order, deliveries[order.id], codes, rounding_unit=unit, discount_billed=taken[order.id])
        except (IllegalMove, Refused):
            continue
        found[order.id] = bill.totals.payable
    return found


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
