"""Moves of an order: submitted, approved, confirmed, cancelled; its allocation and its credit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from webapp.blueprints.api.order_answers import order_answer
from webapp.blueprints.api.routing import Answer, does
from webapp.blueprints.api.schemas.moves import (
    AllocationOutput,
    CreditRefusal,
    LineParts,
    Move,
    MoveWithReason,
    Release,
    Submission,
)
from webapp.blueprints.api.schemas.orders import OrderOutput
from webapp.domain.numbers import parse_money
from webapp.models import Order
from webapp.queries.references import at_path
from webapp.services.approvals import deciding as approvals
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.stock import allocation
from webapp.web.auth import program

HELD = 400


def _order(ref: str) -> Order:
    return at_path(Order, ref, program())


def _after(ref: str, move: Callable[[str], Any]) -> OrderOutput:
    """The order as it stands after a move of it, which takes its number."""
    order = _order(ref)
    move(order.number)
    return order_answer(order.id)


@does("/sales/orders/<ref>/submit/", order_flow.submit_order, OrderOutput, body=Submission)
def submit_order(body: Submission, ref: str) -> OrderOutput:
    """Ask for approval; the company's policy may give it at once."""
    actor = program()
    return _after(
        ref, lambda number: order_flow.submit_order(number, reason=body.reason, version=body.version, actor=actor)
    )


@does("/sales/orders/<ref>/withdraw/", order_flow.withdraw_order, OrderOutput, body=Move)
def withdraw_order(_body: Move, ref: str) -> OrderOutput:
    """Take a submitted order back to draft."""
    actor = program()
    return _after(ref, lambda number: order_flow.withdraw_order(number, actor=actor))


@does("/sales/orders/<ref>/approve/", approvals.approve_order, OrderOutput, body=Move)
def approve_order(body: Move, ref: str) -> OrderOutput:
    """Approve a submitted order, unless you asked for it yourself."""
    actor = program()
    return _after(ref, lambda number: approvals.approve_order(number, reason=body.reason, actor=actor))


@does("/sales/orders/<ref>/reject/", approvals.reject_order, OrderOutput, body=MoveWithReason)
def reject_order(body: MoveWithReason, ref: str) -> OrderOutput:
    """Reject a submitted order, with a reason."""
    actor = program()
    return _after(ref, lambda number: approvals.reject_order(number, reason=body.reason, actor=actor))


@does("/sales/orders/<ref>/confirm/", confirm_order, OrderOutput, body=Move)
def confirm(_body: Move, ref: str) -> OrderOutput | Answer:
    """Confirm an approved order. When credit runs out it is put on hold instead, and the answer is 400."""
    order = _order(ref)
    outcome = confirm_order(order.number, actor=program())
    if outcome.hold is not None and outcome.check is not None:
        return Answer(CreditRefusal.of(outcome.check, outcome.order.currency), HELD)
    return order_answer(outcome.order.id)


@does("/sales/orders/<ref>/cancel/", order_flow.cancel_order, OrderOutput, body=Move)
def cancel_order(body: Move, ref: str) -> OrderOutput:
    """Cancel an order of which nothing is picked, shipped or billed; its stock is free again."""
    actor = program()
    return _after(ref, lambda number: order_flow.cancel_order(number, reason=body.reason, actor=actor))


@does("/sales/orders/<ref>/accept_quote/", order_flow.accept_quote, OrderOutput, body=Move)
def accept_quote(_body: Move, ref: str) -> OrderOutput:
    """Turn a quote into a draft order, at its prices."""
    actor = program()
    return _after(ref, lambda number: order_flow.accept_quote(number, actor=actor))


# --- allocation ------------------------------------------------------------------------------------------------------


@does("/sales/orders/<ref>/allocate_inventory/", allocation.allocate_order, AllocationOutput, body=LineParts)
def allocate_inventory(body: LineParts, ref: str) -> AllocationOutput | Answer:
    """Reserve what is in stock, perhaps a part. When credit runs out the order is held and the answer is 400."""
    order = _order(ref)
    outcome = allocation.allocate_order(order.number, lines=_parts(body), actor=program())
    if outcome.hold is not None and outcome.check is not None:
        return Answer(CreditRefusal.of(outcome.check, outcome.order.currency), HELD)
    return AllocationOutput.of(outcome)


@does("/sales/orders/<ref>/release_allocation/", allocation.release_order_allocation, OrderOutput, body=LineParts)
def release_allocation(body: LineParts, ref: str) -> OrderOutput:
    """Give back what is reserved and on no shipment, of all lines or of some."""
    actor = program()
    return _after(ref, lambda number: allocation.release_order_allocation(number, lines=_parts(body), actor=actor))


def _parts(body: LineParts) -> dict[int, Decimal | None] | None:
    return None if body.lines is None else {part.line_number: part.quantity for part in body.lines}


# --- credit ----------------------------------------------------------------------------------------------------------


@does("/sales/orders/<ref>/apply_credit_hold/", credit_desk.hold_order, OrderOutput, body=MoveWithReason)
def apply_credit_hold(body: MoveWithReason, ref: str) -> OrderOutput:
    """Put an order on hold by hand."""
    actor = program()
    return _after(ref, lambda number: credit_desk.hold_order(number, reason=body.reason, actor=actor))


@does("/sales/orders/<ref>/release_credit_hold/", credit_desk.release_hold, OrderOutput, body=Release)
def release_credit_hold(body: Release, ref: str) -> OrderOutput:
    """Let a held order go on; one that was held when it was to be confirmed is confirmed with it."""
    order = _order(ref)
    amount = body.up_to_amount
    credit_desk.release_hold(
        order.number,
        reason=body.reason,
        up_to_amount=None if amount is None else parse_money(amount, order.currency, field="up_to_amount"),
        until=body.until,
        single_step=body.single_step,
        actor=program(),
    )
    return order_answer(order.id)


@does("/sales/orders/<ref>/reject_credit_hold/", credit_desk.reject_hold, OrderOutput, body=MoveWithReason)
def reject_credit_hold(body: MoveWithReason, ref: str) -> OrderOutput:
    """Refuse the credit: the order stays blocked until it is changed or cancelled."""
    actor = program()
    return _after(ref, lambda number: credit_desk.reject_hold(number, reason=body.reason, actor=actor))
