"""Invoices and credit notes: drafted, validated, approved, sent, paid, credited, voided."""

from __future__ import annotations

from flask import url_for

from webapp.blueprints.api.routing import Answer, does, listed, reads
from webapp.blueprints.api.schemas.free_invoices import FreeInvoiceInput
from webapp.blueprints.api.schemas.invoices import (
    CreditNoteInput,
    CreditNoteOutput,
    InvoiceInput,
    InvoiceList,
    InvoiceOutput,
    InvoiceQuery,
    InvoiceSummary,
    PaymentOfInvoice,
    PaymentRecorded,
    Posting,
    SendingInput,
)
from webapp.blueprints.api.schemas.moves import MoveWithReason
from webapp.domain.importing import fields
from webapp.domain.invoices.status import InvoiceStatus
from webapp.domain.permissions import Permission
from webapp.models import CreditNote, Customer, Invoice, Order
from webapp.pages.documents_for_api import whole_credit_note, whole_invoice
from webapp.pages.invoices.lists import InvoiceFilter
from webapp.pages.invoices.lists import list_invoices as invoices_page
from webapp.queries.company import today
from webapp.queries.references import at_path, referred
from webapp.services.credit_notes import notes as credit_notes
from webapp.services.credit_notes.lines import CreditLine
from webapp.services.invoices import drafts as invoicing
from webapp.services.invoices import posting, sending
from webapp.services.invoices import without_order as free_invoices
from webapp.services.payments.receiving import pay_invoice
from webapp.web.auth import program


@reads("/sales/invoices/", Permission.INVOICES_READ, InvoiceList, query=InvoiceQuery)
def list_invoices(query: InvoiceQuery) -> InvoiceList:
    """Invoices and drafts, the newest first."""
    user = program()
    customer = "" if query.customer is None else referred(Customer, query.customer, user, field="customer").code
    order = "" if query.order is None else referred(Order, query.order, user, field="order").number
    status = fields.choice(InvoiceStatus, InvoiceStatus.DRAFT)(query.status, "status") if query.status else None
    wanted = InvoiceFilter(
        status=status,
        customer=customer,
        order=order,
        issued_from=query.issued_from,
        issued_to=query.issued_to,
        due_to=query.due_to,
        open_only=bool(query.open),
        overdue_only=bool(query.overdue),
    )
    page = invoices_page(wanted, viewer=user, cursor=query.cursor, limit=query.limit)
    day = today()
    return InvoiceList(**listed(page, [InvoiceSummary.of(row, day) for row in page.rows]))


@reads("/sales/invoices/<path:ref>/", Permission.INVOICES_READ, InvoiceOutput)
def show_invoice(ref: str) -> InvoiceOutput:
    """One invoice, by number or id; a draft has only an id."""
    return _shown(at_path(Invoice, ref, program()).id)


@does("/sales/orders/<ref>/invoices/", invoicing.draft_invoice, InvoiceOutput, body=InvoiceInput, status=201)
def create_invoice(body: InvoiceInput, ref: str) -> Answer:
    """Draft an invoice over what an order has shipped and not yet billed."""
    order = at_path(Order, ref, program())
    lines = None if body.lines is None else {part.line_number: part.quantity for part in body.lines}
    draft = invoicing.draft_invoice(order.number, lines=lines, actor=program())
    return Answer(_shown(draft.id), 201, url_for("api.show_invoice", ref=draft.id))


@does("/sales/invoices/", free_invoices.draft_free_invoice, InvoiceOutput, body=FreeInvoiceInput, status=201)
def create_free_invoice(body: FreeInvoiceInput) -> Answer:
    """Draft an invoice that bills no order: a service, a fee, a correction."""
    customer = referred(Customer, body.customer, program(), field="customer")
    draft = free_invoices.draft_free_invoice(body.given(customer.code), actor=program())
    return Answer(_shown(draft.id), 201, url_for("api.show_invoice", ref=draft.id))


