"""Customers as lists and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.domain.money import round_half_up
from webapp.domain.states import HoldState, InvoiceState, OrderState
from webapp.models import (
    CreditHold,
    Customer,
    CustomerPrice,
    Invoice,
    Order,
    User,
)
from webapp.pages.history import history_of
from webapp.pages.timeline import Entry
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import OPEN_AMOUNT, Standing, standing_of
from webapp.queries.pricing.list_choice import ListChoice, all_lists, list_for
from webapp.queries.visibility import visible

SHOWN = 8
OPEN_ORDERS = (
    OrderState.QUOTE, OrderState.DRAFT, OrderState.SUBMITTED, OrderState.APPROVED, OrderState.CONFIRMED,
)  # fmt: skip


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
        history=history_of(Customer.document_kind, customer.id, customer.currency, viewer=user),
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
