"""Payments of customers."""

from __future__ import annotations

from pydantic import Field

from webapp.blueprints.api.schemas.base import (
    Amount,
    Code,
    Day,
    Flag,
    Input,
    ListQuery,
    Money,
    Output,
    Reference,
    Word,
)
from webapp.domain.money import plain
from webapp.models import Payment


class PaymentPart(Input):
    """So much of the payment settles an invoice."""

    invoice: Reference
    amount: Amount


class PaymentInput(Input):
    """A receipt; without ``allocations`` the oldest due invoices are settled. What is left over stays on account only
    with ``keep_on_account``."""

    customer: Reference
    amount: Amount
    method: Code
    reference: Word = ""
    payment_date: Day | None = None
    allocations: list[PaymentPart] | None = Field(default=None, max_length=1000)
    keep_on_account: Flag = False


class PaymentQuery(ListQuery):
    """Which payments."""

    customer: Reference | None = None
    status: Word | None = None
    method: Word | None = None
    paid_from: Day | None = None
    paid_to: Day | None = None


class AppliedPart(Output):
    """What of a payment settles an invoice; ``reversed_on`` when it does so no more."""

    invoice: str
    amount: Money
    applied_on: str
    reversed_on: str | None


class PaymentOutput(Output):
    """A payment, and what it settles."""

    id: int
    payment_number: str
    status: str
    customer: str
    currency: str
    amount: Money
    method: str
    reference: str
    payment_date: str
    allocations: list[AppliedPart]
    unapplied: Money

    @classmethod
    def of(cls, payment: Payment) -> PaymentOutput:
        """The payment, loaded with customer and applications."""
        currency = payment.currency
        return cls(
            id=payment.id,
            payment_number=payment.payment_number,
            status=payment.state.value,
            customer=payment.customer.code,
            currency=currency,
            amount=plain(payment.amount, currency),
            method=payment.method_code,
            reference=payment.reference,
            payment_date=payment.payment_date.isoformat(),
            allocations=[
                AppliedPart(
                    invoice=one.invoice.number,
                    amount=plain(one.amount, currency),
                    applied_on=one.applied_on.isoformat(),
                    reversed_on=one.reversed_on.isoformat() if one.reversed_on else None,
                )
                for one in payment.applications
            ],
            unapplied=plain(payment.unapplied, currency),
        )


class PaymentList(Output):
    """A page of payments, the newest first."""

    results: list[PaymentOutput]
    next: str | None