@does("/sales/invoices/<path:ref>/validate/", invoicing.validate_invoice, InvoiceOutput)
def validate_invoice(ref: str) -> InvoiceOutput:
    """Check a draft; every problem is named at once."""
    invoice = at_path(Invoice, ref, program())
    return _shown(invoicing.validate_invoice(invoice.id, actor=program()).id)


@does("/sales/invoices/<path:ref>/approve/", posting.post_invoice, InvoiceOutput, body=Posting)
def approve_invoice(body: Posting, ref: str) -> InvoiceOutput:
    """Post a validated draft: it gets its number and never changes again."""
    invoice = at_path(Invoice, ref, program())
    return _shown(posting.post_invoice(invoice.id, issue_date=body.issue_date, actor=program()).id)


@does("/sales/invoices/<path:ref>/send/", sending.send_invoice, InvoiceOutput, body=SendingInput)
def send_invoice(body: SendingInput, ref: str) -> InvoiceOutput:
    """Send a posted invoice by e-mail."""
    invoice = at_path(Invoice, ref, program())
    return _shown(sending.send_invoice(invoice.id, recipient=body.recipient, actor=program()).id)


@does("/sales/invoices/<path:ref>/void/", invoicing.void_invoice, InvoiceOutput, body=MoveWithReason)
def void_invoice(body: MoveWithReason, ref: str) -> InvoiceOutput:
    """Give a draft up; what it was to bill can be billed again."""
    invoice = at_path(Invoice, ref, program())
    return _shown(invoicing.void_invoice(invoice.id, reason=body.reason, actor=program()).id)


@does("/sales/invoices/<path:ref>/record_payment/", pay_invoice, PaymentRecorded, body=PaymentOfInvoice)
def record_payment(body: PaymentOfInvoice, ref: str) -> Answer:
    """Record what a customer paid on one invoice."""
    invoice = at_path(Invoice, ref, program())
    payment = pay_invoice(
        invoice.id,
        body.payment_amount,
        body.payment_method,
        body.payment_reference,
        body.payment_date,
        actor=program(),
    )
    recorded = PaymentRecorded.of(payment, whole_invoice(invoice.id))
    return Answer(recorded, 200, url_for("api.show_payment", ref=payment.number))


# --- credit notes ----------------------------------------------------------------------------------------------------


@does(
    "/sales/invoices/<path:ref>/credit_notes/",
    credit_notes.draft_credit_note,
    CreditNoteOutput,
    body=CreditNoteInput,
    status=201,
)
def create_credit_note(body: CreditNoteInput, ref: str) -> Answer:
    """Draft a credit note over lines of a posted invoice."""
    invoice = at_path(Invoice, ref, program())
    lines = None
    if body.lines is not None:
        lines = [CreditLine(part.line_number, part.quantity, part.amount) for part in body.lines]
    note = credit_notes.draft_credit_note(invoice.number, lines=lines, reason=body.reason, actor=program())
    return Answer(_note(note.id), 201, url_for("api.show_credit_note", ref=note.id))


@reads("/sales/credit_notes/<ref>/", Permission.INVOICES_READ, CreditNoteOutput)
def show_credit_note(ref: str) -> CreditNoteOutput:
    """One credit note, by number or id; a draft has only an id."""
    return _note(at_path(CreditNote, ref, program()).id)


@does("/sales/credit_notes/<ref>/approve/", credit_notes.post_credit_note, CreditNoteOutput, body=Posting)
def approve_credit_note(body: Posting, ref: str) -> CreditNoteOutput:
    """Post a credit note: it settles what is open of its invoice, the rest stays unapplied."""
    note = at_path(CreditNote, ref, program())
    return _note(credit_notes.post_credit_note(note.id, issue_date=body.issue_date, actor=program()).id)


def _shown(invoice_id: int) -> InvoiceOutput:
    return InvoiceOutput.whole(whole_invoice(invoice_id), today())


def _note(credit_note_id: int) -> CreditNoteOutput:
    return CreditNoteOutput.of(whole_credit_note(credit_note_id))
