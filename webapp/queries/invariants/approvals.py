"""Approvals and credit holds: who decided what, with which right, and whether it still covers the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from webapp.db import db
from webapp.domain.permissions import Permission, Role, permissions_of
from webapp.domain.states import ApprovalState, HoldState, OrderState
from webapp.models import Approval, ApprovalKind, CreditHold, Event, EventDocument, Order, OrderLine, User
from webapp.queries.approval_facts import (
    declined_change,
    line_fingerprint,
    order_fingerprint,
    over_limit,
    still_covers,
)
from webapp.queries.askers import EDITS
from webapp.queries.invariants.registry import Offence, invariant, rows

BATCH = 200
DECIDED = (ApprovalState.APPROVED, ApprovalState.VOIDED)
SUBMITTED_OR_LATER = (OrderState.SUBMITTED, OrderState.APPROVED, OrderState.CONFIRMED, OrderState.CLOSED)
RIGHTS = {ApprovalKind.ORDER: Permission.ORDERS_APPROVE, ApprovalKind.DISCOUNT: Permission.DISCOUNTS_APPROVE}


@invariant("I17")
def deciders_did_not_ask() -> Iterable[Offence]:
    """Who approved or released was not who asked, and had the right and the limit then."""
    for approval, number in rows(
        select(Approval, Order.order_number)
        .join(Order, Order.id == Approval.order_id)
        .where(Approval.state.in_(DECIDED), Approval.decided_by_id.is_not(None))
        .where(or_(Order.created_by_id == Approval.decided_by_id, _edited_before(Approval)))
    ):
        yield Offence("I17", f"order {number}", f"approval {approval.id} was given by somebody who asked for it")
    for hold, number in rows(
        select(CreditHold, Order.order_number)
        .join(Order, Order.id == CreditHold.order_id)
        .join(User, User.id == CreditHold.decided_by_id)
        .where(CreditHold.state == HoldState.RELEASED, ~User.is_system)
        .where(
            or_(
                CreditHold.applied_by_id == CreditHold.decided_by_id,
                Order.created_by_id == CreditHold.decided_by_id,
                _edited_before(CreditHold),
            )
        )
    ):
        yield Offence("I17", f"order {number}", f"hold {hold.id} was released by somebody who asked for it")
    yield from _without_right()


def _edited_before(decision: Any) -> Any:
    """Whether who decided had edited the order since the approval before."""
    earlier = aliased(Approval)
    edit = exists().where(
        EventDocument.event_id == Event.id,
        EventDocument.kind == Order.document_kind,
        EventDocument.document_id == decision.order_id,
        Event.actor_id == decision.decided_by_id,
        Event.action.in_([action.value for action in EDITS]),
        Event.at < decision.decided_at,
        ~exists().where(
            earlier.order_id == decision.order_id,
            earlier.kind == ApprovalKind.ORDER,
            earlier.state.in_(DECIDED),
            earlier.decided_at >= Event.at,
            earlier.decided_at < decision.decided_at,
        ),
    )
    return edit.correlate(decision)


def _without_right() -> Iterator[Offence]:
    statement = select(Approval).where(Approval.state.in_(DECIDED), Approval.decided_by_id.is_not(None))
    for (approval,) in rows(statement.options(joinedload(Approval.order))):
        allowed = permissions_of(Role(role) for role in approval.decider_roles)
        too_much = approval.percent is not None and (approval.decider_limit or 0) < approval.percent
        if RIGHTS[approval.kind] not in allowed or too_much:
            yield Offence("I17", f"order {approval.order.number}", f"approval {approval.id} went beyond the right")
    released = select(CreditHold).join(User, User.id == CreditHold.decided_by_id)
    for (hold,) in rows(
        released.where(CreditHold.state == HoldState.RELEASED, ~User.is_system).options(joinedload(CreditHold.order))
    ):
        if Permission.CREDIT_RELEASE not in permissions_of(Role(role) for role in hold.decider_roles):
            yield Offence("I17", f"order {hold.order.number}", f"hold {hold.id} was released without the right")


@invariant("I18")
def live_approvals_cover() -> Iterable[Offence]:
    """Each live approval covers the order, or the line, as it is."""
    for order, approvals in _orders_with_approvals():
        lines = {line.id: line for line in order.lines}
        for approval in approvals:
            if approval.state is not ApprovalState.APPROVED or order.state not in SUBMITTED_OR_LATER:
                continue
            line = lines.get(approval.order_line_id) if approval.order_line_id else None
            now = line_fingerprint(order, line) if line else order_fingerprint(order)
            if not still_covers(approval, now):
                yield Offence("I18", f"order {order.number}", f"approval {approval.id} does not cover it any more")


@invariant("I19")
def discounts_over_the_limit_are_approved() -> Iterable[Offence]:
    """Each line over its maker's maximum has an approval, or on an order that waits a request for one.

    A change of a confirmed order that was declined stands there without one; nothing moves until it is changed again.
    """
    for order, approvals in _orders_with_approvals():
        if order.state not in SUBMITTED_OR_LATER or declined_change(order, approvals):
            continue
        covered = {
            approval.order_line_id
            for approval in approvals
            if approval.kind is ApprovalKind.DISCOUNT and approval.state in (ApprovalState.APPROVED, ApprovalState.OPEN)
        }
        for over in over_limit(order):
            if over.line.id not in covered:
                yield Offence(
                    "I19", f"order {order.number} line {over.line.line_number}", "its discount is not approved"
                )


def _orders_with_approvals() -> Iterator[tuple[Order, list[Approval]]]:
    """Every order with its lines and approvals, a few at a time."""
    last = 0
    while True:
        orders = db.session.scalars(
            select(Order)
            .where(Order.id > last)
            .order_by(Order.id)
            .limit(BATCH)
            .options(
                selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True),
                selectinload(Order.charges),
                joinedload(Order.customer, innerjoin=True),
            )
        ).all()
        if not orders:
            return
        last = orders[-1].id
        found = db.session.scalars(
            select(Approval)
            .where(and_(Approval.order_id >= orders[0].id, Approval.order_id <= last))
            .order_by(Approval.order_id, Approval.id)
        )
        approvals = {order_id: list(group) for order_id, group in groupby(found, key=lambda one: one.order_id)}
        for order in orders:
            yield order, approvals.get(order.id, [])
