"""What was sold, from the ledger: by month and by customer, goods net of tax and freight, in the base currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, case, extract, func, select, true

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.models import Account, Customer, Journal, JournalLine, User
from webapp.queries.visibility import visible

MONTHS = 12


@dataclass(frozen=True, slots=True)
class MonthSales:
    """Sales of one month, and of the same month a year before; None where nothing was sold that long ago."""

    first_day: date
    amount: Decimal
    year_before: Decimal | None

    @property
    def last_day(self) -> date:
        return _months_later(self.first_day, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CustomerSales:
    """What one customer bought in a span of time, on how many invoices."""

    code: str
    name: str
    invoices: int
    amount: Decimal


def sales_by_month(today: date, *, viewer: User) -> list[MonthSales]:
    """The last twelve whole months, the oldest first; one statement."""
    this_month = today.replace(day=1)
    year, month = extract("year", Journal.posted_on), extract("month", Journal.posted_on)
    rows = db.session.execute(
        select(year, month, func.sum(JournalLine.base_amount))
        .join(Journal, JournalLine.journal_id == Journal.id)
        .where(
            JournalLine.account_code.in_(_sales_accounts()),
            Journal.posted_on >= _months_later(this_month, -2 * MONTHS),
            Journal.posted_on < this_month,
            _of_customers(viewer),
        )
        .group_by(year, month)
    )
    sold = {date(int(of_year), int(of_month), 1): -amount for of_year, of_month, amount in rows}
    firsts = [_months_later(this_month, -back) for back in range(MONTHS, 0, -1)]
    return [MonthSales(first, sold.get(first, ZERO), sold.get(_months_later(first, -MONTHS))) for first in firsts]


def best_customers(today: date, *, limit: int, viewer: User) -> Sequence[CustomerSales]:
    """Who bought most in the last twelve months up to ``today``; one statement."""
    sold = -func.sum(JournalLine.base_amount)
    rows = db.session.execute(
        select(
            Customer.code,
            Customer.name,
            func.count(func.distinct(case((Journal.kind == "invoice", Journal.id)))),
            func.sum(JournalLine.base_amount),
        )
        .join(Journal, JournalLine.journal_id == Journal.id)
        .join(Customer, Customer.id == JournalLine.customer_id)
        .where(
            JournalLine.account_code.in_(_sales_accounts()),
            Journal.posted_on > year_before(today),
            Journal.posted_on <= today,
            visible(Customer, viewer),
        )
        .group_by(Customer.id, Customer.code, Customer.name)
        .order_by(sold.desc(), Customer.code)
        .limit(limit)
    )
    return [CustomerSales(code, name, invoices, -amount) for code, name, invoices, amount in rows]


def year_before(day: date) -> date:
    """The same day a year before; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _sales_accounts() -> ColumnElement[str]:
    return select(Account.code).where(Account.purpose == "sales").scalar_subquery()


def _of_customers(viewer: User) -> ColumnElement[bool]:
    if not viewer.own_customers_only:
        return true()
    return JournalLine.customer_id.in_(select(Customer.id).where(visible(Customer, viewer)))


def _months_later(first_day: date, months: int) -> date:
    place = first_day.year * 12 + first_day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)
