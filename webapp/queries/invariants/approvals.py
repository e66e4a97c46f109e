"""Approvals and credit holds: who decided what, with which right, and whether it still covers the document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.domain.permissions import Permission, Role, permissions_of
from webapp.domain.states import ApprovalState, HoldState, OrderState
from webapp.models import Approval, ApprovalKind, CreditHold, Event, EventDocument, Order, User
from webapp.queries.approvals.askers import EDITS
from webapp.queries.approvals.facts import (
    declined_change,
    line_fingerprint,
    order_fingerprint,
    over_limit,
    still_covers,
)
from webapp.queries.invariants.every_order import each_order
from webapp.queries.invariants.registry import Breaking, Fault, invariant, rows, rows_break

DECIDED = (ApprovalState.APPROVED, ApprovalState.VOIDED)
SUBMITTED_OR_LATER = (OrderState.SUBMITTED, OrderState.APPROVED, OrderState.CONFIRMED, OrderState.CLOSED)
RIGHTS = {ApprovalKind.ORDER: Permission.ORDERS_APPROVE, ApprovalKind.DISCOUNT: Permission.DISCOUNTS_APPROVE}
GIVEN = (Approval.state.in_(DECIDED), Approval.decided_by_id.is_not(None))
RELEASED = (CreditHold.state == HoldState.RELEASED, ~User.is_system)


@rows_break("I17")
def deciders_did_not_ask() -> Iterable[Breaking]:
    """Who approved or released was not who asked."""
    approved = (
        select(Order.order_number, Approval.id)
        .join(Order, Order.id == Approval.order_id)
        .where(*GIVEN, or_(Order.created_by_id == Approval.decided_by_id, _edited_before(Approval)))
    )
    yield Breaking(approved, "order {0}", "approval {1} was given by somebody who asked for it")
    asked = (
        CreditHold.applied_by_id == CreditHold.decided_by_id,
        Order.created_by_id == CreditHold.decided_by_id,
        _edited_before(CreditHold),
    )
    released = (
        select(Order.order_number, CreditHold.id)
        .join(Order, Order.id == CreditHold.order_id)
        .join(User, User.id == CreditHold.decided_by_id)
        .where(*RELEASED, or_(*asked))
    )
    yield Breaking(released, "order {0}", "hold {1} was released by somebody who asked for it")


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


APPROVALS_GIVEN = select(Approval).where(*GIVEN).options(joinedload(Approval.order))
HOLDS_RELEASED = (
    select(CreditHold)
    .join(User, User.id == CreditHold.decided_by_id)
    .where(*RELEASED)
    .options(joinedload(CreditHold.order))
)


@invariant("I17")
def deciders_had_the_right() -> Iterable[Fault]:
    """Who approved or released had the right and the limit then."""
    for (approval,) in rows(APPROVALS_GIVEN):
        allowed = permissions_of(Role(role) for role in approval.decider_roles)
        too_much = approval.percent is not None and (approval.decider_limit or 0) < approval.percent
        if RIGHTS[approval.kind] not in allowed or too_much:
            yield f"order {approval.order.number}", f"approval {approval.id} went beyond the right"
    for (hold,) in rows(HOLDS_RELEASED):
        if Permission.CREDIT_RELEASE not in permissions_of(Role(role) for role in hold.decider_roles):
            yield f"order {hold.order.number}", f"hold {hold.id} was released without the right"


@each_order("I18")
def live_approvals_cover(order: Order) -> Iterable[Fault]:
    """Each live approval covers the order, or the line, as it is."""
    if order.state not in SUBMITTED_OR_LATER:
        return
    lines = {line.id: line for line in order.lines}
    for approval in order.approvals:
        if approval.state is not ApprovalState.APPROVED:
            continue
        line = lines.get(approval.order_line_id) if approval.order_line_id else None
        now = line_fingerprint(order, line) if line else order_fingerprint(order)
        if not still_covers(approval, now):
            yield f"order {order.number}", f"approval {approval.id} does not cover it any more"


@each_order("I19")
def discounts_over_the_limit_are_approved(order: Order) -> Iterable[Fault]:
    """Each line over its maker's maximum has an approval, or on an order that waits a request for one.

    A change of a confirmed order that was declined stands there without one; nothing moves until it is changed again.
    """
    if order.state not in SUBMITTED_OR_LATER or declined_change(order, order.approvals):
        return
    covered = {
        approval.order_line_id
        for approval in order.approvals
        if approval.kind is ApprovalKind.DISCOUNT and approval.state in (ApprovalState.APPROVED, ApprovalState.OPEN)
    }
    for over in over_limit(order):
        if over.line.id not in covered:
            yield f"order {order.number} line {over.line.line_number}", "its discount is not approved"
