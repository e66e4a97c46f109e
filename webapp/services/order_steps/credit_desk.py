"""The credit desk: holding an order by hand, releasing and rejecting holds, and what a payment makes room for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.errors import BadInput, FourEyes, IllegalMove
from webapp.domain.money import plain
from webapp.domain.permissions import Permission
from webapp.domain.states import HoldState, OrderState
from webapp.domain.text import given_reason
from webapp.models import CheckStage, CreditHold, Customer, Order, User
from webapp.queries.approvals.askers import askers
from webapp.queries.credit_control.exposure import check_credit
from webapp.queries.credit_control.holds import open_hold
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import system_user, the_company, today
from webapp.services.credit_control.holds import decide_hold, grant_release, place
from webapp.services.order_steps.confirmation import confirm_released


@command(Permission.CREDIT_HOLD)
def hold_order(number: str, *, reason: str, actor: User) -> CreditHold:
    """Put an order on hold by hand. Raises Forbidden, IllegalMove when it is held already or not yet approved."""
    order = locks.lock_order(number, actor=actor)
    reason = given_reason(reason)
    order.must_be(OrderState.APPROVED, OrderState.CONFIRMED)
    if open_hold(order) is not None:
        raise IllegalMove(f"{order.label} is on hold already.")
    hold = place(order, HoldReason.MANUAL, reason, actor=actor, stage=None, check=None)
    audit.record(Action.ORDER_HELD, order, order.customer, actor=actor, reason=reason)
    return hold


@command(Permission.CREDIT_RELEASE)
def release_hold(
    number: str,
    *,
    reason: str,
    up_to_amount: Decimal | None = None,
    until: date | None = None,
    single_step: bool = False,
    actor: User,
) -> CreditHold:
    """Let a held order go on; a hold placed at confirmation confirms the order in the same transaction.

    ``up_to_amount`` defaults to the order's total. Raises Forbidden, FourEyes, IllegalMove, BadInput.
    """
    order, hold = _decidable_hold(number, actor)
    reason = given_reason(reason)
    limit = order.total if up_to_amount is None else up_to_amount
    if limit < order.total:
        raise BadInput(
            f"The order's total is {plain(order.total, order.currency)}; a release up to "
            f"{plain(limit, order.currency)} would not cover it.",
            field="up_to_amount",
        )
    if until is not None and until < today():
        raise BadInput("The release would already have ended on that day.", field="until")
    grant_release(order, hold, actor, reason, limit, until, single_step=single_step)
    _go_on_after_release(order, hold, actor=actor)
    audit.record(
        Action.HOLD_RELEASED,
        order,
        order.customer,
        actor=actor,
        reason=reason,
        after={"up_to_amount": limit, "until": until},
    )
    return hold


@command(Permission.CREDIT_RELEASE)
def reject_hold(number: str, *, reason: str, actor: User) -> CreditHold:
    """Refuse the credit: the order stays blocked until sales amends or cancels it."""
    order, hold = _decidable_hold(number, actor)
    reason = given_reason(reason)
    hold.state = HoldState.REJECTED
    decide_hold(hold, actor, reason)
    audit.record_hold(Action.HOLD_REJECTED, order, order.customer, actor=actor, reason=reason)
    audit.record(Action.HOLD_REJECTED, order, order.customer, actor=actor, reason=reason)
    return hold


def room_was_made(customer: Customer, *, actor: User) -> list[CreditHold]:
    """After a payment: the customer's held orders that fit now, oldest first; released if the company says so."""
    fitting = []
    for order in _held_orders(customer):
        hold = open_hold(order)
        if hold is None or hold.kind is HoldReason.MANUAL:
            continue
        if not check_credit(customer, order.to_ship_amount, excluding=order).approved:
            continue
        fitting.append(hold)
        if the_company().release_holds_on_payment:
            grant_release(order, hold, system_user(), "A payment made room for it.", order.total, None)
            _go_on_after_release(order, hold, actor=actor)
    return fitting


def _decidable_hold(number: str, actor: User) -> tuple[Order, CreditHold]:
    order = locks.lock_order(number, actor=actor)
    hold = open_hold(order)
    if hold is None:
        raise IllegalMove(f"{order.label} has no open credit hold.")
    if actor.id == hold.applied_by_id or actor.id in askers(order):
        raise FourEyes(f"{actor.name} entered {order.label} or placed its hold, so somebody else must decide.")
    return order, hold


def _go_on_after_release(order: Order, hold: CreditHold, *, actor: User) -> None:
    """A hold of the confirmation, once released, confirms the order."""
    if order.state is OrderState.APPROVED and hold.stage is CheckStage.CONFIRM:
        confirm_released(order, hold, actor=actor)


def _held_orders(customer: Customer) -> list[Order]:
    ids = db.session.scalars(
        select(CreditHold.order_id).where(CreditHold.customer_id == customer.id, CreditHold.state == HoldState.OPEN)
    )
    orders = locks.lock_orders(ids)
    return sorted(orders, key=lambda order: (order.order_date, order.id))
