"""Invoices, payments, credit notes and the ledger agree, computed from the documents and not from stored sums."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import selectinload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import TaxTotal
from webapp.domain.documents.tax import tax_totals
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, adds_up, document_totals
from webapp.domain.money import cash_rounding
from webapp.domain.states import InvoiceState, PaymentState
from webapp.domain.taxes.parts import kept_parts
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
from webapp.queries.invariants.registry import Breaking, Fault, each, invariant, rows, rows_break
from webapp.queries.invoices.stored_totals import amounts_of, totals_of
from webapp.queries.receivables.ageing import ledger_balances

BATCH = 200
NUMBER = re.compile(r"(?P<prefix>INV|CN)-(?P<year>[0-9]{4})-(?P<count>[0-9]{3}|[1-9][0-9]{3,})")


# -- totals ------------------------------------------------------------------------------------------------------------

INVOICES = (
    select(Invoice)
    .where(~Invoice.is_opening)
    .options(selectinload(Invoice.lines), selectinload(Invoice.taxes))
    .order_by(Invoice.id)
    .execution_options(yield_per=BATCH)
)
CREDIT_NOTES = (
    select(CreditNote)
    .options(selectinload(CreditNote.lines), selectinload(CreditNote.taxes))
    .execution_options(yield_per=BATCH)
)


def _every_invoice() -> Iterator[Invoice]:
    yield from db.session.scalars(INVOICES)


def _every_credit_note() -> Iterator[CreditNote]:
    yield from db.session.scalars(CREDIT_NOTES)


each_invoice = each(_every_invoice)
each_credit_note = each(_every_credit_note)


@each_invoice("I7")
def invoices_add_up(invoice: Invoice) -> Iterable[Fault]:
    """Lines, charges and taxes of each invoice come to its total, and the tax is its rate of the net."""
    for fault in adds_up(totals_of(invoice)):
        yield invoice.label.lower(), fault
    for line in invoice.lines:
        if line.line_charges != _sum(Decimal(one["amount"]) for one in line.adjustments):
            yield invoice.label.lower(), f"line {line.line_number} has other charges than it tells"


@each_credit_note("I7")
def credit_notes_add_up(note: CreditNote) -> Iterable[Fault]:
    """Lines, taxes and rounding of each credit note come to its total. Its taxes are shares of its invoice's."""
    net, tax = _sum(line.net_amount for line in note.lines), _sum(line.tax_amount for line in note.lines)
    by_rate = {TaxTotal(one.category, one.percent, one.net_amount, one.tax_amount, one.name) for one in note.taxes}
    same = by_rate == set(tax_totals(amounts_of(line) for line in note.lines))
    said = (note.net_total, note.tax_total)
    if (net, tax) != said or not same or net + tax + note.rounding_amount != note.total:
        yield note.label.lower(), "its lines and taxes do not come to its total"


@each_invoice("I22")
def invoice_totals_recompute(invoice: Invoice) -> Iterable[Fault]:
    """Stored totals that add up are also what the lines compute to."""
    stored = totals_of(invoice)
    if not adds_up(stored) and _computed(invoice) != (stored.net_total, stored.tax_total, stored.rounding):
        yield invoice.label.lower(), "its lines compute to another total"


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

SETTLED_OTHERWISE = "what it settled does not follow from its applications"


@rows_break("I8")
def open_amounts_follow_from_what_settled() -> Iterable[Breaking]:
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
    fault = "its open amount does not follow from what settled it"
    yield Breaking(select(Invoice.id).where(wrong), "invoice {0}", fault)


@rows_break("I11")
def payments_are_used_once() -> Iterable[Breaking]:
    """A payment counts exactly its standing applications, at most its amount; a reversed one has none."""
    applied = _standing(PaymentApplication.amount, PaymentApplication.payment_id == Payment.id)
    wrong = or_(
        Payment.applied_amount != applied,
        Payment.applied_amount + Payment.refunded_amount > Payment.amount,
        and_(Payment.state == PaymentState.REVERSED, Payment.applied_amount + Payment.refunded_amount != ZERO),
    )
    yield Breaking(select(Payment.payment_number).where(wrong), "payment {0}", SETTLED_OTHERWISE)


