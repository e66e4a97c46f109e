"""Invoices, credit notes, and a payment of one invoice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from webapp.blueprints.api.schemas.base import (
    Amount,
    Code,
    Count,
    Day,
    Input,
    LineNumber,
    ListQuery,
    Money,
    Output,
    Quantity,
    QueryFlag,
    Reason,
    Reference,
    Sentence,
    SignedQuantity,
    TaxPartOutput,
    Word,
    count,
    price,
)
from webapp.domain.money import plain
from webapp.domain.payments.split import overdue_days
from webapp.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment
from webapp.pages.invoices.lists import status_of


class BilledPart(Input):
    """So much of an order's line (base units)."""

    line_number: LineNumber
    quantity: Quantity


class InvoiceInput(Input):
    """A new draft; without ``lines`` all that is shipped and not yet invoiced."""

    lines: list[BilledPart] | None = Field(default=None, max_length=5000)


class Posting(Input):
    """The day the document carries: today, or an earlier one whose period is open."""

    issue_date: Day | None = None


class SendingInput(Input):
    """To whom; by default the customer's address."""

    recipient: Sentence | None = None


class CreditedPart(Input):
    """What to credit of an invoice's line: a quantity (base units, of the line's sign), or an amount off its price."""

    line_number: LineNumber
    quantity: SignedQuantity | None = None
    amount: Amount | None = None


class CreditNoteInput(Input):
    """A new draft; without ``lines`` all that is not yet credited."""

    lines: list[CreditedPart] | None = Field(default=None, max_length=5000)
    reason: Reason


class PaymentOfInvoice(Input):
    """What was paid on one invoice."""

    payment_amount: Amount
    payment_method: Code
    payment_reference: Word = ""
    payment_date: Day | None = None


class InvoiceQuery(ListQuery):
    """Which invoices."""

    status: Word | None = None
    customer: Reference | None = None
    order: Reference | None = None
    issued_from: Day | None = None
    issued_to: Day | None = None
    due_to: Day | None = None
    open: QueryFlag | None = None
    overdue: QueryFlag | None = None


class BilledLine(Output):
    """A line of an invoice or credit note, in base units; ``unit_price`` is for ``price_base`` of them."""

    line_number: int
    sku: str
    item: str
    is_charge: bool
    quantity: Count
    unit: str
    unit_price: Money
    price_base: Count
    discount_percent: Count
    line_charges: Money
    net_amount: Money
    tax_percent: Count
    tax_amount: Money
    tax_parts: list[TaxPartOutput]
    total: Money

    @classmethod
    def of(cls, line: InvoiceLine | CreditNoteLine, currency: str) -> BilledLine:
        """The line, its amounts as strings."""
        return cls(
            line_number=line.line_number,
            sku=line.sku,
            item=line.description,
            is_charge=line.is_charge,
            quantity=count(line.quantity),
            unit=line.unit,
            unit_price=price(line.unit_price, currency) or "",
            price_base=count(line.price_base),
            discount_percent=count(line.discount_percent),
            line_charges=plain(line.line_charges, currency),
            net_amount=plain(line.net_amount, currency),
            tax_percent=count(line.tax_percent),
            tax_amount=plain(line.tax_amount, currency),
            tax_parts=TaxPartOutput.all_of(line.tax_parts, currency),
            total=plain(line.total, currency),
        )


