"""What a receipt of a customer could settle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import defer

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.domain.payments.split import OpenItem, propose_split
from webapp.models import CreditNote, Customer, Invoice, Payment, User
from webapp.pages.credit_notes.lists import has_rest as credit_note_has_rest
from webapp.pages.invoices.lists import is_open
from webapp.pages.payments.lists import has_rest
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """What a customer's receipt could settle: open invoices, the oldest due first, and credit not used yet.

    ``proposal`` gives for each invoice number the part of the amount it would take, ``surplus`` what none takes.
    """

    customer: Customer
    open_invoices: tuple[Invoice, ...]
    on_account: tuple[Payment, ...]
    unapplied_credit: tuple[CreditNote, ...]
    proposal: dict[str, Decimal]
    surplus: Decimal


def receipt_page(customer_code: str, *, viewer: User, amount: Decimal | None = None) -> ReceiptPage:
    """For entering what a customer paid; with an ``amount`` also how it would be split. Raises NotFound."""
    customer = db.session.scalars(
        select(Customer).where(Customer.code == customer_code, visible(Customer, viewer))
    ).one_or_none()
    if customer is None:
        raise NotFound(f"There is no customer {customer_code}.")
    invoices = open_invoices(customer)
    items = [
        OpenItem(invoice.number, invoice.due_date, invoice.open_amount) for invoice in invoices if invoice.due_date
    ]
    split, surplus = propose_split(amount, items) if amount and amount > 0 else ([], ZERO)
    return ReceiptPage(
        customer=customer,
        open_invoices=invoices,
        on_account=tuple(
            db.session.scalars(
                select(Payment).where(Payment.customer_id == customer.id, has_rest()).order_by(Payment.id)
            )
        ),
        unapplied_credit=_unapplied_credit(customer),
        proposal=dict(split),
        surplus=surplus,
    )


def open_invoices(customer: Customer) -> tuple[Invoice, ...]:
    """The customer's posted invoices on which something is open, the oldest due first."""
    statement = (
        select(Invoice)
        .where(Invoice.customer_id == customer.id, is_open())
        .options(defer(Invoice.snapshot))
        .order_by(Invoice.due_date, Invoice.id)
    )
    return tuple(db.session.scalars(statement))


def _on_account(customer: Customer) -> tuple[Payment, ...]:
    statement = select(Payment).where(Payment.customer_id == customer.id, has_rest()).order_by(Payment.id)
    return tuple(db.session.scalars(statement))


def _unapplied_credit(customer: Customer) -> tuple[CreditNote, ...]:
    statement = (
        select(CreditNote)
        .where(CreditNote.customer_id == customer.id, credit_note_has_rest())
        .options(defer(CreditNote.snapshot))
        .order_by(CreditNote.id)
    )
    return tuple(db.session.scalars(statement))
