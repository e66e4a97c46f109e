"""Payments of customers and what they settle."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, enum_column, unique_where
from webapp.domain.states import PaymentState
from webapp.models.states import Stateful

if TYPE_CHECKING:
    from webapp.models.company import PaymentMethod
    from webapp.models.customers import Customer
    from webapp.models.invoices import CreditNote, Invoice
    from webapp.models.people import User


LIVE_REFERENCE = "state = 'RECORDED' AND reference <> ''"


class Payment(Stateful, Base):
    """Money received, in the customer's currency. What is not applied stays on account."""

    __tablename__ = "payments"
    document_kind: ClassVar[str] = "payment"
    document_name: ClassVar[str] = "Payment"

    id: Mapped[Id]
    payment_number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[Decimal] = mapped_column(Money)
    applied_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    refunded_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    method_code: Mapped[str] = mapped_column(sa.ForeignKey("payment_methods.code"))
    reference: Mapped[str] = mapped_column(default="")
    payment_date: Mapped[date]
    recorded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    reversed_on: Mapped[date | None]
    reversed_at: Mapped[datetime | None]
    reversed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reversal_reason: Mapped[str] = mapped_column(default="")

    customer: Mapped[Customer] = relationship()
    method: Mapped[PaymentMethod] = relationship()
    recorded_by: Mapped[User] = relationship(foreign_keys=[recorded_by_id])
    reversed_by: Mapped[User | None] = relationship(foreign_keys=[reversed_by_id])
    applications: Mapped[list[PaymentApplication]] = relationship(
        back_populates="payment", order_by="PaymentApplication.id"
    )

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint(
            "applied_amount >= 0 AND refunded_amount >= 0 AND applied_amount + refunded_amount <= amount",
            name="unapplied",
        ),
        sa.CheckConstraint("state <> 'REVERSED' OR (applied_amount = 0 AND refunded_amount = 0)", name="reversed"),
        sa.Index(None, "customer_id", "state"),
        sa.Index(None, "payment_date", "id"),
        unique_where(
            "uq_payments_reference", "state = 'RECORDED' AND reference <> ''", "customer_id", "method_code", "reference"
        ),
    )

    @property
    def number(self) -> str:
        return self.payment_number

    @property
    def unapplied(self) -> Decimal:
        """What stays on account; a reversed payment has nothing."""
        if self.state is PaymentState.REVERSED:
            return Decimal(0)
        return self.amount - self.applied_amount - self.refunded_amount


class PaymentApplication(Base):
    """A part of a payment that settles a part of an invoice, from ``applied_on`` until it is reversed."""

    __tablename__ = "payment_applications"

    id: Mapped[Id]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Money)
    applied_on: Mapped[date]
    applied_at: Mapped[datetime]
    applied_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    reversed_on: Mapped[date | None]

    payment: Mapped[Payment] = relationship(back_populates="applications")
    invoice: Mapped[Invoice] = relationship()

    __table_args__ = (sa.CheckConstraint("amount > 0", name="amount"),)


class CreditApplication(Base):
    """A part of a credit note that settles a part of an invoice."""

    __tablename__ = "credit_applications"

    id: Mapped[Id]
    credit_note_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_notes.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Money)
    applied_on: Mapped[date]
    applied_at: Mapped[datetime]
    applied_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    reversed_on: Mapped[date | None]

    credit_note: Mapped[CreditNote] = relationship()
    invoice: Mapped[Invoice] = relationship()

    __table_args__ = (sa.CheckConstraint("amount > 0", name="amount"),)
