"""Approvals of orders and discounts: what needs one, asking, deciding, and whether an old one still covers.

Four eyes: who asked may not decide. An approval stores a fingerprint of what was approved; an edit beyond it voids it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.approvals.discount_limits import storable
from webapp.domain.approvals.fingerprints import Fingerprint
from webapp.domain.errors import Forbidden, FourEyes, IllegalMove, NotFound
from webapp.domain.permissions import Permission
from webapp.domain.states import ApprovalState, OrderState
from webapp.domain.text import given_reason, told_reason
from webapp.models import Approval, ApprovalKind, Order, OrderLine, User
from webapp.queries.approvals.askers import askers
from webapp.queries.approvals.authority import authority_over
from webapp.queries.approvals.facts import (
    OverLimit,
    approvals_of,
    line_fingerprint,
    order_fingerprint,
    order_is_covered,
    still_covers,
    uncovered_discounts,
    waiting,
)
from webapp.queries.approvals.margins import margins_of
from webapp.queries.approvals.policy import policy_covering
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.commands import command

TAKEN_OVER = "Orders taken over from another system, version 1"

# -- asking -------------------------------------------------------------------------------------------------------


def void_uncovering(order: Order, approvals: list[Approval]) -> bool:
    """Void live approvals that the order has outgrown; answers whether its own approval was among them."""
    order_voided = False
    lines = {line.id: line for line in order.lines}
    for approval in approvals:
        if approval.state is not ApprovalState.APPROVED:
            continue
        line = lines.get(approval.order_line_id) if approval.order_line_id else None
        if approval.kind is ApprovalKind.ORDER:
            holds = still_covers(approval, order_fingerprint(order))
            order_voided |= not holds
        else:
            holds = line is not None and still_covers(approval, line_fingerprint(order, line))
        if not holds:
            _end(approval, ApprovalState.VOIDED)
    return order_voided


def ask(order: Order, *, actor: User, reason: str = "") -> None:
    """Ask for what is missing: one request for each discount over the limit, one for the order.

    Where the company's policy covers the order, it approves at once. What was asked before is asked anew.
    """
    approvals = approvals_of(order)
    uncovered = {over.line.id: over for over in uncovered_discounts(order, approvals)}
    asked_before = waiting(approvals)
    for approval in asked_before:
        _end(approval, ApprovalState.WITHDRAWN)
    if asked_before:
        db.session.flush()  # one open request at a time: the old one ends before the new one begins
    for over in uncovered.values():
        _add(order, ApprovalKind.DISCOUNT, line_fingerprint(order, over.line), actor, reason, over)
    if not order_is_covered(order, approvals):
        request = _add(order, ApprovalKind.ORDER, order_fingerprint(order), actor, reason, None)
        if not uncovered:
            approve_by_policy(order, request)


def approve_by_policy(order: Order, request: Approval) -> bool:
    """Let the company's policy approve a request within every limit; answers whether it did."""
    policy = policy_covering(order)
    if policy is None:
        return False
    request.policy = policy
    request.state = ApprovalState.APPROVED
    request.decided_at = clock.now()
    return True


def approve_as_taken_over(order: Order) -> None:
    """Let a submitted order of another system, which was decided there, need no decision here; discounts still do."""
    requests = waiting(approvals_of(order))
    for request in requests:
        if request.kind is ApprovalKind.ORDER:
            request.policy, request.state, request.decided_at = TAKEN_OVER, ApprovalState.APPROVED, clock.now()
    if len(requests) == 1 and order.state is OrderState.SUBMITTED and requests[0].policy == TAKEN_OVER:
        order.move_to(OrderState.APPROVED)


def withdraw_requests(order: Order) -> None:
    """Take back whatever still waits."""
    for approval in waiting(approvals_of(order)):
        _end(approval, ApprovalState.WITHDRAWN)


