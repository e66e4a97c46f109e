"""Sending posted documents by e-mail: the fact is recorded with the message, which the worker delivers."""

from __future__ import annotations

from sqlalchemy import insert

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.email import check_email
from webapp.domain.errors import BadInput, Refused
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.models import CreditNote, Invoice, Sending, User
from webapp.services import audit, locks, outbox
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.papers.printed import printed


@command(Permission.INVOICES_WRITE)
def send_invoice(invoice_id: int, *, recipient: str | None = None, actor: User) -> Invoice:
    """Send a posted invoice with its PDF to ``recipient``, by default the customer's address.

    Raises Forbidden, NotFound, IllegalMove unless it is posted, BadInput for the address, Refused for an opening item.
    """
    invoice = locks.lock_invoice(invoice_id, actor=actor)
    address = _send(invoice, recipient, actor)
    audit.record(Action.INVOICE_SENT, invoice, actor=actor, after={"recipient": address})
    return invoice


@command(Permission.INVOICES_WRITE)
def send_credit_note(credit_note_id: int, *, recipient: str | None = None, actor: User) -> CreditNote:
    """Send a posted credit note as ``send_invoice`` sends an invoice."""
    credit_note = locks.lock_credit_note(credit_note_id, actor=actor)
    address = _send(credit_note, recipient, actor)
    audit.record(Action.INVOICE_SENT, credit_note, actor=actor, after={"recipient": address})
    return credit_note


def _send(document: Invoice | CreditNote, recipient: str | None, actor: User) -> str:
    document.must_be(InvoiceState.APPROVED)
    if document.snapshot is None:
        raise Refused(f"{document.label} was posted in another system: send its paper from there.")
    typed = recipient or document.customer.email
    if not typed:
        raise BadInput(f"{document.customer.name} has no e-mail address. Give a recipient.", field="recipient")
    address = check_email(typed, field="recipient")
    kind = document.document_kind
    sending_id = db.session.execute(
        insert(Sending).returning(Sending.id),
        {f"{kind}_id": document.id, "recipient": address, "sent_at": clock.now(), "sent_by_id": actor.id},
    ).scalar_one()
    outbox.enqueue_mail(
        f"{kind}.{document.number}.{sending_id}",
        to=address,
        subject=f"{document.document_name} {document.number} from {the_company().name}",
        text=_letter(document),
        attached=(kind, document.id),
    )
    return address


def _letter(document: Invoice | CreditNote) -> str:
    paper = printed(document.snapshot or {})
    total = next(fact.value for fact in paper.sums if fact.strong)
    due = f" {paper.due}." if paper.due else ""
    return (
        f"{paper.buyer[0]},\n\nattached is our {paper.title.lower()} {paper.number}"
        f" over {paper.currency} {total}.{due}\n\nKind regards\n{paper.seller[0]}\n"
    )
