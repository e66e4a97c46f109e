"""What customers have paid or were credited and no invoice has used yet, at the end of any day: sums and documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Subquery, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState
from webapp.models import CreditApplication, CreditNote, Customer, Payment, PaymentApplication, User
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class UnusedCredit:
    """A payment or credit note of which ``rest`` settles nothing yet, in the customer's currency."""

    kind: str
    """``payment`` or ``credit_note``."""
    number: str
    day: date
    rest: Decimal
    code: str
    name: str
    currency: str


def unapplied_credit(day: date, *, customer_id: int | None = None) -> dict[int, Decimal]:
    """By customer, what payments and credit notes had not settled at the end of ``day``; customers without are left
    out."""
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for statement in (_payments(day), _credit_notes(day)):
        rests = statement.subquery()
        chosen = select(rests.c.customer_id, func.sum(rests.c.rest)).group_by(rests.c.customer_id)
        if customer_id is not None:
            chosen = chosen.where(rests.c.customer_id == customer_id)
        for owner, amount in db.session.execute(chosen):
            sums[owner] += amount
    return {owner: amount for owner, amount in sums.items() if amount}


def unused_credits(day: date, *, customer_code: str = "", viewer: User) -> list[UnusedCredit]:
    """The documents behind the sums of ``unapplied_credit``, the oldest first: of one customer, or all."""
    found: list[UnusedCredit] = []
    for kind, statement in (("payment", _payments(day)), ("credit_note", _credit_notes(day))):
        rests = statement.subquery()
        rows: Iterable[Any] = db.session.execute(
            select(rests.c.number, rests.c.day, rests.c.rest, Customer.code, Customer.name, Customer.currency)
            .join(Customer, Customer.id == rests.c.customer_id)
            .where(
                rests.c.rest != ZERO,
                visible(Customer, viewer),
                Customer.code == customer_code if customer_code else true(),
            )
        )
        found += [UnusedCredit(kind, *row) for row in rows]
    return sorted(found, key=lambda one: (one.day, one.number))


def applied(
    document_id: InstrumentedAttribute[int], application: type[PaymentApplication] | type[CreditApplication], day: date
) -> Subquery:
    """What stood applied at the end of ``day``, by document."""
    return (
        select(document_id.label("document_id"), func.sum(application.amount).label("amount"))
        .where(application.applied_on <= day, or_(application.reversed_on.is_(None), application.reversed_on > day))
        .group_by(document_id)
        .subquery()
    )


def _payments(day: date) -> Any:
    used = applied(PaymentApplication.payment_id, PaymentApplication, day)
    return (
        select(
            Payment.customer_id,
            Payment.payment_number.label("number"),
            Payment.payment_date.label("day"),
            (Payment.amount - Payment.refunded_amount - func.coalesce(used.c.amount, ZERO)).label("rest"),
        )
        .outerjoin(used, used.c.document_id == Payment.id)
        .where(Payment.payment_date <= day, or_(Payment.reversed_on.is_(None), Payment.reversed_on > day))
    )


def _credit_notes(day: date) -> Any:
    used = applied(CreditApplication.credit_note_id, CreditApplication, day)
    return (
        select(
            CreditNote.customer_id,
            CreditNote.credit_note_number.label("number"),
            CreditNote.issue_date.label("day"),
            (CreditNote.total - CreditNote.refunded_amount - func.coalesce(used.c.amount, ZERO)).label("rest"),
        )
        .outerjoin(used, used.c.document_id == CreditNote.id)
        .where(CreditNote.state == InvoiceState.APPROVED, CreditNote.issue_date <= day)
    )
