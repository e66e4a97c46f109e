"""Payments in lists, one payment with what it settled, and what a receipt could settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.domain.payments.split import OpenItem, propose_split
from webapp.domain.states import PaymentState
from webapp.models import CreditNote, Customer, Invoice, Payment, PaymentApplication, PaymentMethod, User
from webapp.queries.credit_notes.pages import has_rest as credit_note_has_rest
from webapp.queries.filtering import narrowed
from webapp.queries.invoices.pages import is_open
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What a list is narrowed to; ``text`` is part of a number, reference or customer name."""

    state: PaymentState | None = None
    customer: str = ""
    method: str = ""
    text: str = ""
    paid_from: date | None = None
    paid_to: date | None = None
    on_account_only: bool = False


def list_payments(
    wanted: PaymentFilter, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[Payment]:
    """Payments, the newest first, with customer and method. Raises BadInput for a bad cursor."""
    statement = (
        select(Payment)
        .where(visible(Payment, viewer), *_conditions(wanted))
        .options(
            joinedload(Payment.customer, innerjoin=True),
            joinedload(Payment.method, innerjoin=True),
            selectinload(Payment.applications).joinedload(PaymentApplication.invoice).defer(Invoice.snapshot),
        )
    )
    return page_of(statement, Payment.id, cursor=cursor, limit=limit)


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    return narrowed(
        (wanted.state, lambda state: Payment.state == state),
        (wanted.customer, lambda code: Payment.customer_id == _id_of_customer(code)),
        (wanted.method, lambda code: Payment.method_code == code),
        (wanted.text, _mentions),
        (wanted.paid_from, lambda day: Payment.payment_date >= day),
        (wanted.paid_to, lambda day: Payment.payment_date <= day),
        (wanted.on_account_only, lambda _: has_rest()),
    )


def _id_of_customer(code: str) -> ColumnElement[int]:
    return select(Customer.id).where(Customer.code == code).scalar_subquery()


def has_rest() -> ColumnElement[bool]:
    """Standing, with something on account."""
    rest = Payment.amount - Payment.applied_amount - Payment.refunded_amount
    return (Payment.state == PaymentState.RECORDED) & (rest > ZERO)


def _mentions(text: str) -> ColumnElement[bool]:
    named = select(Customer.id).where(Customer.name.icontains(text, autoescape=True))
    return or_(
        Payment.payment_number.icontains(text, autoescape=True),
        Payment.reference.icontains(text, autoescape=True),
        Payment.customer_id.in_(named),
    )


# -- one payment -------------------------------------------------------------------------------------------------------


def payment_page(number: str, *, viewer: User) -> Payment:
    """The payment called ``number`` with customer, people and applications. Raises NotFound."""
    payment = db.session.scalars(
        select(Payment)
        .where(Payment.payment_number == number, visible(Payment, viewer))
        .options(
            joinedload(Payment.customer, innerjoin=True),
            joinedload(Payment.method, innerjoin=True),
            joinedload(Payment.recorded_by, innerjoin=True),
            joinedload(Payment.reversed_by),
            selectinload(Payment.applications).joinedload(PaymentApplication.invoice).defer(Invoice.snapshot),
        )
    ).one_or_none()
    if payment is None:
        raise NotFound(f"There is no payment {number}.")
    return payment


def active_methods() -> Sequence[PaymentMethod]:
    """The payment methods to choose from, by name."""
    return db.session.scalars(select(PaymentMethod).where(PaymentMethod.is_active).order_by(PaymentMethod.name)).all()


# -- a receipt ---------------------------------------------------------------------------------------------------------


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
