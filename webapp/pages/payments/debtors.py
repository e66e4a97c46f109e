"""Customers from whom money may come: those who owe, the longest overdue first, or those a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select

from webapp.db import db
from webapp.models import Customer, Invoice, User
from webapp.pages.invoices.lists import OPEN_AMOUNT, is_open
from webapp.queries.filtering import narrowed
from webapp.queries.visibility import visible

MOST = 20


@dataclass(frozen=True, slots=True)
class Debtor:
    """A customer with how many invoices are open, over how much, and the oldest due date."""

    code: str
    name: str
    currency: str
    invoices: int
    open_amount: Decimal | None
    oldest_due: date | None


def debtors(text: str, *, viewer: User) -> Sequence[Debtor]:
    """At most 20: with ``text`` the customers whose code or name has it, else those who owe."""
    owed = (
        select(
            Invoice.customer_id,
            func.count().label("invoices"),
            func.sum(OPEN_AMOUNT).label("open_amount"),
            func.min(Invoice.due_date).label("oldest_due"),
        )
        .where(is_open())
        .group_by(Invoice.customer_id)
        .subquery()
    )
    statement = (
        select(
            Customer.code,
            Customer.name,
            Customer.currency,
            func.coalesce(owed.c.invoices, 0),
            owed.c.open_amount,
            owed.c.oldest_due,
        )
        .outerjoin(owed, owed.c.customer_id == Customer.id)
        .where(visible(Customer, viewer), *narrowed((text, _mentions)))
        .order_by(owed.c.oldest_due.is_(None), owed.c.oldest_due, Customer.code)
        .limit(MOST)
    )
    if not text:
        statement = statement.where(owed.c.invoices > 0)
    return [Debtor(*row) for row in db.session.execute(statement)]


def _mentions(text: str) -> ColumnElement[bool]:
    return or_(Customer.code.icontains(text, autoescape=True), Customer.name.icontains(text, autoescape=True))
