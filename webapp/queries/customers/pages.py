"""Customers as lists and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.domain.money import round_half_up
from webapp.domain.states import CustomerStatus, HoldState, InvoiceState, OrderState
from webapp.models import (
    CreditHold,
    Customer,
    CustomerGroup,
    CustomerPrice,
    Invoice,
    Order,
    PaymentTerm,
    PriceList,
    User,
)
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import OPEN_AMOUNT, Standing, standing_of
from webapp.queries.history import history_of
from webapp.queries.paging import Page, page_of
from webapp.queries.pricing.list_choice import ListChoice, all_lists, list_for
from webapp.queries.timeline import Entry
from webapp.queries.visibility import visible

ZERO = Decimal(0)
SHOWN = 8
SORTS = {"name": (Customer.name, Customer.id), "code": (Customer.code,)}
OPEN_ORDERS = (
    OrderState.QUOTE, OrderState.DRAFT, OrderState.SUBMITTED, OrderState.APPROVED, OrderState.CONFIRMED,
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Everything the page of one customer shows. Amounts in the customer's currency."""

    customer: Customer
    day: date
    standing: Standing
    orders: Sequence[Order]
    invoices: Sequence[Invoice]
    held: int
    agreed_prices: int
    price_list: ListChoice
    history: Sequence[Entry]

    @property
    def limit(self) -> Decimal | None:
        """The limit valid today, a temporary extra included."""
        return self.customer.limit_on(self.day)

    @property
    def credit_left(self) -> Decimal | None:
        """What of the limit is left; negative when it is exceeded, None without a limit."""
        return None if self.limit is None else self.limit - self.standing.exposure.total


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


def find_customer(code: str, user: User) -> Customer:
    """The customer with everything its forms show. Raises NotFound, also for one that ``user`` may not see."""
    found = db.session.scalars(
        select(Customer)
        .where(Customer.code == code, visible(Customer, user))
        .options(
            selectinload(Customer.addresses),
            joinedload(Customer.group),
            joinedload(Customer.sales_rep),
            joinedload(Customer.price_list),
            joinedload(Customer.payment_terms),
            joinedload(Customer.extra_credit_by),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no customer {code}.")
    return found


def customer_page(code: str, user: User) -> CustomerPage:
    """The page of one customer. Raises NotFound."""
    customer, day = find_customer(code, user), today()
    return CustomerPage(
        customer=customer,
        day=day,
        standing=standing_of(customer, day),
        orders=_open_orders(customer),
        invoices=_open_invoices(customer),
        held=_count(
            select(func.count()).where(CreditHold.customer_id == customer.id, CreditHold.state == HoldState.OPEN)
        ),
        agreed_prices=_count(select(func.count()).where(CustomerPrice.customer_id == customer.id)),
        price_list=list_for(customer, all_lists()),
        history=history_of(Customer.document_kind, customer.id, customer.currency),
    )


@dataclass(frozen=True, slots=True)
class CreditBar:
    """The exposure against the limit in percent of the bar: parts as (share, colour), where the limit stands, the
    excess."""

    parts: list[tuple[Decimal, int]]
    limit_at: Decimal | None
    over: Decimal


def credit_bar(page: CustomerPage) -> CreditBar:
    """How the customer's exposure fills its limit: open invoices, shipped and to ship, each with its colour."""
    exposure, limit = page.standing.exposure, page.limit
    full = max(exposure.total, limit or ZERO, Decimal(1))
    amounts = ((exposure.outstanding_balance, 0), (exposure.shipped_unbilled, 2), (exposure.to_ship, 1))
    parts = [(_share(amount, full), colour) for amount, colour in amounts if amount > 0]
    over = _share(exposure.total - limit, full) if limit is not None and exposure.total > limit else ZERO
    return CreditBar(parts, None if limit is None else _share(limit, full), over)


def _share(amount: Decimal, full: Decimal) -> Decimal:
    """A share in percent, only ever drawn."""
    return round_half_up(amount * 100 / full, 2)


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


def _open_orders(customer: Customer) -> Sequence[Order]:
    return db.session.scalars(
        select(Order)
        .where(Order.customer_id == customer.id, Order.state.in_(OPEN_ORDERS))
        .order_by(Order.id.desc())
        .limit(SHOWN)
        .options(selectinload(Order.holds))
    ).all()


def _open_invoices(customer: Customer) -> Sequence[Invoice]:
    return db.session.scalars(
        select(Invoice)
        .where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.APPROVED, OPEN_AMOUNT > 0)
        .order_by(Invoice.due_date, Invoice.id)
        .limit(SHOWN)
    ).all()


def _count(statement: object) -> int:
    return db.session.scalar(statement) or 0  # type: ignore[call-overload]


def _pairs(statement: object) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in db.session.execute(statement)]  # type: ignore[call-overload]
