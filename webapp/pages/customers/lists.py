"""Customers in a list: what narrows it, and what each owes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import CustomerStatus, InvoiceState
from webapp.models import (
    Customer,
    CustomerGroup,
    Invoice,
    PaymentTerm,
    PriceList,
    User,
)
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import OPEN_AMOUNT
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible

SORTS = {"name": (Customer.name, Customer.id), "code": (Customer.code,)}


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What a list of customers is narrowed to; empty text narrows nothing."""

    q: str = ""
    status: str = ""
    group: str = ""
    rep: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer's open invoices come to, and what of it is overdue, in the customer's currency."""

    open: Decimal = ZERO
    overdue: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class CustomerList:
    """One page of customers with what each owes."""

    page: Page[Customer]
    owed: dict[int, Owed]

    def of(self, customer: Customer) -> Owed:
        """What one of them owes."""
        return self.owed.get(customer.id, Owed())


def customer_list(wanted: CustomerFilter, *, user: User, cursor: str | None = None) -> CustomerList:
    """One page of the customers ``user`` may see. Raises BadInput for a page there is not."""
    statement = select(Customer).where(visible(Customer, user), *_conditions(wanted))
    statement = statement.options(
        joinedload(Customer.group), joinedload(Customer.sales_rep), joinedload(Customer.payment_terms)
    )
    falls = wanted.sort.startswith("-")
    keys = SORTS.get(wanted.sort.removeprefix("-"), SORTS["name"])
    page = page_of(statement, *keys, cursor=cursor, newest_first=falls)
    return CustomerList(page, _owed([customer.id for customer in page.rows]))


@dataclass(frozen=True, slots=True)
class CustomerChoices:
    """What the fields of a customer may be chosen from: pairs of code and name."""

    terms: list[tuple[str, str]]
    lists: list[tuple[str, str]]
    groups: list[tuple[str, str]]
    reps: list[tuple[str, str]]


def customer_choices() -> CustomerChoices:
    """What the fields of a customer may be chosen from."""
    return CustomerChoices(
        terms=_pairs(select(PaymentTerm.code, PaymentTerm.name).order_by(PaymentTerm.net_days, PaymentTerm.code)),
        lists=_pairs(select(PriceList.code, PriceList.name).where(PriceList.is_active).order_by(PriceList.name)),
        groups=_pairs(select(CustomerGroup.code, CustomerGroup.name).order_by(CustomerGroup.name)),
        reps=_pairs(select(User.email, User.name).where(User.is_active, ~User.is_system).order_by(User.name)),
    )


def _conditions(wanted: CustomerFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.q:
        found.append(matches(wanted.q))
    if wanted.status.upper() in CustomerStatus.__members__:
        found.append(Customer.status == CustomerStatus[wanted.status.upper()])
    if wanted.group:
        found.append(Customer.group.has(CustomerGroup.code == wanted.group))
    if wanted.rep:
        found.append(Customer.sales_rep.has(User.email == wanted.rep))
    return found


def matches(words: str) -> ColumnElement[bool]:
    """Customers whose code begins with ``words``, or whose name or contact holds them."""
    return or_(
        Customer.code.istartswith(words, autoescape=True),
        Customer.name.icontains(words, autoescape=True),
        Customer.contact.icontains(words, autoescape=True),
    )


def _owed(customer_ids: Sequence[int]) -> dict[int, Owed]:
    overdue = func.coalesce(func.sum(OPEN_AMOUNT).filter(Invoice.due_date < today()), 0)
    rows = db.session.execute(
        select(Invoice.customer_id, func.sum(OPEN_AMOUNT), overdue)
        .where(Invoice.customer_id.in_(customer_ids), Invoice.state == InvoiceState.APPROVED)
        .group_by(Invoice.customer_id)
    )
    return {row[0]: Owed(row[1], row[2]) for row in rows}


def _pairs(statement: object) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in db.session.execute(statement)]  # type: ignore[call-overload]
