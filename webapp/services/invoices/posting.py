"""Posting an invoice: its number, its frozen words, its PDF and its journal, in one step that cannot be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import Select, bindparam, exists, false, insert, select

from webapp.db import before_commit, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, StaleVersion
from webapp.domain.invoices.payment_terms import PaymentTerms, due_date
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.models import CreditNote, DocumentFile, Invoice, Order, PaymentTerm, User
from webapp.queries.invoices.snapshots import snapshot_of
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import base_rate
from webapp.services.invoices.checks import refuse_problems_in_the_books
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.ledger import journals as ledger
from webapp.services.ledger.open_days import open_day
from webapp.services.numbering import next_number
from webapp.services.orders import amounts as order_amounts
from webapp.services.papers import pdf as paper

INVOICES, CREDIT_NOTES = "INV", "CN"
PDF = "application/pdf"


@command(Permission.INVOICES_WRITE, Permission.INVOICES_POST)
def bill_order(order_number: str, *, total: Decimal, actor: User) -> Invoice:
    """Invoice at once what an order has shipped and not billed: drafted, checked and posted today, or not at all.

    ``total`` is what somebody saw the invoice would come to; another amount is not posted. Raises as ``draft_invoice``,
    ``validate_invoice`` and ``post_invoice`` do, and StaleVersion.
    """
    order = locks.lock_order(order_number, actor=actor)
    draft = draft_invoice(order_number, actor=actor)
    if draft.total != total:
        raise StaleVersion(f"The invoice comes to {draft.total:f} now, not to what you saw. Look at it again first.")
    validate_invoice(draft.id, actor=actor)
    invoice = post_invoice(draft.id, actor=actor)
    audit.record(Action.INVOICE_POSTED, invoice, order, invoice.customer, actor=actor, after=_posted_facts(invoice))
    return invoice


@command(Permission.INVOICES_POST)
def post_invoice(
    invoice_id: int, *, issue_date: date | None = None, version: int | None = None, actor: User
) -> Invoice:
    """Approve a validated draft: it gets its number and is frozen; with ``version`` only what the approver has seen.

    ``issue_date`` is today, or an earlier day while its period is open and no later invoice of that year is posted.
    Raises Forbidden, NotFound, IllegalMove unless it is validated, StaleVersion, BadInput for the date, Refused when
    the draft no longer stands or there is no exchange rate.
    """
    invoice, orders = locks.lock_invoice_with_orders(invoice_id, actor=actor)
    invoice.must_be(InvoiceState.VALIDATED)
    if version is not None and invoice.version != version:
        raise StaleVersion(f"Somebody changed {invoice.label.lower()} meanwhile. Look at it again before you post it.")
    refuse_problems_in_the_books(invoice)
    invoice.issue_date = open_day(issue_date, field="issue_date")
    invoice.due_date = due_date(_terms(invoice), invoice.issue_date)
    invoice.base_rate = base_rate(invoice.currency, invoice.issue_date)
    _count_as_invoiced(invoice)
    settle_orders(orders)
    invoice.posted_by, invoice.posted_at = actor, clock.now()
    with db.session.no_autoflush:  # the invoice is written once, with its number and words
        invoice.invoice_number = take_number(INVOICES, invoice.issue_date)
        invoice.snapshot = snapshot_of(invoice)
    invoice.move_to(InvoiceState.APPROVED)
    store_pdf(invoice)
    ledger.post_invoice(invoice, actor=actor)
    audit.record(Action.INVOICE_POSTED, invoice, *orders, invoice.customer, actor=actor, after=_posted_facts(invoice))
    return invoice


def _posted_facts(invoice: Invoice) -> dict[str, object]:
    return {"total": invoice.total, "issue_date": invoice.issue_date, "due_date": invoice.due_date}


def _terms(invoice: Invoice) -> PaymentTerms:
    term = db.session.get_one(PaymentTerm, invoice.payment_terms_code)
    return PaymentTerms(term.net_days, term.end_of_month, term.extra_days, term.fixed_day)


def _count_as_invoiced(invoice: Invoice) -> None:
    for line in invoice.lines:
        if line.order_line is not None:
            line.order_line.drafted_qty -= line.quantity
            line.order_line.invoiced_qty += line.quantity
        if line.order_charge is not None:
            line.order_charge.drafted_amount -= line.entered_amount
            line.order_charge.invoiced_amount += line.entered_amount


# -- what invoices and credit notes have in common ---------------------------------------------------------------------


def settle_orders(orders: Iterable[Order]) -> None:
    """Bring the orders' open amounts up to date and close those that are done."""
    for order in orders:
        order_amounts.refresh(order)
        order_amounts.close_if_done(order)


def take_number(series: str, issue_date: date) -> str:
    """The next number of the series in the year of ``issue_date``, taken last in the transaction.

    A number that an invoice of an old system already carries is passed over. Raises BadInput when a document of that
    series and year has a later date: the series is locked by then, so nobody can slip in between.
    """
    year_end, is_taken, has_later = date(issue_date.year, 12, 31), True, False
    while is_taken:
        number = next_number(series, issue_date.year)
        of = {"number": number, "day": issue_date, "year_end": year_end}
        is_taken, has_later = db.session.execute(_in_the_way(series), of).one()
    if has_later:
        raise BadInput(
            f"A document of this series is dated later than {issue_date.isoformat()}. Choose a later day.",
            field="issue_date",
        )
    return number


@cache
def _in_the_way(series: str) -> Select[bool, bool]:
    """Whether an invoice carries ``:number`` already, and whether a document is later than ``:day`` in its year."""
    document = Invoice if series == INVOICES else CreditNote
    taken = exists().where(Invoice.invoice_number == bindparam("number")) if series == INVOICES else false()
    later = exists().where(
        document.issue_date > bindparam("day"),
        document.issue_date <= bindparam("year_end"),
        document.state == InvoiceState.APPROVED,
    )
    return select(taken, later.where(~Invoice.is_opening) if document is Invoice else later)


def store_pdf(document: Invoice | CreditNote) -> None:
    """Make the PDF of a frozen document beside what else is to be written, and keep it with its hash before the commit.

    What cannot be printed raises Unprintable then, and nothing of the transaction stays.
    """
    printing, made_at = paper.print_soon(document.snapshot or {}), clock.now()
    before_commit(lambda: _keep_pdf(document, printing.result(), made_at))


def _keep_pdf(document: Invoice | CreditNote, content: bytes, made_at: datetime) -> None:
    db.session.flush()
    owner = "invoice_id" if isinstance(document, Invoice) else "credit_note_id"
    db.session.execute(
        insert(DocumentFile),
        {
            owner: document.id,
            "media_type": PDF,
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": content,
            "made_at": made_at,
        },
    )
