"""Invoices in lists: what narrows them, and the status each shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.domain.constants import ZERO
from webapp.domain.invoices.status import InvoiceStatus, invoice_status
from webapp.domain.states import InvoiceState
from webapp.models import (
    Customer,
    Invoice,
    Order,
    Sending,
    User,
)
from webapp.queries.company import today
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible

OPEN_AMOUNT = (
    Invoice.total - Invoice.settled_before - Invoice.paid_amount - Invoice.credited_amount - Invoice.written_off_amount
)
"""What is still to be paid of a posted invoice, in SQL."""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What a list is narrowed to; empty fields narrow nothing. ``text`` is part of a number or customer name."""

    status: InvoiceStatus | None = None
    customer: str = ""
    order: str = ""
    text: str = ""
    issued_from: date | None = None
    issued_to: date | None = None
    due_to: date | None = None
    open_only: bool = False
    overdue_only: bool = False
    drafts_only: bool = False


def list_invoices(
    wanted: InvoiceFilter, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[Invoice]:
    """Invoices and drafts, the newest first, with customer, order and sendings. Raises BadInput for a bad cursor."""
    statement = (
        select(Invoice)
        .where(visible(Invoice, viewer), *_conditions(wanted))
        .options(
            joinedload(Invoice.customer, innerjoin=True),
            joinedload(Invoice.order),
            selectinload(Invoice.sendings),
            defer(Invoice.snapshot),
        )
    )
    return page_of(statement, Invoice.id, cursor=cursor, limit=limit)


def status_of(invoice: Invoice) -> InvoiceStatus:
    """The status shown, from the invoice and its sendings."""
    return invoice_status(
        invoice.state,
        open_amount=invoice.open_amount,
        paid=invoice.paid_amount,
        credited=invoice.credited_amount,
        written_off=invoice.written_off_amount,
        sent=bool(invoice.sendings),
    )


def _conditions(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    return narrowed(
        (wanted.status, _has_status),
        (wanted.customer, lambda code: Invoice.customer_id == _id_of_customer(code)),
        (wanted.order, lambda number: Invoice.order_id == _id_of_order(number)),
        (wanted.text, _mentions),
        (wanted.issued_from, lambda day: Invoice.issue_date >= day),
        (wanted.issued_to, lambda day: Invoice.issue_date <= day),
        (wanted.due_to, lambda day: Invoice.due_date <= day),
        (wanted.open_only, lambda _: is_open()),
        (wanted.drafts_only, lambda _: Invoice.state.in_((InvoiceState.DRAFT, InvoiceState.VALIDATED))),
        (wanted.overdue_only, lambda _: and_(is_open(), Invoice.due_date < today())),
    )


def is_open() -> ColumnElement[bool]:
    """Posted, and something is still to be paid."""
    return and_(Invoice.state == InvoiceState.APPROVED, OPEN_AMOUNT > ZERO)


def _id_of_customer(code: str) -> ColumnElement[int]:
    return select(Customer.id).where(Customer.code == code).scalar_subquery()


def _id_of_order(number: str) -> ColumnElement[int]:
    return select(Order.id).where(Order.order_number == number).scalar_subquery()


def _mentions(text: str) -> ColumnElement[bool]:
    named = select(Customer.id).where(Customer.name.icontains(text, autoescape=True))
    return or_(Invoice.invoice_number.icontains(text, autoescape=True), Invoice.customer_id.in_(named))


def _has_status(status: InvoiceStatus) -> ColumnElement[bool]:
    """The rule of ``domain.invoice_status`` in SQL."""
    if status in (InvoiceStatus.VOID, InvoiceStatus.DRAFT, InvoiceStatus.VALIDATED):
        return Invoice.state == InvoiceState(status.value)
    sent = exists().where(Sending.invoice_id == Invoice.id)
    paid, credited, written_off = Invoice.paid_amount, Invoice.credited_amount, Invoice.written_off_amount
    settled = and_(OPEN_AMOUNT == ZERO, or_(paid > ZERO, credited > ZERO, written_off > ZERO))
    unpaid = and_(~settled, or_(paid == ZERO, OPEN_AMOUNT == ZERO))
    facts = {
        InvoiceStatus.FULLY_PAID: and_(OPEN_AMOUNT == ZERO, paid > ZERO),
        InvoiceStatus.CREDITED: and_(OPEN_AMOUNT == ZERO, paid == ZERO, credited > ZERO),
        InvoiceStatus.WRITTEN_OFF: and_(OPEN_AMOUNT == ZERO, paid == ZERO, credited == ZERO, written_off > ZERO),
        InvoiceStatus.PARTIALLY_PAID: and_(OPEN_AMOUNT > ZERO, paid > ZERO),
        InvoiceStatus.SENT: and_(unpaid, sent),
        InvoiceStatus.APPROVED: and_(unpaid, ~sent),
    }
    return and_(Invoice.state == InvoiceState.APPROVED, facts[status])
