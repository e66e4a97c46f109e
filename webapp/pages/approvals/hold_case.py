"""What a credit manager looks at before deciding a hold: the documents behind the exposure, and what went before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState, OrderState, PaymentState
from webapp.models import CreditHold, Invoice, Order, Payment
from webapp.queries.credit_control.exposure import OPEN_AMOUNT

MOST_SHOWN = 12
LAST = 5


@dataclass(frozen=True, slots=True)
class CreditCase:
    """The documents of one customer around a held order."""

    invoices: Sequence[Invoice]
    orders: Sequence[Order]
    payments: Sequence[Payment]
    earlier: Sequence[CreditHold]


def credit_case(order: Order) -> CreditCase:
    """Four statements: open invoices by due date, other orders that count, last payments, earlier holds."""
    customer_id = order.customer_id
    counts = or_(Order.to_bill_amount > ZERO, (Order.state == OrderState.CONFIRMED) & (Order.to_ship_amount > ZERO))
    return CreditCase(
        invoices=db.session.scalars(
            select(Invoice)
            .where(Invoice.customer_id == customer_id, Invoice.state == InvoiceState.APPROVED, OPEN_AMOUNT > ZERO)
            .order_by(Invoice.due_date, Invoice.id)
            .limit(MOST_SHOWN)
        ).all(),
        orders=db.session.scalars(
            select(Order)
            .where(Order.customer_id == customer_id, Order.id != order.id, counts)
            .order_by(Order.id.desc())
            .limit(MOST_SHOWN)
        ).all(),
        payments=db.session.scalars(
            select(Payment)
            .where(Payment.customer_id == customer_id, Payment.state == PaymentState.RECORDED)
            .order_by(Payment.id.desc())
            .limit(LAST)
        ).all(),
        earlier=db.session.scalars(
            select(CreditHold)
            .where(CreditHold.customer_id == customer_id, CreditHold.decided_at.is_not(None))
            .order_by(CreditHold.id.desc())
            .limit(LAST)
            .options(joinedload(CreditHold.order), joinedload(CreditHold.decided_by))
        ).all(),
    )
