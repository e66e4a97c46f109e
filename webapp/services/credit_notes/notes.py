"""Credit notes: drafted from lines of a posted invoice, posted in their own series, settling what is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ONE, ZERO
from webapp.domain.errors import BadInput, FourEyes, NotFound, Refused
from webapp.domain.money import WIDE, plain
from webapp.domain.numbers import Number, parse_money
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.domain.text import given_reason
from webapp.models import (
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    Return,
    User,
)
from webapp.queries.credit_notes.credited import Credited, credited_of, given_back
from webapp.queries.invoices.snapshots import snapshot_of
from webapp.queries.references import called
from webapp.queries.visibility import visible
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import base_rate, the_company
from webapp.services.credit_notes.lines import CreditLine, all_that_is_left, lines_for, write_totals
from webapp.services.invoices.posting import CREDIT_NOTES, settle_orders, store_pdf, take_number
from webapp.services.ledger import journals as ledger
from webapp.services.ledger.open_days import open_day
from webapp.services.order_steps import credit_desk
from webapp.services.payments.settlement import check_positive, settle_by_credit

# -- commands ----------------------------------------------------------------------------------------------------------


@command(Permission.INVOICES_WRITE)
def draft_credit_note(
    invoice_number: str,
    *,
    lines: Sequence[CreditLine] | None = None,
    reason: str,
    rebill: bool = False,
    actor: User,
) -> CreditNote:
    """Draft a credit note over lines of a posted invoice; without ``lines`` over all that is not credited yet.

    What is credited with ``rebill`` may be invoiced again (a corrected price). Raises Forbidden, NotFound, IllegalMove,
    BadInput, and Refused for more than was invoiced.
    """
    invoice = locks.lock_posted_invoice(invoice_number, actor=actor)
    reason = given_reason(reason)
    invoice.must_be(InvoiceState.APPROVED)
    credit_note = _draft(invoice, lines, reason, actor=actor)
    credit_note.rebill = rebill
    audit.record(
        Action.CREDIT_NOTE_DRAFTED, credit_note, invoice, actor=actor, reason=reason, after={"total": credit_note.total}
    )
    return credit_note


@command(Permission.INVOICES_WRITE)
def draft_credit_notes_for_return(return_number: str, *, actor: User) -> list[CreditNote]:
    """Draft the credit notes that a return asks for, one for each invoice that billed what came back.

    Raises Forbidden, NotFound, and Refused when nothing of it was billed or all is credited.
    """
    returned = called(Return, return_number, actor, selectinload(Return.lines))
    locks.lock_customer(returned.order.customer_id, actor=actor)
    notes = []
    for invoice, lines in _billed_part(returned, actor).items():
        credit_note = _draft(invoice, lines, f"Return {return_number}", actor=actor)
        credit_note.return_id = returned.id
        notes.append(credit_note)
    if not notes:
        raise Refused(f"Nothing of return {return_number} is left to credit.")
    audit.record(
        Action.CREDIT_NOTE_DRAFTED, *notes, returned, actor=actor, after={"totals": [note.total for note in notes]}
    )
    return notes


@command(Permission.INVOICES_WRITE)
def void_credit_note(credit_note_id: int, *, reason: str, actor: User) -> CreditNote:
    """Give a draft up. Raises Forbidden, NotFound, IllegalMove, BadInput without a reason."""
    credit_note = locks.lock_credit_note(credit_note_id, actor=actor)
    reason = given_reason(reason)
    credit_note.move_to(InvoiceState.VOID)
    credit_note.void_reason = reason
    credit_note.bump()
    audit.record(Action.CREDIT_NOTE_VOIDED, credit_note, actor=actor, reason=reason)
    return credit_note


@command(Permission.INVOICES_POST)
def post_credit_note(credit_note_id: int, *, issue_date: date | None = None, actor: User) -> CreditNote:
    """Approve a draft: it gets its number, is frozen and settles its invoice's open part; the rest stays unapplied.

    Raises Forbidden, NotFound, IllegalMove, FourEyes above the company's amount for who drafted it, BadInput for the
    date, Refused when more than was invoiced would be credited.
    """
    invoice, orders = locks.lock_invoice_with_orders(_invoice_of(credit_note_id, actor), actor=actor)
    credit_note = locks.lock_credit_note(credit_note_id, actor=actor)
    credit_note.must_be(InvoiceState.DRAFT, InvoiceState.VALIDATED)
    credit_note.issue_date = _issue_date(invoice, issue_date)
    credit_note.base_rate = base_rate(credit_note.currency, credit_note.issue_date)
    _check_four_eyes(credit_note, actor)
    _check_within(credit_note, invoice)
    _count_as_credited(credit_note)
    settle_orders(orders)
    credit_note.posted_by, credit_note.posted_at = actor, clock.now()
    if credit_note.state is InvoiceState.DRAFT:
        credit_note.move_to(InvoiceState.VALIDATED)
    credit_note.validated_at = credit_note.validated_at or clock.now()
    credit_note.credit_note_number = take_number(CREDIT_NOTES, credit_note.issue_date)
    credit_note.snapshot = snapshot_of(credit_note)
    credit_note.move_to(InvoiceState.APPROVED)
    store_pdf(credit_note)
    settled = min(credit_note.total, invoice.open_amount)
    if settled:
        settle_by_credit(credit_note, invoice, settled, on=credit_note.issue_date, actor=actor)
    ledger.post_credit_note(credit_note, actor=actor)
    credit_desk.room_was_made(credit_note.customer, actor=actor)
    audit.record(
        Action.CREDIT_NOTE_POSTED, credit_note, invoice, *orders, credit_note.customer, actor=actor,
        reason=credit_note.reason,
        after={"total": credit_note.total, "settled": settled, "unapplied": credit_note.unapplied},
    )  # fmt: skip
    return credit_note


@command(Permission.PAYMENTS_RECORD)
def apply_credit_note(credit_note_number: str, invoice_number: str, amount: Number, *, actor: User) -> CreditNote:
    """Let what is unapplied of a credit note settle (a part of) an invoice of the same customer, as of today.

    Raises Forbidden, NotFound, IllegalMove, BadInput, Refused.
    """
    credit_note = locks.lock_posted_credit_note(credit_note_number, actor=actor)
    (invoice,) = locks.lock_invoices_by_number([invoice_number], field="invoice", actor=actor)
    invoice.must_be(InvoiceState.APPROVED)
    part = parse_money(amount, credit_note.currency, field="amount")
    check_positive(part, "The amount to apply")
    settle_by_credit(credit_note, invoice, part, on=open_day(None, field="date"), actor=actor)
    audit.record(
        Action.CREDIT_NOTE_APPLIED, credit_note, invoice, credit_note.customer, actor=actor,
        after={"amount": part, "open": invoice.open_amount, "unapplied": credit_note.unapplied},
    )  # fmt: skip
    return credit_note


# -- finding and checking ----------------------------------------------------------------------------------------------


def _invoice_of(credit_note_id: int, actor: User) -> int:
    invoice_id = db.session.scalar(
        select(CreditNote.invoice_id).where(CreditNote.id == credit_note_id, visible(CreditNote, actor))
    )
    if invoice_id is None:
        raise NotFound(f"There is no credit note {credit_note_id}.")
    return invoice_id


def _issue_date(invoice: Invoice, day: date | None) -> date:
    chosen = open_day(day, field="issue_date")
    if invoice.issue_date and chosen < invoice.issue_date:
        raise BadInput(f"{invoice.label} is dated later, {invoice.issue_date.isoformat()}.", field="issue_date")
    return chosen


def needs_somebody_else(credit_note: CreditNote, actor: User) -> bool:
    """Whether it is above the amount that who drafted it may post."""
    highest = the_company().credit_note_approval_above
    worth = WIDE.multiply(credit_note.total, credit_note.base_rate or ONE)
    return highest is not None and worth > highest and actor.id == credit_note.created_by_id


def _check_four_eyes(credit_note: CreditNote, actor: User) -> None:
    if needs_somebody_else(credit_note, actor):
        company = the_company()
        limit = f"{company.base_currency} {plain(company.credit_note_approval_above or ZERO, company.base_currency)}"
        raise FourEyes(f"A credit note above {limit} is approved by somebody else than who drafted it.")


# -- drafting ----------------------------------------------------------------------------------------------------------


def _draft(invoice: Invoice, lines: Sequence[CreditLine] | None, reason: str, *, actor: User) -> CreditNote:
    credit_note = CreditNote(
        customer=invoice.customer,
        order_id=invoice.order_id,
        invoice=invoice,
        reason=reason,
        currency=invoice.currency,
        delivery_date=invoice.delivery_date,
        tax_rounding=invoice.tax_rounding,
        prices_include_tax=invoice.prices_include_tax,
        billing_address=invoice.billing_address,
        shipping_address=invoice.shipping_address,
        created_by=actor,
        created_at=clock.now(),
        applied_amount=ZERO,
        refunded_amount=ZERO,
    )
    credit_note.begin(InvoiceState.DRAFT)
    with db.session.no_autoflush:
        before = credited_of(invoice)
        credit_note.lines = lines_for(invoice, before, all_that_is_left(invoice, before) if lines is None else lines)
        write_totals(credit_note, invoice, given_back(invoice))
    db.session.add(credit_note)
    return credit_note


def _check_within(credit_note: CreditNote, invoice: Invoice) -> None:
    """Raise Refused when the invoice's credit notes together take more than it billed."""
    before = credited_of(invoice)
    for line in {line.invoice_line for line in credit_note.lines}:
        done = before[line.id]
        if abs(done.quantity) > abs(line.quantity) or abs(done.net + done.price_net) > abs(line.net_amount):
            raise Refused(f"More than was invoiced would be credited on line {line.line_number}.")