@rows_break("I11")
def credit_notes_are_used_once() -> Iterable[Breaking]:
    """A credit note counts exactly its standing applications, at most its total; only a posted one settles."""
    applied = _standing(CreditApplication.amount, CreditApplication.credit_note_id == CreditNote.id)
    used = CreditNote.applied_amount + CreditNote.refunded_amount
    wrong = or_(
        CreditNote.applied_amount != applied,
        used > CreditNote.total,
        and_(CreditNote.state != InvoiceState.APPROVED, used != ZERO),
    )
    yield Breaking(select(CreditNote.id).where(wrong), "credit note {0}", SETTLED_OTHERWISE)


@rows_break("I12")
def customer_and_currency_are_one() -> Iterable[Breaking]:
    """Whatever settles an invoice is of its customer and in its currency."""
    fault = "settles invoice {1} of another customer or currency"
    payments = (
        select(Payment.payment_number, Invoice.invoice_number)
        .join(PaymentApplication, PaymentApplication.payment_id == Payment.id)
        .join(Invoice, PaymentApplication.invoice_id == Invoice.id)
        .where(_strangers(Payment))
    )
    yield Breaking(payments, "payment {0}", fault)
    notes = (
        select(CreditNote.credit_note_number, Invoice.invoice_number)
        .join(CreditApplication, CreditApplication.credit_note_id == CreditNote.id)
        .join(Invoice, CreditApplication.invoice_id == Invoice.id)
        .where(_strangers(CreditNote))
    )
    yield Breaking(notes, "credit note {0}", fault)


def _strangers(settling: type[Payment] | type[CreditNote]) -> ColumnElement[bool]:
    return or_(settling.customer_id != Invoice.customer_id, settling.currency != Invoice.currency)


def _standing(amount: Any, of: ColumnElement[bool]) -> Any:
    reversed_on = amount.class_.reversed_on
    return select(func.coalesce(func.sum(amount), ZERO)).where(of, reversed_on.is_(None)).scalar_subquery()


# -- the ledger --------------------------------------------------------------------------------------------------------


@invariant("I9")
def the_control_account_is_what_is_open() -> Iterable[Fault]:
    """Per customer and currency: receivables in the ledger = invoices less payments and credit notes, from documents.

    What a payment or credit note has settled and what is left of it lower the account alike, so neither is asked.
    """
    owed: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for sign, statement in _owed():
        for customer_id, currency, amount in rows(statement):
            owed[customer_id, currency] += sign * amount
    booked = ledger_balances()
    for customer_id, currency in sorted(owed.keys() | booked.keys()):
        said, open_ = booked.get((customer_id, currency), ZERO), owed.get((customer_id, currency), ZERO)
        if said != open_:
            yield f"customer {customer_id}", f"the ledger says {currency} {said:f}, {open_:f} is open"


@cache
def _owed() -> list[tuple[int, Select[Any]]]:
    """The sums of what raises (1) and lowers (-1) the account, by customer and currency."""
    posted, recorded = Invoice.state == InvoiceState.APPROVED, Payment.state == PaymentState.RECORDED
    return [
        (sign, _by_customer(model, amount).where(counts))
        for sign, model, amount, counts in (
            (1, Invoice, Invoice.total - Invoice.settled_before - Invoice.written_off_amount, posted),
            (-1, Payment, Payment.amount - Payment.refunded_amount, recorded),
            (-1, CreditNote, CreditNote.total - CreditNote.refunded_amount, CreditNote.state == InvoiceState.APPROVED),
        )
    ]


def _by_customer(model: Any, amount: ColumnElement[Decimal]) -> Select[Any]:
    key = (model.customer_id, model.currency)
    return select(*key, func.sum(amount)).group_by(*key)