def _add(
    order: Order, kind: ApprovalKind, fingerprint: Fingerprint, actor: User, reason: str, over: OverLimit | None
) -> Approval:
    approval = Approval(
        kind=kind,
        state=ApprovalState.OPEN,
        order=order,
        order_line=over.line if over else None,
        percent=storable(over.percent) if over else None,
        fingerprint=fingerprint.as_dict(),
        requested_by=actor,
        requested_at=clock.now(),
        request_reason=reason,
    )
    db.session.add(approval)
    return approval


def _end(approval: Approval, state: ApprovalState) -> None:
    approval.state = state
    approval.ended_at = clock.now()


# -- deciding -----------------------------------------------------------------------------------------------------


@command(Permission.ORDERS_APPROVE)
def approve_order(number: str, *, reason: str = "", actor: User) -> Order:
    """Approve a submitted order, or the amendment of a confirmed one, with the discounts the approver may decide.

    Raises Forbidden when a discount is above the approver's own maximum, or a line below its margin floor and costs are
    not for the approver; FourEyes; IllegalMove when nothing waits or a discount was declined that stands there still.
    """
    order, approvals = _decidable(number, actor)
    requests, reason = _with_order_request(order, approvals), told_reason(reason)
    _refuse_declined_discounts(order, approvals)
    if margins_of(order).below:
        require(actor, Permission.COSTS_READ)
    _approve_all(requests, actor, reason)
    if order.state is OrderState.SUBMITTED:
        order.move_to(OrderState.APPROVED)
    order.bump()
    audit.record(
        Action.ORDER_APPROVED,
        order,
        actor=actor,
        reason=reason,
        after={"total": order.total, "discounts": len(requests) - 1},
    )
    return order


@command(Permission.ORDERS_APPROVE)
def reject_order(number: str, *, reason: str, actor: User) -> Order:
    """Refuse a submitted order, or the amendment of a confirmed one; sales may edit it and ask again.

    A confirmed order stays confirmed, but nothing of it moves until the change is changed again. Raises FourEyes,
    IllegalMove when nothing waits, BadInput without a reason.
    """
    order, approvals = _decidable(number, actor)
    reason = given_reason(reason)
    for request in _with_order_request(order, approvals):
        _decline(request, actor, reason)
    is_amendment = order.state is not OrderState.SUBMITTED
    if not is_amendment:
        order.move_to(OrderState.REJECTED)
    order.bump()
    action = Action.AMENDMENT_REJECTED if is_amendment else Action.ORDER_REJECTED
    audit.record(action, order, actor=actor, reason=reason)
    return order


@command(Permission.DISCOUNTS_APPROVE)
def approve_discount(number: str, line_number: int, *, reason: str = "", actor: User) -> Order:
    """Approve one line's discount. Raises Forbidden above the approver's own maximum, FourEyes, NotFound."""
    order, approvals = _decidable(number, actor)
    request, reason = _discount_request(order, approvals, line_number), told_reason(reason)
    _approve_all([request], actor, reason)
    _let_policy_finish(order, approvals)
    order.bump()
    audit.record(
        Action.DISCOUNT_APPROVED,
        order,
        actor=actor,
        reason=reason,
        after={"line_number": line_number, "percent": request.percent},
    )
    return order


@command(Permission.DISCOUNTS_APPROVE)
def decline_discount(number: str, line_number: int, *, reason: str, actor: User) -> Order:
    """Refuse one line's discount: the order goes back to sales, a confirmed one stops until the line is changed.

    Raises FourEyes, NotFound, BadInput.
    """
    order, approvals = _decidable(number, actor)
    reason = given_reason(reason)
    request = _discount_request(order, approvals, line_number)
    _decline(request, actor, reason)
    if order.state is OrderState.SUBMITTED:
        for other in waiting(approvals):
            _end(other, ApprovalState.WITHDRAWN)
        order.move_to(OrderState.REJECTED)
    order.bump()
    audit.record(
        Action.DISCOUNT_DECLINED,
        order,
        actor=actor,
        reason=reason,
        after={"line_number": line_number, "percent": request.percent},
    )
    return order


