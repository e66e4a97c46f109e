"""What waits for a decision: the inbox of whoever may decide, and of whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from webapp import formats
from webapp.db import db
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.permissions import Permission
from webapp.domain.states import ApprovalState, HoldState
from webapp.models import Approval, ApprovalKind, CreditHold, Customer, Order, OrderLine, User
from webapp.pages import addresses as at
from webapp.queries.credit_control.holds import why_held

MOST_SHOWN = 200
MOST_READ = 40
MOST_DECIDED = 8
DECIDED = (ApprovalState.APPROVED, ApprovalState.DECLINED, ApprovalState.VOIDED)


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
    order: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision that was made: about what, and the sentence of who decided what and why."""

    url: str
    customer: str
    what: str
    sentence: str
    tone: str
    icon: str
    at: datetime


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


def decided(user: User) -> list[Verdict]:
    """What was decided last of what this user may decide or asked for, the newest first; one statement.

    Discounts that were approved with their order, in the same words, are told by the order.
    """
    mine = or_(Approval.kind.in_(_kinds(user)), Approval.requested_by_id == user.id)
    rows = db.session.scalars(
        select(Approval)
        .join(Approval.order)
        .where(Approval.state.in_(DECIDED), Approval.decided_by_id.is_not(None), mine, *_own_customers(user))
        .order_by(Approval.decided_at.desc(), Approval.id.desc())
        .limit(MOST_READ)
        .options(
            joinedload(Approval.order).joinedload(Order.customer),
            joinedload(Approval.order_line),
            joinedload(Approval.decided_by),
        )
    )
    told: dict[tuple[int, str], Verdict] = {}
    for approval in rows:
        told.setdefault((approval.order_id, verdict_of(approval)), _verdict(approval))
    return list(told.values())[:MOST_DECIDED]


def verdict_of(approval: Approval) -> str:
    """ "Steven Buchanan declined it yesterday 14:05: “Not for ten”." """
    who = approval.decided_by.name if approval.decided_by else f"The policy “{approval.policy}”"
    act = "declined" if approval.state is ApprovalState.DECLINED else "approved"
    why = f": “{approval.decision_reason.rstrip('.')}”" if approval.decision_reason else ""
    later = " A later change voided that." if approval.state is ApprovalState.VOIDED else ""
    return f"{who} {act} it {formats.moment(approval.decided_at)}{why}.{later}"


def last_verdict(approvals: Sequence[Approval], line: OrderLine | None = None) -> str:
    """The last decision about an order, or about the discount of one of its lines; empty when there was none."""
    wanted = None if line is None else line.id
    made = [one for one in approvals if one.state in DECIDED and one.decided_at and one.order_line_id == wanted]
    if line is None:
        made = [one for one in made if one.kind is ApprovalKind.ORDER]
    return verdict_of(made[-1]) if made else ""


def place_of(url: str, items: Sequence[Item]) -> int:
    """How many things of other orders stand before this one: where its successor stands once it is decided.

    A decision may take other requests of the same order along, so those do not count.
    """
    found = next((place for place, item in enumerate(items) if item.url == url), 0)
    order = items[found].order if items else ""
    return sum(1 for item in items[:found] if item.order != order)


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
        url=at.held_order(order.number),
        customer=order.customer.name,
        what=f"{order.number}, credit hold",
        figure=f"{formats.money(hold.excess, order.currency)} over" if over else hold.kind.value.lower(),
        tone="stop",
        icon="hold",
        at=hold.applied_at,
        order=order.number,
        said=why_held(hold),
    )


def _request(request: Approval) -> Item:
    order = request.order
    if request.kind is ApprovalKind.ORDER:
        return Item(
            kind="order",
            url=at.asked_order(order.number),
            customer=order.customer.name,
            what=f"{order.number}, order",
            figure=formats.money(order.total, order.currency),
            tone="wait",
            icon="order",
            at=request.requested_at,
            order=order.number,
        )
    line_number = request.order_line.line_number if request.order_line else 0
    return Item(
        kind="discount",
        url=at.asked_discount(order.number, line_number),
        customer=order.customer.name,
        what=f"{order.number} line {line_number}, discount",
        figure=formats.percent(request.percent),
        tone="wait",
        icon="price",
        at=request.requested_at,
        order=order.number,
    )


def _verdict(approval: Approval) -> Verdict:
    order, line = approval.order, approval.order_line
    is_declined = approval.state is ApprovalState.DECLINED
    if approval.kind is ApprovalKind.ORDER or line is None:
        what, url = f"{order.number}, order", at.asked_order(order.number)
    else:
        what, url = f"{order.number} line {line.line_number}", at.asked_discount(order.number, line.line_number)
    return Verdict(
        url=url,
        customer=order.customer.name,
        what=what,
        sentence=verdict_of(approval),
        tone="stop" if is_declined else "ok",
        icon="x" if is_declined else "check",
        at=approval.decided_at or approval.requested_at,
    )
