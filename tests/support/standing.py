"""Where a customer and the stock stand, read anew: what journeys assert after each of their turns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.models import Customer, Invoice, StockLevel, Variant
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import standing_of
from webapp.queries.receivables.ageing import customer_standing, ledger_balances


@dataclass(frozen=True, slots=True)
class Facts:
    """What a customer owes (receivables less unused credit, equal in ledger and open items) and uses of its credit."""

    receivables: Decimal
    exposure: Decimal


def facts_of(code: str) -> Facts:
    """The customer's figures now; the ledger, the open items and the credit answer must agree."""
    db.session.rollback()
    customer = db.session.scalars(select(Customer).where(Customer.code == code)).one()
    exposure = standing_of(customer, today()).exposure
    balance = customer_standing(customer).balance
    assert balance == ledger_balances().get((customer.id, customer.currency), Decimal(0))
    assert balance == exposure.outstanding_balance
    return Facts(balance, exposure.total)


def on_hand(sku: str) -> Decimal:
    """How much of a SKU lies in all locations."""
    db.session.rollback()
    levels = select(StockLevel).join(Variant, StockLevel.variant_id == Variant.id).where(Variant.sku == sku)
    return sum((level.on_hand_qty for level in db.session.scalars(levels)), Decimal(0))


def open_on(number: str) -> Decimal:
    """What is open on an invoice."""
    db.session.rollback()
    return db.session.scalars(select(Invoice).where(Invoice.invoice_number == number)).one().open_amount