def _decidable(number: str, actor: User) -> tuple[Order, list[Approval]]:
    order = locks.lock_order(number, actor=actor)
    if actor.id in askers(order):
        raise FourEyes(f"{actor.name} entered, changed or submitted {order.label}, so somebody else must decide.")
    return order, approvals_of(order)


def _discount_request(order: Order, approvals: list[Approval], line_number: int) -> Approval:
    line = order.line(line_number)
    asked = [one for one in approvals if line and one.kind is ApprovalKind.DISCOUNT and one.order_line_id == line.id]
    for request in waiting(asked):
        return request
    raise NotFound(f"No discount on line {line_number} of {order.label} waits for approval.{_decided(asked)}")


def _decided(asked: list[Approval]) -> str:
    """Who decided last, for somebody who comes too late."""
    by = asked[-1].decided_by if asked else None
    return f" {by.name} has {asked[-1].state.value.lower()} it." if by else ""


def _with_order_request(order: Order, approvals: list[Approval]) -> list[Approval]:
    """Everything that waits on the order, the order's own request among it. Raises IllegalMove without one."""
    requests = waiting(approvals)
    if not any(request.kind is ApprovalKind.ORDER for request in requests):
        raise IllegalMove(f"{order.label} does not wait for approval.", {"status": order.state.value})
    return requests


def _refuse_declined_discounts(order: Order, approvals: list[Approval]) -> None:
    """Raise IllegalMove for a discount above the limit that nobody asks for any more: somebody declined it."""
    asked = {request.order_line_id for request in waiting(approvals)}
    declined = [over.line for over in uncovered_discounts(order, approvals) if over.line.id not in asked]
    if declined:
        raise IllegalMove(
            f"The discount on line {declined[0].line_number} was declined. It has to be changed first.",
            {"status": order.state.value},
        )


def _approve_all(requests: list[Approval], actor: User, reason: str) -> None:
    """Approve requests; each discount by the maximum that ``actor`` has on its item. Raises Forbidden above it."""
    lines = [request.order_line for request in requests if request.order_line is not None]
    authority = authority_over({line.variant_id for line in lines}) if lines else None
    for request in requests:
        if authority is not None and request.order_line is not None:
            require(actor, Permission.DISCOUNTS_APPROVE)
            request.decider_limit = authority.maximum_of(actor, request.order_line.variant_id)
            _refuse_beyond(request, request.order_line, request.decider_limit, actor)
        request.state = ApprovalState.APPROVED
        _decide(request, actor, reason)


def _refuse_beyond(request: Approval, line: OrderLine, maximum: Decimal, actor: User) -> None:
    if request.percent is not None and request.percent > maximum:
        raise Forbidden(
            f"The discount of {_shown(request.percent)} % on line {line.line_number} is above the maximum of "
            f"{actor.name}, {_shown(maximum)} %. Somebody whose maximum covers it must decide.",
            {"max_discount": _shown(maximum), "percent": _shown(request.percent)},
        )


def _decline(request: Approval, actor: User, reason: str) -> None:
    request.state = ApprovalState.DECLINED
    _decide(request, actor, reason)


def _decide(request: Approval, actor: User, reason: str) -> None:
    request.decided_by, request.decided_at, request.decision_reason = actor, clock.now(), reason
    request.decider_roles = sorted(actor.roles)


def _let_policy_finish(order: Order, approvals: list[Approval]) -> None:
    """With the last discount decided, the policy may approve the rest, unless an earlier approval covers it still."""
    rest = waiting(approvals)
    if any(request.kind is ApprovalKind.DISCOUNT for request in rest):
        return
    is_approved = approve_by_policy(order, rest[0]) if rest else order_is_covered(order, approvals)
    if is_approved and order.state is OrderState.SUBMITTED:
        order.move_to(OrderState.APPROVED)


def _shown(percent: Decimal) -> Any:
    return f"{percent.normalize():f}"
