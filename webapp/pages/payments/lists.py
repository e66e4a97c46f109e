"""Payments in lists: what narrows them, and which have a rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.domain.constants import ZERO
from webapp.domain.states import PaymentState
from webapp.models import Customer, Invoice, Payment, PaymentApplication, User
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible


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
