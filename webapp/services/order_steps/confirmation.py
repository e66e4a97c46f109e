"""Confirming an approved order: the credit check first, and a hold instead when it fails."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.credit_control.rule import CreditCheck
from webapp.domain.errors import IllegalMove
from webapp.domain.permissions import Permission
from webapp.domain.states import OrderState
from webapp.models import CheckStage, CreditHold, Order, User
from webapp.queries.approvals import facts as approval_facts
from webapp.queries.credit_control.exposure import check_credit
from webapp.queries.receivables.past_standing import check_credit_at
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.credit_control import holds as credit_holds
from webapp.services.credit_control.checks import store_check
from webapp.services.order_steps import moves as order_flow


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step that checks credit: the order, the check, and the hold if it was held."""

    order: Order
    check: CreditCheck | None = None
    hold: CreditHold | None = None


@command(Permission.ORDERS_WRITE, Permission.ORDERS_CONFIRM)
def place_order(number: str, *, version: int | None = None, actor: User) -> Outcome:
    """Submit a draft and, where the company's policy approves it at once, confirm it in the same act.

    Where somebody has to approve it, it waits as after ``submit_order``. Raises as that and ``confirm_order``.
    """
    order = order_flow.submit_order(number, version=version, actor=actor)
    outcome = confirm_order(number, actor=actor) if order.state is OrderState.APPROVED else Outcome(order)
    audit.record(Action.ORDER_SUBMITTED, order, order.customer, actor=actor, after={"total": order.total})
    return outcome


@command(Permission.ORDERS_CONFIRM)
def confirm_order(number: str, *, actor: User) -> Outcome:
    """Confirm an approved order, or put it on credit hold. A confirmed one stays as it is.

    Raises OnHold while a hold waits, IllegalMove from any other state or when an approval no longer covers.
    """
    order = locks.lock_order(number, actor=actor)
    if order.state is OrderState.CONFIRMED:
        return Outcome(order)
    order.must_be(OrderState.APPROVED)
    credit_holds.refuse_if_held(order)
    refuse_uncovered(order)
    check, hold = credit_holds.check_or_hold(order, CheckStage.CONFIRM, actor=actor)
    return _conclude(order, check, hold, actor)


@command(Permission.ORDERS_IMPORT)
def confirm_past_order(number: str, *, actor: User) -> Outcome:
    """Confirm an approved order of another system by what its customer owed at the end of the order's date.

    The clock stands at that date. Raises IllegalMove from any other state or when an approval waits.
    """
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.APPROVED)
    refuse_uncovered(order)
    check = check_credit_at(order.customer, order.to_ship_amount, order.order_date, excluding=order)
    hold = credit_holds.hold_unless_fits(order, CheckStage.CONFIRM, check, actor=actor)
    return _conclude(order, check, hold, actor)


def _conclude(order: Order, check: CreditCheck, hold: CreditHold | None, actor: User) -> Outcome:
    if hold is None:
        _confirm(order)
    action = Action.CONFIRMATION_HELD if hold else Action.ORDER_CONFIRMED
    audit.record(action, order, order.customer, actor=actor, after={"total": order.total})
    return Outcome(order, check, hold)


@command()
def confirm_released(order: Order, hold: CreditHold, *, actor: User) -> None:
    """Confirm an order whose hold was just released; the customer and the order are locked."""
    refuse_uncovered(order)
    check = check_credit(order.customer, order.to_ship_amount, excluding=order)
    store_check(order, CheckStage.CONFIRM, check, actor=actor, covered_by=None if check.approved else hold)
    if hold.single_step and not check.approved:
        credit_holds.end_release(hold, credit_holds.SERVED, actor)
    _confirm(order)
    audit.record(Action.ORDER_CONFIRMED, order, order.customer, actor=actor, after={"total": order.total})


def refuse_uncovered(order: Order) -> None:
    """Raise IllegalMove while an approval waits or none covers the order as it is."""
    known = approval_facts.approvals_of(order)
    if approval_facts.waiting(known):
        raise IllegalMove(f"{order.label} waits for approval.", {"status": order.state.value})
    if not approval_facts.is_covered(order, known):
        raise IllegalMove(f"{order.label} was changed beyond its approval.", {"status": order.state.value})


def _confirm(order: Order) -> None:
    order.move_to(OrderState.CONFIRMED)
    order.confirmed_at = clock.now()
    order.bump()
