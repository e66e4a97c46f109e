"""Invoices, payments, credit notes and the ledger agree, computed from the documents and not from stored sums."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import selectinload

from webapp.db import db
from webapp.domain.amounts import TaxTotal
from webapp.domain.document_tax import tax_totals
from webapp.domain.money import cash_rounding
from webapp.domain.states import InvoiceState, PaymentState
from webapp.domain.tax_parts import kept_parts
from webapp.domain.totals import DocumentCharge, DocumentLine, adds_up, document_totals
from webapp.models import (
    CreditApplication,
    CreditNote,
    DocumentFile,
    Invoice,
    Journal,
    JournalLine,
    NumberSeries,
    Payment,
    PaymentApplication,
)
from webapp.queries.invariants.registry import Offence, invariant, rows
from webapp.queries.receivables import ledger_balances
from webapp.queries.stored_totals import amounts_of, totals_of

ZERO = Decimal(0)
BATCH = 200
NUMBER = re.compile(r"(?P<prefix>INV|CN)-(?P<year>[0-9]{4})-(?P<count>[0-9]{3}|[1-9][0-9]{3,})")


# -- totals ------------------------------------------------------------------------------------------------------------


@invariant("I7")
def invoices_add_up() -> Iterable[Offence]:
    """Lines, charges and taxes of each invoice come to its total, and the tax is its rate of the net."""
    for invoice in _invoices():
        for fault in adds_up(totals_of(invoice)):
            yield Offence("I7", invoice.label.lower(), fault)
        for line in invoice.lines:
            if line.line_charges != _sum(Decimal(one["amount"]) for one in line.adjustments):
                yield Offence("I7", invoice.label.lower(), f"line {line.line_number} has other charges than it tells")


@invariant("I7")
def credit_notes_add_up() -> Iterable[Offence]:
    """Lines, taxes and rounding of each credit note come to its total. Its taxes are shares of its invoice's."""
    statement = select(CreditNote).options(selectinload(CreditNote.lines), selectinload(CreditNote.taxes))
    for note in db.session.scalars(statement.execution_options(yield_per=BATCH)):
        net, tax = _sum(line.net_amount for line in note.lines), _sum(line.tax_amount for line in note.lines)
        by_rate = {TaxTotal(one.category, one.percent, one.net_amount, one.tax_amount, one.name) for one in note.taxes}
        same = by_rate == set(tax_totals(amounts_of(line) for line in note.lines))
        said = (note.net_total, note.tax_total)
        if (net, tax) != said or not same or net + tax + note.rounding_amount != note.total:
            yield Offence("I7", note.label.lower(), "its lines and taxes do not come to its total")


@invariant("I22")
def invoice_totals_recompute() -> Iterable[Offence]:
    """Stored totals that add up are also what the lines compute to."""
    for invoice in _invoices():
        stored = totals_of(invoice)
        if not adds_up(stored) and _computed(invoice) != (stored.net_total, stored.tax_total, stored.rounding):
            yield Offence("I22", invoice.label.lower(), "its lines compute to another total")


def _invoices() -> Iterator[Invoice]:
    statement = (
        select(Invoice)
        .where(~Invoice.is_opening)
        .options(selectinload(Invoice.lines), selectinload(Invoice.taxes))
        .order_by(Invoice.id)
    )
    yield from db.session.scalars(statement.execution_options(yield_per=BATCH))


def _computed(invoice: Invoice) -> tuple[Decimal, Decimal, Decimal]:
    totals = document_totals(
        [
            DocumentLine(
                line_number=line.line_number,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                tax_category=line.tax_category,
                tax_percent=line.tax_percent,
                price_base=line.price_base,
                tax_parts=kept_parts(line.tax_parts),
                charges=line.line_charges,
            )
            for line in invoice.lines
            if not line.is_charge
        ],
        [
            DocumentCharge(
                line.description,
                line.unit_price,
                line.tax_category,
                line.tax_percent,
                tax_parts=kept_parts(line.tax_parts),
            )
            for line in invoice.lines
            if line.is_charge
        ],
        currency=invoice.currency,
        order_discount_percent=invoice.order_discount_percent,
        order_discount_amount=None if invoice.order_discount_percent else invoice.order_discount_amount,
        tax_rounding=invoice.tax_rounding,
        prices_include_tax=invoice.prices_include_tax,
    )
    rounding = cash_rounding(totals.total, invoice.rounding_unit) if invoice.rounding_unit else invoice.rounding_amount
    return totals.net_total, totals.tax_total, rounding


# -- what is open ------------------------------------------------------------------------------------------------------


