"""Payments and credit notes settling invoices, and that being undone; the stored sums follow in the same place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput, Refused
from webapp.domain.money import plain
from webapp.models import CreditApplication, CreditNote, Invoice, Payment, PaymentApplication, User


def check_amount_due(invoice: Invoice, amount: Decimal, **more: str) -> None:
    """Raise Refused when ``amount`` is more than the invoice's open amount."""
    if amount <= invoice.open_amount:
        return
    raise Refused(
        "Payment exceeds the amount due",
        {
            "amount_due": plain(invoice.open_amount, invoice.currency),
            "payment_amount": plain(amount, invoice.currency),
            **more,
        },
    )


def check_positive(amount: Decimal, what: str) -> None:
    """Raise Refused when ``amount`` is 0 or negative; ``what`` begins the sentence."""
    if amount <= 0:
        raise Refused(f"{what} must be more than 0.")


def settle_by_payment(payment: Payment, invoice: Invoice, amount: Decimal, *, on: date, actor: User) -> None:
    """Let a part of the payment settle a part of the invoice from the day ``on``; both are locked.

    Raises BadInput for another customer's invoice, Refused for more than is left on the payment or open on the invoice.
    """
    _check_same_customer(payment, invoice)
    check_amount_due(invoice, amount)
    _check_left(amount, payment.unapplied, payment)
    db.session.add(
        PaymentApplication(
            payment=payment,
            invoice=invoice,
            amount=amount,
            applied_on=on,
            applied_at=clock.now(),
            applied_by_id=actor.id,
        )
    )
    payment.applied_amount += amount
    invoice.paid_amount += amount
    days = [day for day in (invoice.first_payment_date, invoice.last_payment_date, payment.payment_date) if day]
    invoice.first_payment_date, invoice.last_payment_date = min(days), max(days)


def settle_by_credit(credit_note: CreditNote, invoice: Invoice, amount: Decimal, *, on: date, actor: User) -> None:
    """Let a part of the credit note settle a part of the invoice from the day ``on``; both are locked.

    Raises BadInput for another customer's invoice, Refused for more than is left on the note or open on the invoice.
    """
    _check_same_customer(credit_note, invoice)
    check_amount_due(invoice, amount)
    _check_left(amount, credit_note.unapplied, credit_note)
    db.session.add(
        CreditApplication(
            credit_note=credit_note,
            invoice=invoice,
            amount=amount,
            applied_on=on,
            applied_at=clock.now(),
            applied_by_id=actor.id,
        )
    )
    credit_note.applied_amount += amount
    invoice.credited_amount += amount


def take_back(payment: Payment, invoices: Iterable[Invoice], *, on: date) -> None:
    """End every standing application of the payment; ``invoices`` are those it paid, locked."""
    paid = {invoice.id: invoice for invoice in invoices}
    for application in standing(payment):
        application.reversed_on = on
        paid[application.invoice_id].paid_amount -= application.amount
    payment.applied_amount = ZERO
    for invoice in paid.values():
        invoice.first_payment_date, invoice.last_payment_date = _payment_dates(invoice, without=payment)


def standing(payment: Payment) -> list[PaymentApplication]:
    """The payment's applications that have not been reversed."""
    return [application for application in payment.applications if application.reversed_on is None]


def _payment_dates(invoice: Invoice, *, without: Payment) -> tuple[date | None, date | None]:
    """The first and last value date of what still stands on the invoice."""
    days = list(
        db.session.scalars(
            select(Payment.payment_date)
            .join(PaymentApplication, PaymentApplication.payment_id == Payment.id)
            .where(
                PaymentApplication.invoice_id == invoice.id,
                PaymentApplication.reversed_on.is_(None),
                Payment.id != without.id,
            )
        )
    )
    return (min(days), max(days)) if days else (None, None)


def _check_same_customer(settling: Payment | CreditNote, invoice: Invoice) -> None:
    if settling.customer_id != invoice.customer_id:
        raise BadInput(f"{invoice.label} belongs to another customer.", field="invoice")


def _check_left(amount: Decimal, left: Decimal, settling: Payment | CreditNote) -> None:
    if amount > left:
        raise Refused(
            f"{settling.label} has only {plain(left, settling.currency)} left.",
            {"unapplied": plain(left, settling.currency)},
        )
