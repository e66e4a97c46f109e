"""Invoices and credit notes, their lines, taxes, sendings, and the stored PDF."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from webapp.db import Base, Id, Money, Percent, Price, Quantity, Versioned, enum_column
from webapp.domain.documents.amounts import TaxRounding
from webapp.domain.states import InvoiceState
from webapp.models.states import Stateful

if TYPE_CHECKING:
    from webapp.models.customers import Customer
    from webapp.models.orders import Order, OrderCharge, OrderLine
    from webapp.models.people import User


class Billed(Stateful, Versioned):
    """What an invoice and a credit note have in common. Amounts are in ``currency`` and positive on both.

    Where ``prices_include_tax``, prices, discounts and subtotals are gross. ``total`` is what is owed: net, tax and
    ``rounding_amount``, which brings it to a whole multiple of ``rounding_unit``; without a unit it is what was agreed,
    mostly 0.
    """

    id: Mapped[Id]
    state: Mapped[InvoiceState] = mapped_column(enum_column(InvoiceState))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    base_rate: Mapped[Decimal | None] = mapped_column(Price)
    issue_date: Mapped[date | None]
    delivery_date: Mapped[date | None]
    tax_rounding: Mapped[TaxRounding] = mapped_column(enum_column(TaxRounding))
    prices_include_tax: Mapped[bool] = mapped_column(default=False)
    billing_address: Mapped[dict[str, Any]]
    shipping_address: Mapped[dict[str, Any]]
    net_total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    tax_total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    rounding_unit: Mapped[Decimal | None] = mapped_column(Money)
    rounding_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    validated_at: Mapped[datetime | None]
    posted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    posted_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(default="")
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))

    @declared_attr
    def customer(cls) -> Mapped[Customer]:
        return relationship("Customer")

    @declared_attr
    def order(cls) -> Mapped[Order | None]:
        return relationship("Order")

    @property
    def is_posted(self) -> bool:
        return self.state is InvoiceState.APPROVED


class BilledLine:
    """One line of an invoice or credit note, in base units, with its own amounts.

    ``tax_parts`` are the taxes that make up its tax, with their amounts, where they are several. ``line_charges`` is
    what the line's own charges less its own allowances add to its net.
    """

    id: Mapped[Id]
    line_number: Mapped[int]
    sku: Mapped[str] = mapped_column(default="")
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit: Mapped[str] = mapped_column(default="")
    price_base: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(1))
    unit_price: Mapped[Decimal] = mapped_column(Price)
    discount_percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    subtotal: Mapped[Decimal] = mapped_column(Money)
    discount_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    order_discount_share: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    line_charges: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    net_amount: Mapped[Decimal] = mapped_column(Money)
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
    tax_category: Mapped[str] = mapped_column(sa.String(3))
    tax_percent: Mapped[Decimal] = mapped_column(Percent)
    tax_parts: Mapped[list[Any]] = mapped_column(default=list)
    tax_amount: Mapped[Decimal] = mapped_column(Money)
    total: Mapped[Decimal] = mapped_column(Money)

    @property
    def entered_amount(self) -> Decimal:
        """What was entered less its discounts: the net, or where prices include tax the gross."""
        return self.subtotal - self.discount_amount - self.order_discount_share


class BilledTax:
    """What is taxed, and the tax, of one category and rate on one document; ``name`` tells several taxes on a line."""

    category: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Percent, primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, default="")
    net_amount: Mapped[Decimal] = mapped_column(Money)
    tax_amount: Mapped[Decimal] = mapped_column(Money)
    exemption_reason: Mapped[str] = mapped_column(default="")


class Invoice(Billed, Base):
    """An invoice. Posted ones never change but for the sums of what was paid, credited and written off.

    ``is_opening``: brought from an old system under its own number; ``settled_before`` was paid there.
    """

    __tablename__ = "invoices"
    document_kind: ClassVar[str] = "invoice"
    document_name: ClassVar[str] = "Invoice"

    invoice_number: Mapped[str | None] = mapped_column(unique=True)
    is_opening: Mapped[bool] = mapped_column(default=False)
    due_date: Mapped[date | None]
    payment_terms_code: Mapped[str] = mapped_column(sa.ForeignKey("payment_terms.code"))
    order_discount_percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    order_discount_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    settled_before: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    paid_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    credited_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    written_off_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    first_payment_date: Mapped[date | None]
    last_payment_date: Mapped[date | None]

    created_by: Mapped[User] = relationship(foreign_keys="Invoice.created_by_id")
    posted_by: Mapped[User | None] = relationship(foreign_keys="Invoice.posted_by_id")
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.line_number", cascade="all, delete-orphan"
    )
    taxes: Mapped[list[InvoiceTax]] = relationship(
        back_populates="invoice",
        order_by="InvoiceTax.category, InvoiceTax.percent.desc(), InvoiceTax.name",
        cascade="all, delete-orphan",
    )
    sendings: Mapped[list[Sending]] = relationship(order_by="Sending.id", viewonly=True)

    __table_args__ = (
        sa.CheckConstraint(
            "settled_before >= 0 AND paid_amount >= 0 AND credited_amount >= 0 AND written_off_amount >= 0"
            " AND settled_before + paid_amount + credited_amount + written_off_amount <= total",
            name="open_amount",
        ),
        sa.CheckConstraint(
            "state <> 'APPROVED' OR (invoice_number IS NOT NULL AND issue_date IS NOT NULL AND due_date IS NOT NULL)",
            name="posted",
        ),
        sa.CheckConstraint("total >= 0", name="total"),
        sa.Index(None, "customer_id", "state", "due_date"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "issue_date", "id"),
        sa.Index(None, "due_date", "id"),
    )

    @property
    def is_numbered(self) -> bool:
        return self.invoice_number is not None

    @property
    def number(self) -> str:
        """The invoice number; a draft is called by its id."""
        return self.invoice_number or f"draft {self.id}"

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; 0 unless posted."""
        if not self.is_posted:
            return Decimal(0)
        return self.total - self.settled_before - self.paid_amount - self.credited_amount - self.written_off_amount