@invariant("I8")
def open_amounts_follow_from_what_settled() -> Iterable[Offence]:
    """Each invoice counts exactly the applications that stand on it, and its open amount is between 0 and its total."""
    paid = _standing(PaymentApplication.amount, PaymentApplication.invoice_id == Invoice.id)
    credited = _standing(CreditApplication.amount, CreditApplication.invoice_id == Invoice.id)
    settled = Invoice.settled_before + Invoice.paid_amount + Invoice.credited_amount + Invoice.written_off_amount
    wrong = or_(
        Invoice.paid_amount != paid,
        Invoice.credited_amount != credited,
        settled > Invoice.total,
        Invoice.settled_before < ZERO,
        Invoice.written_off_amount < ZERO,
        and_(Invoice.state != InvoiceState.APPROVED, settled != Invoice.settled_before),
    )
    for invoice_id in db.session.scalars(select(Invoice.id).where(wrong)):
        yield Offence("I8", f"invoice {invoice_id}", "its open amount does not follow from what settled it")


@invariant("I11")
def payments_are_used_once() -> Iterable[Offence]:
    """A payment counts exactly its standing applications, at most its amount; a reversed one has none."""
    applied = _standing(PaymentApplication.amount, PaymentApplication.payment_id == Payment.id)
    wrong = or_(
        Payment.applied_amount != applied,
        Payment.applied_amount + Payment.refunded_amount > Payment.amount,
        and_(Payment.state == PaymentState.REVERSED, Payment.applied_amount + Payment.refunded_amount != ZERO),
    )
    for number in db.session.scalars(select(Payment.payment_number).where(wrong)):
        yield Offence("I11", f"payment {number}", "what it settled does not follow from its applications")


@invariant("I11")
def credit_notes_are_used_once() -> Iterable[Offence]:
    """A credit note counts exactly its standing applications, at most its total; only a posted one settles."""
    applied = _standing(CreditApplication.amount, CreditApplication.credit_note_id == CreditNote.id)
    used = CreditNote.applied_amount + CreditNote.refunded_amount
    wrong = or_(
        CreditNote.applied_amount != applied,
        used > CreditNote.total,
        and_(CreditNote.state != InvoiceState.APPROVED, used != ZERO),
    )
    for note_id in db.session.scalars(select(CreditNote.id).where(wrong)):
        yield Offence("I11", f"credit note {note_id}", "what it settled does not follow from its applications")


@invariant("I12")
def customer_and_currency_are_one() -> Iterable[Offence]:
    """Whatever settles an invoice is of its customer and in its currency."""
    for number, invoice in rows(
        select(Payment.payment_number, Invoice.invoice_number)
        .join(PaymentApplication, PaymentApplication.payment_id == Payment.id)
        .join(Invoice, PaymentApplication.invoice_id == Invoice.id)
        .where(_strangers(Payment))
    ):
        yield Offence("I12", f"payment {number}", f"settles invoice {invoice} of another customer or currency")
    for number, invoice in rows(
        select(CreditNote.credit_note_number, Invoice.invoice_number)
        .join(CreditApplication, CreditApplication.credit_note_id == CreditNote.id)
        .join(Invoice, CreditApplication.invoice_id == Invoice.id)
        .where(_strangers(CreditNote))
    ):
        yield Offence("I12", f"credit note {number}", f"settles invoice {invoice} of another customer or currency")


def _strangers(settling: type[Payment] | type[CreditNote]) -> ColumnElement[bool]:
    return or_(settling.customer_id != Invoice.customer_id, settling.currency != Invoice.currency)


def _standing(amount: Any, of: ColumnElement[bool]) -> Any:
    reversed_on = amount.class_.reversed_on
    return select(func.coalesce(func.sum(amount), ZERO)).where(of, reversed_on.is_(None)).scalar_subquery()


# -- the ledger --------------------------------------------------------------------------------------------------------


@invariant("I9")
def the_control_account_is_what_is_open() -> Iterable[Offence]:
    """Per customer and currency: receivables in the ledger = invoices less payments and credit notes, from documents.

    What a payment or credit note has settled and what is left of it lower the account alike, so neither is asked.
    """
    owed: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    posted = Invoice.state == InvoiceState.APPROVED
    for model, amount, counts, sign in (
        (Invoice, Invoice.total - Invoice.settled_before - Invoice.written_off_amount, posted, 1),
        (Payment, Payment.amount - Payment.refunded_amount, Payment.state == PaymentState.RECORDED, -1),
        (CreditNote, CreditNote.total - CreditNote.refunded_amount, CreditNote.state == InvoiceState.APPROVED, -1),
    ):
        key = (model.customer_id, model.currency)
        for customer_id, currency, sum_ in rows(select(*key, func.sum(amount)).where(counts).group_by(*key)):
            owed[customer_id, currency] += sign * sum_
    booked = ledger_balances()
    for customer_id, currency in sorted(owed.keys() | booked.keys()):
        said, open_ = booked.get((customer_id, currency), ZERO), owed.get((customer_id, currency), ZERO)
        if said != open_:
            yield Offence("I9", f"customer {customer_id}", f"the ledger says {currency} {said:f}, {open_:f} is open")


