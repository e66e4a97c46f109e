"""The receivables ledger: one balanced journal for each posted invoice, credit note, payment and reversal.

A debit is positive, a credit negative. Each line carries the document's amount and its worth in the base currency at
the rate of the posting date; the control account takes its own rounded worth, and what rounding leaves over goes to the
largest other line, so that the journal balances in both currencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import insert, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.constants import ZERO
from webapp.domain.errors import Refused
from webapp.domain.money import WIDE, round_money
from webapp.models import Account, CreditNote, Invoice, Journal, JournalLine, Payment, User
from webapp.services.company import base_rate, the_company

RECEIVABLES, SALES, CHARGES, TAX, OPENING = "receivables", "sales", "charges", "tax", "opening"
ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal in the document's currency; ``account`` is a code."""

    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Posting:
    """The head of a journal."""

    kind: str
    document: Invoice | CreditNote | Payment
    posted_on: date


def post_invoice(invoice: Invoice, *, actor: User) -> None:
    """Debit receivables with the total; credit sales, charges, tax and cash rounding."""
    code = _account_codes()
    posting = _Posting("invoice", invoice, _day(invoice.issue_date))
    _write(posting, [Entry(code[RECEIVABLES], invoice.total), *_earned(invoice, code, sign=-1)], actor=actor)


def post_credit_note(credit_note: CreditNote, *, actor: User) -> None:
    """Credit receivables with the total; debit what its invoice had credited."""
    code = _account_codes()
    posting = _Posting("credit_note", credit_note, _day(credit_note.issue_date))
    entries = [Entry(code[RECEIVABLES], -credit_note.total), *_earned(credit_note, code, sign=1)]
    _write(posting, entries, actor=actor)


def post_opening_invoice(invoice: Invoice, *, actor: User) -> None:
    """Debit receivables with what was still open in the old system, against the opening balance."""
    code = _account_codes()
    entries = [Entry(code[RECEIVABLES], invoice.open_amount), Entry(code[OPENING], -invoice.open_amount)]
    _write(_Posting("opening_invoice", invoice, _day(invoice.issue_date)), entries, actor=actor)


def post_payment(payment: Payment, *, actor: User) -> None:
    """Debit the account of the payment method, credit receivables, on the value date."""
    code = _account_codes()
    entries = [Entry(code[RECEIVABLES], -payment.amount), Entry(payment.method.account_code, payment.amount)]
    _write(_Posting("payment", payment, payment.payment_date), entries, actor=actor)


def post_reversal(payment: Payment, *, actor: User) -> None:
    """Mirror the payment's journal, base amounts included, on the day of the reversal."""
    lines = db.session.execute(
        select(JournalLine.account_code, JournalLine.amount, JournalLine.base_amount)
        .join(Journal, JournalLine.journal_id == Journal.id)
        .where(Journal.document_kind == payment.document_kind, Journal.document_id == payment.id)
        .order_by(JournalLine.id)
    ).all()
    posting = _Posting("payment_reversal", payment, _day(payment.reversed_on))
    _insert(posting, [(Entry(code, -amount), -base) for code, amount, base in lines], actor=actor)


def _day(day: date | None) -> date:
    if day is None:
        raise ValueError("a posting needs its day")
    return day


ACCOUNTS = select(Account.purpose, Account.code).where(Account.purpose.is_not(None))


def _account_codes() -> dict[str, str]:
    """Account codes by purpose."""
    found = db.session.execute(ACCOUNTS)
    codes = {purpose: code for purpose, code in found if purpose is not None}
    missing = {RECEIVABLES, SALES, CHARGES, TAX, OPENING, ROUNDING} - codes.keys()
    if missing:
        raise Refused(f"The ledger has no account for {', '.join(sorted(missing))}.")
    return codes


def _earned(document: Invoice | CreditNote, code: dict[str, str], *, sign: int) -> list[Entry]:
    """What the document earned: goods, charges, tax, and what cash rounding added."""
    charges = sum((line.net_amount for line in document.lines if line.is_charge), ZERO)
    parts = {
        SALES: document.net_total - charges,
        CHARGES: charges,
        TAX: document.tax_total,
        ROUNDING: document.rounding_amount,
    }
    return [Entry(code[purpose], sign * amount) for purpose, amount in parts.items() if amount]


def _write(posting: _Posting, entries: Sequence[Entry], *, actor: User) -> None:
    """Write the journal; the first entry is the control account's."""
    rate = base_rate(posting.document.currency, posting.posted_on)
    worth = in_base([entry.amount for entry in entries], rate, the_company().base_currency)
    _insert(posting, zip(entries, worth, strict=True), actor=actor)


def in_base(amounts: Sequence[Decimal], rate: Decimal, currency: str) -> list[Decimal]:
    """Amounts that sum to 0, at ``rate`` in the base ``currency``, again summing to 0; the first keeps its rounding."""
    worth = [round_money(WIDE.multiply(amount, rate), currency) for amount in amounts]
    left_over = sum(worth, ZERO)
    if left_over:
        largest = max(range(1, len(worth)), key=lambda place: abs(worth[place]))
        worth[largest] -= left_over
    return worth


def _insert(posting: _Posting, entries: Iterable[tuple[Entry, Decimal]], *, actor: User) -> None:
    document = posting.document
    db.session.flush()
    journal_id = db.session.execute(
        insert(Journal).returning(Journal.id),
        {
            "kind": posting.kind,
            "posted_on": posting.posted_on,
            "document_kind": document.document_kind,
            "document_id": document.id,
            "document_number": document.number,
            "customer_id": document.customer_id,
            "posted_by_id": actor.id,
            "posted_at": clock.now(),
        },
    ).scalar_one()
    lines = [
        {
            "journal_id": journal_id,
            "account_code": entry.account,
            "customer_id": document.customer_id,
            "currency": document.currency,
            "amount": entry.amount,
            "base_amount": base_amount,
        }
        for entry, base_amount in entries
    ]
    db.session.execute(insert(JournalLine).returning(JournalLine.id), lines)
