"""What a customer uses of its credit, read in one statement, and the checks that weigh it.

Every command that changes exposure locks the customer row first; read after that lock, nothing falls between the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, SQLColumnExpression, and_, bindparam, func, select

from webapp.db import Scaled, db
from webapp.domain.constants import ZERO
from webapp.domain.credit_control.rule import CreditCheck, Exposure, decide
from webapp.domain.states import CustomerStatus, HoldState, InvoiceState, OrderState, PaymentState
from webapp.models import (
    CreditHold,
    CreditNote,
    Customer,
    Invoice,
    Order,
    Payment,
)
from webapp.queries.company import today

OPEN_AMOUNT = (
    Invoice.total - Invoice.settled_before - Invoice.paid_amount - Invoice.credited_amount - Invoice.written_off_amount
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's exposure, and what of it is overdue: net of unapplied credit, and by how many days at the most."""

    exposure: Exposure
    overdue_amount: Decimal
    overdue_days: int


def standing_of(customer: Customer, day: date, *, excluding: Order | None = None) -> Standing:
    """The customer's standing on ``day``; with ``excluding`` that order's still-to-ship amount is left out."""
    row = db.session.execute(
        STANDING, {"customer_id": customer.id, "day": day, "excluded_id": excluding.id if excluding is not None else 0}
    ).one()
    unapplied = row.on_account + row.unapplied_credit
    exposure = Exposure(
        open_invoices=row.open_invoices,
        unapplied=unapplied,
        shipped_unbilled=row.shipped_unbilled,
        to_ship=row.to_ship,
    )
    days = (day - row.oldest_due).days if row.oldest_due else 0
    return Standing(exposure, max(row.overdue - unapplied, ZERO), days)


def check_credit(customer: Customer, order_amount: Decimal, *, excluding: Order | None = None) -> CreditCheck:
    """Weigh an amount (customer's currency, tax included) against the credit the customer has left today."""
    day = today()
    return weigh(customer, standing_of(customer, day, excluding=excluding), order_amount, day)


def weigh(customer: Customer, standing: Standing, order_amount: Decimal, day: date) -> CreditCheck:
    """Weigh an amount against a standing that was read already."""
    return decide(
        credit_limit=customer.limit_on(day),
        outstanding_balance=standing.exposure.outstanding_balance,
        open_orders=standing.exposure.open_orders,
        order_amount=order_amount,
        currency=customer.currency,
        blocked=customer.status is CustomerStatus.BLOCKED,
        overdue_amount=standing.overdue_amount,
        overdue_days=standing.overdue_days,
        tolerated_days=customer.tolerated_days,
        tolerated_amount=customer.tolerated_amount,
    )


def _standing() -> Any:
    """The sums for ``:customer_id`` on ``:day`` without the order ``:excluded_id``; built once, asked for often."""
    customer_id, day = bindparam("customer_id", type_=BigInteger()), bindparam("day", type_=Date())
    posted = and_(Invoice.customer_id == customer_id, Invoice.state == InvoiceState.APPROVED)
    overdue = and_(posted, Invoice.due_date < day, OPEN_AMOUNT > ZERO)
    of_customer = Order.customer_id == customer_id
    held = (
        select(CreditHold.id)
        .where(CreditHold.order_id == Order.id, CreditHold.state == HoldState.OPEN)
        .correlate(Order)
        .exists()
    )
    shipping = and_(of_customer, Order.state == OrderState.CONFIRMED, ~held, Order.id != bindparam("excluded_id"))
    on_account = and_(Payment.customer_id == customer_id, Payment.state == PaymentState.RECORDED)
    credited = and_(CreditNote.customer_id == customer_id, CreditNote.state == InvoiceState.APPROVED)
    return select(
        _sum(OPEN_AMOUNT, posted).label("open_invoices"),
        _sum(OPEN_AMOUNT, overdue).label("overdue"),
        select(func.min(Invoice.due_date)).where(overdue).scalar_subquery().label("oldest_due"),
        _sum(Order.to_bill_amount, of_customer).label("shipped_unbilled"),
        _sum(Order.to_ship_amount, shipping).label("to_ship"),
        _sum(Payment.amount - Payment.applied_amount - Payment.refunded_amount, on_account).label("on_account"),
        _sum(CreditNote.total - CreditNote.applied_amount - CreditNote.refunded_amount, credited).label(
            "unapplied_credit"
        ),
    )


def _sum(amount: SQLColumnExpression[Decimal], where: ColumnElement[bool]) -> ColumnElement[Decimal]:
    total = select(func.sum(amount)).where(where).scalar_subquery()
    return func.coalesce(total, ZERO, type_=Scaled(4))


STANDING = _standing()
