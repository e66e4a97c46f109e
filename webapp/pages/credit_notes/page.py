"""Credit notes in lists, one credit note with everything its page shows, and what of an invoice can be credited."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import (
    CreditApplication,
    CreditNote,
    CreditNoteLine,
    DocumentFile,
    Invoice,
    InvoiceLine,
    User,
)
from webapp.queries.credit_notes.credited import Credited, credited_of
from webapp.queries.invoices.snapshots import Snapshot, snapshot_of
from webapp.queries.visibility import visible
from webapp.services.credit_notes.lines import all_that_is_left
from webapp.services.papers.printed import PrintedDocument, printed

# -- one credit note ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreditNotePage:
    """A credit note with its paper and what it settled; ``pdf_hash`` is None for a draft."""

    credit_note: CreditNote
    snapshot: Snapshot
    paper: PrintedDocument
    applications: tuple[CreditApplication, ...]
    pdf_hash: str | None


def credit_note_page(number: str, *, viewer: User) -> CreditNotePage:
    """The posted credit note called ``number``. Raises NotFound, also when it is not this user's to see."""
    return _page(CreditNote.credit_note_number == number, number, viewer)


def draft_page(credit_note_id: int, *, viewer: User) -> CreditNotePage:
    """A credit note by its id, which is what a draft has. Raises NotFound."""
    return _page(CreditNote.id == credit_note_id, f"draft {credit_note_id}", viewer)


def stored_pdf(number: str, *, viewer: User) -> tuple[bytes, str]:
    """The PDF of a posted credit note and its SHA-256, as first made. Raises NotFound."""
    row = db.session.execute(
        select(DocumentFile.content, DocumentFile.sha256)
        .join(CreditNote, DocumentFile.credit_note_id == CreditNote.id)
        .where(CreditNote.credit_note_number == number, visible(CreditNote, viewer))
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no PDF of credit note {number}.")
    return row.content, row.sha256


def _page(named: ColumnElement[bool], called: str, viewer: User) -> CreditNotePage:
    credit_note = db.session.scalars(
        select(CreditNote)
        .where(named, visible(CreditNote, viewer))
        .options(
            joinedload(CreditNote.customer, innerjoin=True),
            joinedload(CreditNote.invoice, innerjoin=True).defer(Invoice.snapshot),
            joinedload(CreditNote.order),
            joinedload(CreditNote.created_by),
            joinedload(CreditNote.posted_by),
            selectinload(CreditNote.lines).joinedload(CreditNoteLine.invoice_line),
            selectinload(CreditNote.taxes),
        )
    ).one_or_none()
    if credit_note is None:
        raise NotFound(f"There is no credit note {called}.")
    snapshot = snapshot_of(credit_note)
    applications = db.session.scalars(
        select(CreditApplication)
        .where(CreditApplication.credit_note_id == credit_note.id)
        .options(joinedload(CreditApplication.invoice).defer(Invoice.snapshot))
        .order_by(CreditApplication.id)
    )
    return CreditNotePage(
        credit_note=credit_note,
        snapshot=snapshot,
        paper=printed(snapshot),
        applications=tuple(applications),
        pdf_hash=db.session.scalar(select(DocumentFile.sha256).where(DocumentFile.credit_note_id == credit_note.id)),
    )


# -- what can be credited ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Creditable:
    """An invoice line and what no credit note, drafts included, takes of it yet."""

    line: InvoiceLine
    quantity: Decimal
    net_amount: Decimal


def is_creditable(invoice: Invoice) -> bool:
    """Whether a quantity of a posted invoice is on no credit note yet."""
    return invoice.is_posted and bool(all_that_is_left(invoice, credited_of(invoice)))


def creditable_lines(invoice: Invoice) -> list[Creditable]:
    """Each line of an invoice with what can still be credited of it."""
    before = credited_of(invoice)
    found = []
    for line in invoice.lines:
        done = before.get(line.id, Credited())
        found.append(Creditable(line, line.quantity - done.quantity, line.net_amount - done.net - done.price_net))
    return found
