"""What waits for a decision: the inbox of whoever may decide, and of whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from webapp import filters
from webapp.db import db
from webapp.domain.credit import HoldReason
from webapp.domain.permissions import Permission
from webapp.domain.states import ApprovalState, HoldState
from webapp.models import Approval, ApprovalKind, CreditHold, Customer, Order, OrderLine, User
from webapp.queries.hold_facts import why_held

MOST_SHOWN = 200
LINES_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits, as a line of the inbox."""

    kind: str
    url: str
    customer: str
    what: str
    figure: str
    tone: str
    icon: str
    at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True)
class Habit:
    """What a customer was given on the same item before."""

    number: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal


def inbox(user: User) -> list[Item]:
    """What this user may decide, or without that right what they asked for: holds first, then the oldest; two reads."""
    return [_hold(one) for one in _holds(user)] + [_request(one) for one in _requests(user)]


def waiting_count(user: User) -> int:
    """How many requests and holds wait that this user's rights are for; one statement."""
    kinds = _kinds(user)
    requests = select(func.count()).where(
        Approval.state == ApprovalState.OPEN, Approval.kind.in_(kinds), Approval.requested_by_id != user.id
    )
    holds = select(func.count()).where(CreditHold.state == HoldState.OPEN)
    if not user.can(Permission.CREDIT_RELEASE):
        holds = holds.where(CreditHold.id < 0)
    return db.session.scalar(select(requests.scalar_subquery() + holds.scalar_subquery())) or 0


def habits_of(customer_id: int, variant_id: int, besides: Order) -> Sequence[Habit]:
    """The last lines of this customer over this item on other orders, newest first."""
    rows = db.session.execute(
        select(Order.order_number, OrderLine.quantity, OrderLine.unit_price, OrderLine.discount_percent)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.customer_id == customer_id,
            OrderLine.variant_id == variant_id,
            Order.order_number.is_not(None),
            Order.id != besides.id,
        )
        .order_by(Order.id.desc())
        .limit(LINES_COMPARED)
    )
    return [Habit(number or "", *rest) for number, *rest in rows]


def _kinds(user: User) -> list[ApprovalKind]:
    rights = {ApprovalKind.ORDER: Permission.ORDERS_APPROVE, ApprovalKind.DISCOUNT: Permission.DISCOUNTS_APPROVE}
    return [kind for kind, permission in rights.items() if user.can(permission)]


def _requests(user: User) -> Sequence[Approval]:
    mine = or_(Approval.kind.in_(_kinds(user)), Approval.requested_by_id == user.id)
    return db.session.scalars(
        select(Approval)
        .join(Approval.order)
        .where(Approval.state == ApprovalState.OPEN, mine, *_own_customers(user))
        .order_by(Approval.id)
        .limit(MOST_SHOWN)
        .options(joinedload(Approval.order).joinedload(Order.customer), joinedload(Approval.order_line))
    ).all()


def _holds(user: User) -> Sequence[CreditHold]:
    statement = (
        select(CreditHold)
        .join(CreditHold.order)
        .where(CreditHold.state == HoldState.OPEN, *_own_customers(user))
        .order_by(CreditHold.id)
        .limit(MOST_SHOWN)
        .options(joinedload(CreditHold.order).joinedload(Order.customer))
    )
    if not user.can(Permission.CREDIT_RELEASE):
        statement = statement.where(Order.created_by_id == user.id)
    return db.session.scalars(statement).all()


def _own_customers(user: User) -> list[ColumnElement[bool]]:
    return [Order.customer.has(Customer.sales_rep_id == user.id)] if user.own_customers_only else []


def _hold(hold: CreditHold) -> Item:
    order = hold.order
    over = hold.kind is HoldReason.LIMIT
    return Item(
        kind="hold",
        url=f"/approvals/holds/{order.number}",
        customer=order.customer.name,
        what=f"{order.number}, credit hold",
        figure=f"{filters.money(hold.excess, order.currency)} over" if over else hold.kind.value.lower(),
        tone="stop",
        icon="hold",
        at=hold.applied_at,
        said=why_held(hold),
    )


def _request(request: Approval) -> Item:
    order = request.order
    if request.kind is ApprovalKind.ORDER:
        return Item(
            kind="order",
            url=f"/approvals/orders/{order.number}",
            customer=order.customer.name,
            what=f"{order.number}, order",
            figure=filters.money(order.total, order.currency),
            tone="wait",
            icon="order",
            at=request.requested_at,
        )
    line_number = request.order_line.line_number if request.order_line else 0
    return Item(
        kind="discount",
        url=f"/approvals/discounts/{order.number}/{line_number}",
        customer=order.customer.name,
        what=f"{order.number} line {line_number}, discount",
        figure=filters.percent(request.percent),
        tone="wait",
        icon="price",
        at=request.requested_at,
    )