@rows_break("I10")
def every_journal_balances() -> Iterable[Breaking]:
    """Debits equal credits in each journal, per currency and in the base currency."""
    unbalanced = (
        select(JournalLine.journal_id, JournalLine.currency)
        .group_by(JournalLine.journal_id, JournalLine.currency)
        .having(or_(func.sum(JournalLine.amount) != ZERO, func.sum(JournalLine.base_amount) != ZERO))
    )
    yield Breaking(unbalanced, "journal {0}", "does not balance in {1}")


# -- numbers and whole documents ---------------------------------------------------------------------------------------


@invariant("I13")
def posted_numbers_have_no_gaps() -> Iterable[Fault]:
    """In each series and year the numbers run from 1 to the last one given, in the order of their dates.

    An invoice of an old system that carries one of these numbers fills its place.
    """
    found: dict[tuple[str, int], list[_Numbered]] = defaultdict(list)
    for document in _numbered():
        found[document.prefix, document.year].append(document)
    last_given = {(prefix, year): last for prefix, year, last in rows(SERIES)}
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


SERIES = select(NumberSeries.prefix, NumberSeries.year, NumberSeries.last_number).where(
    NumberSeries.prefix.in_(["INV", "CN"])
)
POSTED = (
    select(Invoice.invoice_number, Invoice.issue_date, Invoice.is_opening).where(
        Invoice.state == InvoiceState.APPROVED
    ),
    select(CreditNote.credit_note_number, CreditNote.issue_date, false()).where(
        CreditNote.state == InvoiceState.APPROVED
    ),
)


def _numbered() -> Iterator[_Numbered]:
    for statement in POSTED:
        for name, issued, opening in rows(statement):
            form = NUMBER.fullmatch(name or "")
            if form:
                yield _Numbered(form["prefix"], int(form["year"]), int(form["count"]), issued, bool(opening))
            elif not opening:
                yield _Numbered("?", 0, 0, issued, is_opening=False)


def _faults_of(series: tuple[str, int], documents: list[_Numbered], last: int) -> Iterator[Fault]:
    name = f"series {series[0]}-{series[1]}"
    counts = [one.count for one in documents if not one.is_opening or one.count <= last]
    if counts != list(range(1, last + 1)):
        yield name, f"has not each number from 1 to {last} once"
    for before, after in pairwise([one for one in documents if not one.is_opening]):
        if after.issue_date < before.issue_date:
            yield name, f"number {after.count} is dated before the one it follows"
    if any(one.issue_date.year != one.year for one in documents if not one.is_opening):
        yield name, "a document of another year is in it"


@rows_break("I26")
def no_half_documents() -> Iterable[Breaking]:
    """A posted document has lines, one journal and its frozen paper; a payment has its journals."""
    for document, file_of, is_own in (
        (Invoice, DocumentFile.invoice_id, ~Invoice.is_opening),
        (CreditNote, DocumentFile.credit_note_id, true()),
    ):
        posted = document.state == InvoiceState.APPROVED
        half = or_(~exists().where(file_of == document.id), document.snapshot.is_(None), ~document.lines.any())
        yield Breaking(
            select(document.id).where(posted, is_own, half),
            f"{document.document_name.lower()} {{0}}",
            "is posted without lines or frozen paper",
        )
        yield _without_journal(document, posted, (document.document_kind, "opening_invoice"))
    yield _without_journal(Payment, true(), ("payment",))
    yield _without_journal(Payment, Payment.state == PaymentState.REVERSED, ("payment_reversal",))


def _without_journal(document: Any, posted: ColumnElement[bool], kinds: tuple[str, ...]) -> Breaking:
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
    return Breaking(
        select(document.id).where(posted, journals != 1),
        f"{document.document_name.lower()} {{0}}",
        f"has no journal, or more ({kinds[0]})",
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