@invariant("I10")
def every_journal_balances() -> Iterable[Offence]:
    """Debits equal credits in each journal, per currency and in the base currency."""
    for journal_id, currency in rows(
        select(JournalLine.journal_id, JournalLine.currency)
        .group_by(JournalLine.journal_id, JournalLine.currency)
        .having(or_(func.sum(JournalLine.amount) != ZERO, func.sum(JournalLine.base_amount) != ZERO))
    ):
        yield Offence("I10", f"journal {journal_id}", f"does not balance in {currency}")


# -- numbers and whole documents ---------------------------------------------------------------------------------------


@invariant("I13")
def posted_numbers_have_no_gaps() -> Iterable[Offence]:
    """In each series and year the numbers run from 1 to the last one given, in the order of their dates.

    An invoice of an old system that carries one of these numbers fills its place.
    """
    found: dict[tuple[str, int], list[_Numbered]] = defaultdict(list)
    for document in _numbered():
        found[document.prefix, document.year].append(document)
    last_given = {(prefix, year): last for prefix, year, last in rows(_series())}
    own = {series for series, documents in found.items() if not all(one.is_opening for one in documents)}
    for series in sorted(last_given.keys() | own):
        yield from _faults_of(series, sorted(found[series], key=lambda one: one.count), last_given.get(series, 0))


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A posted document under a number of the form that the program gives."""

    prefix: str
    year: int
    count: int
    issue_date: date
    is_opening: bool


def _numbered() -> Iterator[_Numbered]:
    for model, number, is_opening in (
        (Invoice, Invoice.invoice_number, Invoice.is_opening),
        (CreditNote, CreditNote.credit_note_number, false()),
    ):
        posted = model.state == InvoiceState.APPROVED
        for name, issued, opening in rows(select(number, model.issue_date, is_opening).where(posted)):
            form = NUMBER.fullmatch(name or "")
            if form:
                yield _Numbered(form["prefix"], int(form["year"]), int(form["count"]), issued, bool(opening))
            elif not opening:
                yield _Numbered("?", 0, 0, issued, is_opening=False)


def _series() -> Any:
    return select(NumberSeries.prefix, NumberSeries.year, NumberSeries.last_number).where(
        NumberSeries.prefix.in_(["INV", "CN"])
    )


def _faults_of(series: tuple[str, int], documents: list[_Numbered], last: int) -> Iterator[Offence]:
    name = f"series {series[0]}-{series[1]}"
    counts = [one.count for one in documents if not one.is_opening or one.count <= last]
    if counts != list(range(1, last + 1)):
        yield Offence("I13", name, f"has not each number from 1 to {last} once")
    for before, after in pairwise([one for one in documents if not one.is_opening]):
        if after.issue_date < before.issue_date:
            yield Offence("I13", name, f"number {after.count} is dated before the one it follows")
    if any(one.issue_date.year != one.year for one in documents if not one.is_opening):
        yield Offence("I13", name, "a document of another year is in it")


@invariant("I26")
def no_half_documents() -> Iterable[Offence]:
    """A posted document has lines, one journal and its frozen paper; a payment has its journals."""
    for document, kind in ((Invoice, "invoice"), (CreditNote, "credit_note")):
        owner = DocumentFile.invoice_id if document is Invoice else DocumentFile.credit_note_id
        has_file = exists().where(owner == document.id)
        own = document.state == InvoiceState.APPROVED
        if document is Invoice:
            own = and_(own, ~Invoice.is_opening)
        for document_id in db.session.scalars(
            select(document.id).where(own, or_(~has_file, document.snapshot.is_(None), ~document.lines.any()))
        ):
            yield Offence("I26", f"{kind.replace('_', ' ')} {document_id}", "is posted without lines or frozen paper")
        yield from _without_journal(document, document.state == InvoiceState.APPROVED, (kind, "opening_invoice"))
    yield from _without_journal(Payment, Payment.id > 0, ("payment",))
    yield from _without_journal(Payment, Payment.state == PaymentState.REVERSED, ("payment_reversal",))


def _without_journal(document: Any, posted: ColumnElement[bool], kinds: tuple[str, ...]) -> Iterator[Offence]:
    journals = (
        select(func.count())
        .select_from(Journal)
        .where(
            Journal.document_kind == document.document_kind,
            Journal.document_id == document.id,
            Journal.kind.in_(kinds),
        )
        .scalar_subquery()
    )
    for document_id in db.session.scalars(select(document.id).where(posted, journals != 1)):
        yield Offence("I26", f"{document.document_name.lower()} {document_id}", f"has no journal, or more ({kinds[0]})")


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
