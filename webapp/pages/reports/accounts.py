"""The receivables account of the ledger at the end of any day: its balance by customer, and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.models import Account, Customer, Journal, JournalLine, User
from webapp.pages import addresses as at
from webapp.pages.customers.page import find_customer
from webapp.queries.visibility import visible

WORDS = {
    "invoice": "Invoice",
    "opening_invoice": "Opening invoice",
    "credit_note": "Credit note",
    "payment": "Payment",
    "payment_reversal": "Payment reversed",
}


@dataclass(frozen=True, slots=True)
class LedgerBalance:
    """What stands on the receivables account for one customer: in its currency, and in the base currency."""

    code: str
    name: str
    currency: str
    amount: Decimal
    base_amount: Decimal


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line on the receivables account: debit positive, credit negative, and the balance after it."""

    balance: Decimal
    posted_on: date
    kind: str
    document_kind: str
    number: str
    amount: Decimal

    @property
    def words(self) -> str:
        """What was posted."""
        return WORDS[self.kind]

    @property
    def url(self) -> str:
        """The page of its document."""
        return at.document(self.document_kind, self.number)


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One customer's entries, the oldest first."""

    customer: Customer
    entries: Sequence[LedgerEntry]

    @property
    def balance(self) -> Decimal:
        """What the customer owes by the books."""
        return self.entries[-1].balance if self.entries else ZERO


def receivables_account(day: date, *, viewer: User) -> list[LedgerBalance]:
    """The balance of each customer that has entries on or before ``day``."""
    columns = (Customer.code, Customer.name, JournalLine.currency)
    statement = (
        _lines(select(*columns, func.sum(JournalLine.amount), func.sum(JournalLine.base_amount)), day)
        .join(Customer, Customer.id == JournalLine.customer_id)
        .where(visible(Customer, viewer))
        .group_by(*columns)
        .order_by(Customer.code, JournalLine.currency)
    )
    return [LedgerBalance(*row) for row in db.session.execute(statement)]


def account_of(code: str, day: date, *, viewer: User) -> LedgerAccount:
    """The entries of one customer on or before ``day``. Raises NotFound."""
    customer = find_customer(code, viewer)
    columns = (
        Journal.posted_on,
        Journal.kind,
        Journal.document_kind,
        Journal.document_number,
        JournalLine.amount,
    )
    statement = (
        _lines(select(*columns), day)
        .where(JournalLine.customer_id == customer.id)
        .order_by(Journal.posted_on, Journal.id, JournalLine.id)
    )
    entries: list[LedgerEntry] = []
    balance = ZERO
    for row in db.session.execute(statement):
        balance += row.amount
        entries.append(LedgerEntry(balance, *row))
    return LedgerAccount(customer, entries)


def _lines(statement: Any, day: date) -> Any:
    return (
        statement.select_from(JournalLine)
        .join(Journal, JournalLine.journal_id == Journal.id)
        .join(Account, JournalLine.account_code == Account.code)
        .where(Account.purpose == "receivables", Journal.posted_on <= day)
    )