def _count_as_credited(credit_note: CreditNote) -> None:
    for line in credit_note.lines:
        billed = line.invoice_line
        if line.counts_quantity and billed.order_line is not None:
            billed.order_line.credited_qty += line.quantity
            billed.order_line.rebill_qty += line.quantity if credit_note.rebill else ZERO
        if credit_note.rebill and billed.order_charge is not None:
            billed.order_charge.invoiced_amount -= line.entered_amount


# -- returns -----------------------------------------------------------------------------------------------------------


def _billed_part(returned: Return, actor: User) -> dict[Invoice, list[CreditLine]]:
    """The invoice lines that billed what came back and is not credited yet, the latest invoice first."""
    wanted = _wanted_back(returned)
    found: dict[Invoice, list[CreditLine]] = {}
    for invoice in _invoices_of(returned.order_id, actor):
        before = credited_of(invoice)
        for line in invoice.lines:
            open_quantity = line.quantity - before.get(line.id, Credited()).quantity
            part = min(open_quantity, wanted.get(line.order_line_id or 0, ZERO))
            if part > 0:
                found.setdefault(invoice, []).append(CreditLine(line.line_number, quantity=part))
                wanted[line.order_line_id or 0] -= part
    return found


def _wanted_back(returned: Return) -> dict[int, Decimal]:
    """By order line id, what came back after it was billed, less what credit notes of this return take."""
    wanted: dict[int, Decimal] = {}
    for line in returned.lines:
        wanted[line.order_line_id] = wanted.get(line.order_line_id, ZERO) + line.quantity - line.unbilled_qty
    rows = db.session.execute(
        select(InvoiceLine.order_line_id, func.sum(CreditNoteLine.quantity))
        .join(InvoiceLine, CreditNoteLine.invoice_line_id == InvoiceLine.id)
        .join(CreditNote, CreditNoteLine.credit_note_id == CreditNote.id)
        .where(CreditNote.return_id == returned.id, CreditNote.state != InvoiceState.VOID)
        .group_by(InvoiceLine.order_line_id)
    )
    for order_line_id, quantity in rows:
        if order_line_id is not None:
            wanted[order_line_id] -= quantity
    return wanted


def _invoices_of(order_id: int, actor: User) -> list[Invoice]:
    ids = db.session.scalars(
        select(Invoice.id)
        .where(Invoice.order_id == order_id, Invoice.state == InvoiceState.APPROVED)
        .order_by(Invoice.id.desc())
    )
    return [locks.lock_invoice(invoice_id, actor=actor) for invoice_id in list(ids)]
