"""Payments in lists, one payment with what it settled, and what a receipt could settle."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import Invoice, Payment, PaymentApplication, PaymentMethod, User
from webapp.queries.visibility import visible

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
