"""What customers owe, at any date: open items, ageing, balances, and what the ledger says.

A date counts documents, applications and reversals dated on or before it. Amounts are in each customer's currency; the
totals of the ageing are in the company's base currency at the rates of that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, true

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.money import WIDE, round_money
from webapp.domain.payments.split import AgeingBucket, ageing_bucket, overdue_days
from webapp.domain.states import InvoiceState
from webapp.models import (
    Account,
    CreditApplication,
    Customer,
    Invoice,
    Journal,
    JournalLine,
    PaymentApplication,
    User,
)
from webapp.queries.company import company, rates_on, today
from webapp.queries.receivables.unused import applied, unapplied_credit
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class Debt:
    """An invoice that was open on a day, with what was open and how many days it was late."""

    customer_id: int
    invoice_id: int
    invoice_number: str
    issue_date: date
    due_date: date
    currency: str
    total: Decimal
    open_amount: Decimal
    days_late: int

    @property
    def bucket(self) -> AgeingBucket:
        return ageing_bucket(self.days_late)


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """What one customer owed on a day: by bucket, in all, the credit not used, and the balance of both."""

    code: str
    name: str
    currency: str
    buckets: dict[AgeingBucket, Decimal]
    unapplied: Decimal

    @property
    def open_amount(self) -> Decimal:
        return sum(self.buckets.values(), ZERO)

    @property
    def balance(self) -> Decimal:
        return self.open_amount - self.unapplied

    @property
    def overdue(self) -> Decimal:
        return self.open_amount - self.buckets[AgeingBucket.CURRENT]


@dataclass(frozen=True, slots=True)
class Ageing:
    """Every customer's row, and the totals in the base currency; ``without_rate`` are left out of the totals."""

    as_of: date
    base_currency: str
    rows: tuple[AgeingRow, ...]
    total: AgeingRow
    without_rate: tuple[str, ...] = field(default=())


def ageing(as_of: date | None = None, *, viewer: User) -> Ageing:
    """What each customer owed at the end of ``as_of`` (default: today), by how late it was."""
    day = as_of or today()
    buckets: dict[int, dict[AgeingBucket, Decimal]] = defaultdict(lambda: dict.fromkeys(AgeingBucket, ZERO))
    for debt in open_items(day, visible(Invoice, viewer)):
        buckets[debt.customer_id][debt.bucket] += debt.open_amount
    unapplied = unapplied_credit(day)
    customers = db.session.execute(
        select(Customer.id, Customer.code, Customer.name, Customer.currency)
        .where(Customer.id.in_(buckets.keys() | unapplied.keys()), visible(Customer, viewer))
        .order_by(Customer.code)
    )
    rows = tuple(
        AgeingRow(row.code, row.name, row.currency, buckets[row.id], unapplied.get(row.id, ZERO)) for row in customers
    )
    return _with_totals(day, rows)


def _with_totals(day: date, rows: tuple[AgeingRow, ...]) -> Ageing:
    settings = company()
    base = settings.base_currency if settings else ""
    rates = rates_on(day)
    sums, unapplied = dict.fromkeys(AgeingBucket, ZERO), ZERO
    for row in rows:
        if row.currency in rates:
            for bucket, amount in row.buckets.items():
                sums[bucket] += round_money(WIDE.multiply(amount, rates[row.currency]), base)
            unapplied += round_money(WIDE.multiply(row.unapplied, rates[row.currency]), base)
    unknown = tuple(sorted({row.currency for row in rows} - rates.keys()))
    return Ageing(day, base, rows, AgeingRow("", "Total", base, sums, unapplied), unknown)


# -- open items --------------------------------------------------------------------------------------------------------


def open_items(day: date, *conditions: ColumnElement[bool]) -> list[Debt]:
    """The invoices that were open at the end of ``day``, the oldest due first."""
    paid = applied(PaymentApplication.invoice_id, PaymentApplication, day)
    credited = applied(CreditApplication.invoice_id, CreditApplication, day)
    open_amount = (
        Invoice.total
        - Invoice.settled_before
        - Invoice.written_off_amount
        - func.coalesce(paid.c.amount, ZERO)
        - func.coalesce(credited.c.amount, ZERO)
    )
    rows = db.session.execute(
        select(
            Invoice.customer_id,
            Invoice.id,
            Invoice.invoice_number,
            Invoice.issue_date,
            Invoice.due_date,
            Invoice.currency,
            Invoice.total,
            open_amount.label("open_amount"),
        )
        .outerjoin(paid, paid.c.document_id == Invoice.id)
        .outerjoin(credited, credited.c.document_id == Invoice.id)
        .where(Invoice.state == InvoiceState.APPROVED, Invoice.issue_date <= day, open_amount != ZERO, *conditions)
        .order_by(Invoice.due_date, Invoice.id)
    )
    return [Debt(*row, overdue_days(row.due_date, day)) for row in rows]  # type: ignore[arg-type]  # posted: has dates


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open item with the customer who owes it."""

    debt: Debt
    code: str
    name: str


def open_items_of(
    day: date,
    *,
    customer_code: str = "",
    bucket: AgeingBucket | None = None,
    late_only: bool = False,
    viewer: User,
) -> list[OpenItem]:
    """The items behind a figure of the ageing of ``day``, the oldest due first: of one customer, of one age, those
    that are late, or all."""
    customers = {
        row.id: row
        for row in db.session.execute(
            select(Customer.id, Customer.code, Customer.name).where(
                visible(Customer, viewer), Customer.code == customer_code if customer_code else true()
            )
        )
    }
    return [
        OpenItem(debt, customers[debt.customer_id].code, customers[debt.customer_id].name)
        for debt in open_items(day, visible(Invoice, viewer))
        if debt.customer_id in customers and bucket in (None, debt.bucket) and (debt.days_late or not late_only)
    ]


# -- balances ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CustomerStanding:
    """What one customer owes: its open items, how much of them is overdue, unused credit, and the balance."""

    items: tuple[Debt, ...]
    unapplied: Decimal

    @property
    def open_amount(self) -> Decimal:
        return _sum(item.open_amount for item in self.items)

    @property
    def balance(self) -> Decimal:
        return self.open_amount - self.unapplied

    @property
    def overdue_amount(self) -> Decimal:
        return _sum(item.open_amount for item in self.items if item.days_late)

    @property
    def overdue_days(self) -> int:
        return max((item.days_late for item in self.items), default=0)


def customer_standing(customer: Customer, as_of: date | None = None) -> CustomerStanding:
    """What the customer owed at the end of ``as_of`` (default: today), in its currency."""
    day = as_of or today()
    items = open_items(day, Invoice.customer_id == customer.id)
    return CustomerStanding(tuple(items), unapplied_credit(day, customer_id=customer.id).get(customer.id, ZERO))


def ledger_balances(as_of: date | None = None) -> dict[tuple[int, str], Decimal]:
    """By customer and currency, the control account at the end of ``as_of`` (default: all there is)."""
    statement = (
        select(JournalLine.customer_id, JournalLine.currency, func.sum(JournalLine.amount))
        .join(Account, JournalLine.account_code == Account.code)
        .where(Account.purpose == "receivables")
        .group_by(JournalLine.customer_id, JournalLine.currency)
    )
    if as_of is not None:
        statement = statement.join(Journal, JournalLine.journal_id == Journal.id).where(Journal.posted_on <= as_of)
    return {(customer_id, currency): amount for customer_id, currency, amount in db.session.execute(statement)}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
