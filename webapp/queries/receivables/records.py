"""Posted invoices and payments as flat records, as files name them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.states import InvoiceState, PaymentState
from webapp.models import Invoice, Payment, PaymentApplication, User
from webapp.queries.visibility import visible


def all_invoices(viewer: User) -> Iterator[dict[str, Any]]:
    """Every posted invoice that ``viewer`` may see with what is open of it now, in the customer's currency."""
    statement = (
        select(Invoice)
        .where(Invoice.state == InvoiceState.APPROVED, visible(Invoice, viewer))
        .options(joinedload(Invoice.customer))
        .order_by(Invoice.issue_date, Invoice.id)
    )
    for invoice in db.session.scalars(statement):
        yield {
            "invoice_number": invoice.invoice_number,
            "customer": invoice.customer.code,
            "issue_date": invoice.issue_date,
            "due_date": invoice.due_date,
            "total": invoice.total,
            "open_amount": invoice.open_amount,
        }


def all_payments(viewer: User) -> Iterator[dict[str, Any]]:
    """The payments that stand and ``viewer`` may see, a row for each invoice settled and one for what is on account."""
    statement = (
        select(Payment)
        .where(Payment.state == PaymentState.RECORDED, visible(Payment, viewer))
        .options(
            joinedload(Payment.customer), selectinload(Payment.applications).joinedload(PaymentApplication.invoice)
        )
        .order_by(Payment.payment_date, Payment.id)
    )
    for payment in db.session.scalars(statement):
        for invoice_number, amount in _parts(payment):
            yield {
                "customer": payment.customer.code,
                "payment_date": payment.payment_date,
                "amount": amount,
                "method": payment.method_code,
                "reference": payment.reference,
                "invoice": invoice_number,
                "payment_number": payment.payment_number,
            }


def _parts(payment: Payment) -> list[tuple[str, Decimal]]:
    parts = [
        (application.invoice.invoice_number or "", application.amount)
        for application in payment.applications
        if application.reversed_on is None
    ]
    rest = payment.amount - sum((amount for _, amount in parts), Decimal(0))
    return [*parts, ("", rest)] if rest else parts