class InvoiceLine(BilledLine, Base):
    """A line of goods or services, or with ``is_charge`` a charge (negative: allowance) of the whole document.

    ``adjustments`` tells each part of ``line_charges``: its reason and, as text, its amount.
    """

    __tablename__ = "invoice_lines"

    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"))
    order_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("order_lines.id"), index=True)
    order_charge_id: Mapped[int | None] = mapped_column(sa.ForeignKey("order_charges.id"), index=True)
    is_charge: Mapped[bool] = mapped_column(default=False)
    adjustments: Mapped[list[Any]] = mapped_column(default=list)

    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine | None] = relationship()
    order_charge: Mapped[OrderCharge | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("invoice_id", "line_number"),
        sa.CheckConstraint("order_charge_id IS NULL OR is_charge", name="charge"),
    )


class InvoiceTax(BilledTax, Base):
    __tablename__ = "invoice_taxes"

    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), primary_key=True)

    invoice: Mapped[Invoice] = relationship(back_populates="taxes")


class CreditNote(Billed, Base):
    """Takes back lines of one posted invoice. ``rebill``: what it credits may be invoiced again (a corrected price)."""

    __tablename__ = "credit_notes"
    document_kind: ClassVar[str] = "credit_note"
    document_name: ClassVar[str] = "Credit note"

    credit_note_number: Mapped[str | None] = mapped_column(unique=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    return_id: Mapped[int | None] = mapped_column(sa.ForeignKey("returns.id"), index=True)
    reason: Mapped[str]
    rebill: Mapped[bool] = mapped_column(default=False)
    applied_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    refunded_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    created_by: Mapped[User] = relationship(foreign_keys="CreditNote.created_by_id")
    posted_by: Mapped[User | None] = relationship(foreign_keys="CreditNote.posted_by_id")
    invoice: Mapped[Invoice] = relationship()
    lines: Mapped[list[CreditNoteLine]] = relationship(
        back_populates="credit_note", order_by="CreditNoteLine.line_number", cascade="all, delete-orphan"
    )
    taxes: Mapped[list[CreditNoteTax]] = relationship(
        back_populates="credit_note",
        order_by="CreditNoteTax.category, CreditNoteTax.percent.desc(), CreditNoteTax.name",
        cascade="all, delete-orphan",
    )

    __table_args__ = (
        sa.CheckConstraint(
            "applied_amount >= 0 AND refunded_amount >= 0 AND applied_amount + refunded_amount <= total",
            name="unapplied",
        ),
        sa.CheckConstraint(
            "state <> 'APPROVED' OR (credit_note_number IS NOT NULL AND issue_date IS NOT NULL)", name="posted"
        ),
        sa.Index(None, "customer_id", "state"),
        sa.Index(None, "state", "id"),
    )

    @property
    def is_numbered(self) -> bool:
        return self.credit_note_number is not None

    @property
    def number(self) -> str:
        """The credit note's number; a draft is called by its id."""
        return self.credit_note_number or f"draft {self.id}"

    @property
    def unapplied(self) -> Decimal:
        """What has not settled an invoice yet; 0 unless posted."""
        return self.total - self.applied_amount - self.refunded_amount if self.is_posted else Decimal(0)


class CreditNoteLine(BilledLine, Base):
    """``counts_quantity`` is false for a price-only credit, which gives no goods back."""

    __tablename__ = "credit_note_lines"

    credit_note_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_notes.id"))
    invoice_line_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice_lines.id"), index=True)
    counts_quantity: Mapped[bool] = mapped_column(default=True)

    credit_note: Mapped[CreditNote] = relationship(back_populates="lines")
    invoice_line: Mapped[InvoiceLine] = relationship()

    __table_args__ = (sa.UniqueConstraint("credit_note_id", "line_number"),)

    @property
    def is_charge(self) -> bool:
        """Whether this takes back a document charge such as freight, and no goods."""
        return self.invoice_line.is_charge


class CreditNoteTax(BilledTax, Base):
    __tablename__ = "credit_note_taxes"

    credit_note_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_notes.id"), primary_key=True)

    credit_note: Mapped[CreditNote] = relationship(back_populates="taxes")


class Sending(Base):
    """That an invoice or credit note was sent: when, by whom, to whom."""

    __tablename__ = "sendings"

    id: Mapped[Id]
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    credit_note_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_notes.id"), index=True)
    recipient: Mapped[str]
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    __table_args__ = (sa.CheckConstraint("(invoice_id IS NULL) <> (credit_note_id IS NULL)", name="one_document"),)


class DocumentFile(Base):
    """The file of a posted document as it was first made; a reprint is identical."""

    __tablename__ = "document_files"

    id: Mapped[Id]
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), unique=True)
    credit_note_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_notes.id"), unique=True)
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes]
    made_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("(invoice_id IS NULL) <> (credit_note_id IS NULL)", name="one_document"),)
