"""Invoices in lists, and one invoice with everything its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.domain.invoices.status import InvoiceStatus
from webapp.domain.payments.split import overdue_days
from webapp.domain.states import InvoiceState
from webapp.models import (
    CreditApplication,
    CreditNote,
    DocumentFile,
    Invoice,
    InvoiceLine,
    PaymentApplication,
    Sending,
    User,
)
from webapp.pages.invoices.lists import status_of
from webapp.queries.company import today
from webapp.queries.invoices.snapshots import Snapshot, snapshot_of
from webapp.queries.visibility import visible
from webapp.services.papers.printed import PrintedDocument, printed

# -- lists -------------------------------------------------------------------------------------------------------------


# -- one invoice -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """An invoice with its paper, its status and what settled it; ``pdf_hash`` is None while it has no stored PDF."""

    invoice: Invoice
    status: InvoiceStatus
    snapshot: Snapshot
    paper: PrintedDocument | None
    overdue_amount: Decimal
    overdue_days: int
    payments: tuple[PaymentApplication, ...]
    credits: tuple[CreditApplication, ...]
    credit_notes: tuple[CreditNote, ...]
    sendings: tuple[Sending, ...]
    pdf_hash: str | None

    @property
    def is_free_draft(self) -> bool:
        """Whether its lines were given one by one and may still be given otherwise."""
        is_draft = self.invoice.state in (InvoiceState.DRAFT, InvoiceState.VALIDATED)
        return is_draft and self.invoice.order_id is None


def invoice_page(number: str, *, viewer: User) -> InvoicePage:
    """The posted invoice called ``number``. Raises NotFound, also when it is not this user's to see."""
    return _page(Invoice.invoice_number == number, number, viewer)


def draft_page(invoice_id: int, *, viewer: User) -> InvoicePage:
    """An invoice by its id, which is what a draft has. Raises NotFound, also when it is not this user's to see."""
    return _page(Invoice.id == invoice_id, f"draft {invoice_id}", viewer)


def find_invoice(reference: str, *, viewer: User) -> Invoice:
    """An invoice by its number, else by its id, alone. Raises NotFound."""
    found = _one(select(Invoice).where(Invoice.invoice_number == reference, visible(Invoice, viewer)))
    if found is None and reference.isascii() and reference.isdecimal() and int(reference) < 2**63:
        found = _one(select(Invoice).where(Invoice.id == int(reference), visible(Invoice, viewer)))
    if found is None:
        raise NotFound(f"There is no invoice {reference}.")
    return found


def stored_pdf(number: str, *, viewer: User) -> tuple[bytes, str]:
    """The PDF of a posted invoice and its SHA-256, as first made. Raises NotFound."""
    row = db.session.execute(
        select(DocumentFile.content, DocumentFile.sha256)
        .join(Invoice, DocumentFile.invoice_id == Invoice.id)
        .where(Invoice.invoice_number == number, visible(Invoice, viewer))
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no PDF of invoice {number}.")
    return row.content, row.sha256


def _page(named: ColumnElement[bool], called: str, viewer: User) -> InvoicePage:
    invoice = _one(
        select(Invoice)
        .where(named, visible(Invoice, viewer))
        .options(
            joinedload(Invoice.customer, innerjoin=True),
            joinedload(Invoice.order),
            joinedload(Invoice.created_by),
            joinedload(Invoice.posted_by),
            selectinload(Invoice.lines).options(
                joinedload(InvoiceLine.order_line),
                joinedload(InvoiceLine.order_charge),
            ),
            selectinload(Invoice.taxes),
            selectinload(Invoice.sendings),
        )
    )
    if invoice is None:
        raise NotFound(f"There is no invoice {called}.")
    snapshot = snapshot_of(invoice) if invoice.lines else {}
    late = overdue_days(invoice.due_date, today()) if invoice.due_date and invoice.open_amount else 0
    return InvoicePage(
        invoice=invoice,
        status=status_of(invoice),
        snapshot=snapshot,
        paper=printed(snapshot) if snapshot else None,
        overdue_amount=invoice.open_amount if late else ZERO,
        overdue_days=late,
        payments=_payments_of(invoice),
        credits=_credits_of(invoice),
        credit_notes=_credit_notes_of(invoice),
        sendings=tuple(invoice.sendings),
        pdf_hash=db.session.scalar(select(DocumentFile.sha256).where(DocumentFile.invoice_id == invoice.id)),
    )


def _one(statement: Select[Invoice]) -> Invoice | None:
    return db.session.scalars(statement).one_or_none()


def _payments_of(invoice: Invoice) -> tuple[PaymentApplication, ...]:
    """Everything that was paid on it, reversed or not, in the order it came."""
    statement = (
        select(PaymentApplication)
        .where(PaymentApplication.invoice_id == invoice.id)
        .options(joinedload(PaymentApplication.payment))
        .order_by(PaymentApplication.id)
    )
    return tuple(db.session.scalars(statement))


def _credits_of(invoice: Invoice) -> tuple[CreditApplication, ...]:
    statement = (
        select(CreditApplication)
        .where(CreditApplication.invoice_id == invoice.id)
        .options(joinedload(CreditApplication.credit_note).defer(CreditNote.snapshot))
        .order_by(CreditApplication.id)
    )
    return tuple(db.session.scalars(statement))


def _credit_notes_of(invoice: Invoice) -> tuple[CreditNote, ...]:
    """Credit notes over this invoice's lines, drafts included, void ones not."""
    statement = (
        select(CreditNote)
        .where(CreditNote.invoice_id == invoice.id, CreditNote.state != InvoiceState.VOID)
        .options(defer(CreditNote.snapshot))
        .order_by(CreditNote.id)
    )
    return tuple(db.session.scalars(statement))