class InvoiceSummary(Output):
    """An invoice without its lines; ``invoice_number`` is null while it is a draft."""

    id: int
    invoice_number: str | None
    status: str
    version: int
    customer: str
    order_number: str | None
    currency: str
    issue_date: str | None
    due_date: str | None
    prices_include_tax: bool
    net_total: Money
    tax_total: Money
    rounding_amount: Money
    total: Money
    amount_paid: Money
    amount_due: Money
    overdue_amount: Money
    overdue_days: int

    @classmethod
    def of(cls, invoice: Invoice, day: date) -> InvoiceSummary:
        """The invoice, loaded with customer, order and sendings, as it stands on ``day``."""
        currency = invoice.currency
        late = overdue_days(invoice.due_date, day) if invoice.due_date and invoice.open_amount else 0
        return cls(
            id=invoice.id,
            invoice_number=invoice.invoice_number,
            status=status_of(invoice).value,
            version=invoice.version,
            customer=invoice.customer.code,
            order_number=invoice.order.order_number if invoice.order else None,
            currency=currency,
            issue_date=invoice.issue_date.isoformat() if invoice.issue_date else None,
            due_date=invoice.due_date.isoformat() if invoice.due_date else None,
            prices_include_tax=invoice.prices_include_tax,
            net_total=plain(invoice.net_total, currency),
            tax_total=plain(invoice.tax_total, currency),
            rounding_amount=plain(invoice.rounding_amount, currency),
            total=plain(invoice.total, currency),
            amount_paid=plain(invoice.paid_amount + invoice.settled_before, currency),
            amount_due=plain(invoice.open_amount, currency),
            overdue_amount=plain(invoice.open_amount if late else Decimal(0), currency),
            overdue_days=late,
        )


class InvoiceOutput(InvoiceSummary):
    """An invoice."""

    lines: list[BilledLine]

    @classmethod
    def whole(cls, invoice: Invoice, day: date) -> InvoiceOutput:
        """The invoice, loaded with everything it shows."""
        head = InvoiceSummary.of(invoice, day).model_dump()
        return cls(**head, lines=[BilledLine.of(line, invoice.currency) for line in invoice.lines])


class InvoiceList(Output):
    """A page of invoices and drafts, the newest first."""

    results: list[InvoiceSummary]
    next: str | None


class CreditNoteOutput(Output):
    """A credit note; ``credit_note_number`` is null while it is a draft."""

    id: int
    credit_note_number: str | None
    status: str
    version: int
    customer: str
    invoice_number: str | None
    currency: str
    issue_date: str | None
    reason: str
    lines: list[BilledLine]
    prices_include_tax: bool
    net_total: Money
    tax_total: Money
    rounding_amount: Money
    total: Money
    amount_applied: Money
    unapplied: Money

    @classmethod
    def of(cls, note: CreditNote) -> CreditNoteOutput:
        """The credit note, loaded with everything it shows."""
        currency = note.currency
        return cls(
            id=note.id,
            credit_note_number=note.credit_note_number,
            status=note.state.value,
            version=note.version,
            customer=note.customer.code,
            invoice_number=note.invoice.invoice_number,
            currency=currency,
            issue_date=note.issue_date.isoformat() if note.issue_date else None,
            reason=note.reason,
            lines=[BilledLine.of(line, currency) for line in note.lines],
            prices_include_tax=note.prices_include_tax,
            net_total=plain(note.net_total, currency),
            tax_total=plain(note.tax_total, currency),
            rounding_amount=plain(note.rounding_amount, currency),
            total=plain(note.total, currency),
            amount_applied=plain(note.applied_amount, currency),
            unapplied=plain(note.unapplied, currency),
        )


class PaymentRecorded(Output):
    """What a payment left open of its invoice; ``payment_id`` is its reference, or its number when it has none."""

    message: str
    invoice_number: str
    payment_id: str
    amount_paid: Money
    amount_due: Money

    @classmethod
    def of(cls, payment: Payment, invoice: Invoice) -> PaymentRecorded:
        """The payment, and the invoice as it stands after it."""
        currency = invoice.currency
        return cls(
            message=f"Payment of {plain(payment.amount, currency)} recorded successfully",
            invoice_number=invoice.number,
            payment_id=payment.reference or payment.payment_number,
            amount_paid=plain(invoice.paid_amount + invoice.settled_before, currency),
            amount_due=plain(invoice.open_amount, currency),
        )
