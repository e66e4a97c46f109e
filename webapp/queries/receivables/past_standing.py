"""The credit of a customer as it was on an earlier day, for orders that are taken over from another system."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.domain.credit_control.rule import CreditCheck
from webapp.models import Customer, Order
from webapp.queries.credit_control.exposure import Standing, standing_of, weigh
from webapp.queries.receivables.ageing import customer_standing


def check_credit_at(
    customer: Customer, order_amount: Decimal, day: date, *, excluding: Order | None = None
) -> CreditCheck:
    """Weigh an amount against what invoices, payments and credit notes dated up to ``day`` left of the credit.

    Orders count as they stand: those taken over before this one.
    """
    orders, books = standing_of(customer, day, excluding=excluding), customer_standing(customer, day)
    exposure = replace(orders.exposure, open_invoices=books.open_amount, unapplied=books.unapplied)
    overdue = max(books.overdue_amount - books.unapplied, ZERO)
    return weigh(customer, Standing(exposure, overdue, books.overdue_days), order_amount, day)
