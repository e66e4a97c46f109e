"""Credit holds: placing them after a failed check, releasing and rejecting them, and checking orders again.

A failed check is an outcome, not an error: the hold must be saved, so it cannot be raised.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.credit_control.rule import CreditCheck, HoldReason
from webapp.domain.errors import OnHold
from webapp.domain.states import HoldState, OrderState
from webapp.models import CheckStage, CreditHold, Customer, Order, StoredCreditCheck, User
from webapp.queries.credit_control.exposure import check_credit
from webapp.queries.credit_control.holds import live_release, open_hold, rejected_hold
from webapp.services import audit, locks
from webapp.services.company import system_user
from webapp.services.credit_control.checks import store_check

SERVED = "It served the one step it was given for."


# -- what is in the way now ------------------------------------------------------------------------------------


def refuse_if_held(order: Order) -> None:
    """Raise OnHold while a hold waits or a rejection stands."""
    hold = open_hold(order) or rejected_hold(order)
    if hold is None:
        return
    word = "is on credit hold" if hold.state is HoldState.OPEN else "was refused credit"
    raise OnHold(f"{order.label} {word}: {hold.reason}", {"hold_id": hold.id, "status": hold.state.value})


# -- checking ----------------------------------------------------------------------------------------------------


def check_or_hold(
    order: Order, stage: CheckStage, *, cause: str = "", actor: User
) -> tuple[CreditCheck, CreditHold | None]:
    """Check credit for what the order still has to ship; when it fails and no release covers it, hold the order.

    The customer is locked already; ``cause`` is a sentence that goes before the check's. Answers the check and the hold
    placed, if any.
    """
    check = check_credit(order.customer, order.to_ship_amount, excluding=order)
    return check, hold_unless_fits(order, stage, check, cause=cause, actor=actor)


def hold_unless_fits(
    order: Order, stage: CheckStage, check: CreditCheck, *, cause: str = "", actor: User
) -> CreditHold | None:
    """Keep a check that was made, and hold the order when it failed and no release covers it; answers the hold."""
    release = None if check.approved else live_release(order)
    stored = store_check(order, stage, check, actor=actor, covered_by=release)
    if check.approved:
        return None
    if release is not None:
        if release.single_step:
            end_release(release, SERVED, actor)
        return None
    reason = f"{cause} {check.message}".strip()
    hold = place(order, check.reason or HoldReason.LIMIT, reason, actor=actor, stage=stage, check=stored)
    hold.excess = check.excess
    return hold


def recheck_customer(customer: Customer, *, cause: str = "", actor: User) -> list[CreditHold]:
    """Check a customer's confirmed orders that still ship, newest first, and hold those that no longer fit.

    Called inside the command that took credit away (a reversal, a lower limit, a block), which says so in ``cause``;
    the customer is locked.
    """
    holds = []
    for order in _shipping_orders(customer):
        if open_hold(order) is None and rejected_hold(order) is None:
            _, hold = check_or_hold(order, CheckStage.RECHECK, cause=cause, actor=actor)
            if hold is not None:
                holds.append(hold)
                db.session.flush()
    return holds


def end_releases(customer: Customer, reason: str, *, actor: User) -> None:
    """End every live release of the customer's orders (a payment bounced, the customer was blocked)."""
    for hold in db.session.scalars(
        select(CreditHold).where(
            CreditHold.customer_id == customer.id,
            CreditHold.state == HoldState.RELEASED,
            CreditHold.release_ended_at.is_(None),
        )
    ):
        if hold.order.state in (OrderState.APPROVED, OrderState.CONFIRMED):
            end_release(hold, reason, actor)


def settle_after_edit(order: Order, *, actor: User) -> None:
    """An edited order is checked anew: a hold that no longer has a cause ends, a rejection is superseded."""
    release = next((hold for hold in order.holds if _is_live(hold)), None)
    if release is not None and release.up_to_amount is not None and order.total > release.up_to_amount:
        end_release(release, "The order grew beyond what was released.", actor)
    hold = open_hold(order)
    rejected = rejected_hold(order)
    if hold is None and rejected is None and order.state is not OrderState.CONFIRMED:
        return
    if hold is not None and hold.kind is HoldReason.MANUAL:
        return
    if rejected is not None:
        rejected.superseded_at = clock.now()
    check = check_credit(order.customer, order.to_ship_amount, excluding=order)
    release = None if check.approved else live_release(order)
    stored = store_check(order, CheckStage.AMEND, check, actor=actor, covered_by=release)
    if check.approved or release is not None:
        if hold is not None:
            grant_release(
                order, hold, system_user(), "The changed order fits the customer's credit.", order.total, None
            )
    elif hold is not None:
        hold.excess, hold.reason = check.excess, check.message
    else:
        stage = CheckStage.CONFIRM if order.state is not OrderState.CONFIRMED else CheckStage.AMEND
        placed = place(order, check.reason or HoldReason.LIMIT, check.message, actor=actor, stage=stage, check=stored)
        placed.excess = check.excess


def place(
    order: Order,
    kind: HoldReason,
    reason: str,
    *,
    actor: User,
    stage: CheckStage | None,
    check: StoredCreditCheck | None,
) -> CreditHold:
    """Put an order on hold, with its event."""
    hold = CreditHold(
        order=order,
        customer_id=order.customer_id,
        state=HoldState.OPEN,
        kind=kind,
        stage=stage,
        reason=reason,
        check=check,
        excess=Decimal(0),
        applied_by=actor,
        applied_at=clock.now(),
    )
    db.session.add(hold)
    by = {"checked_at": stage} if check is not None and stage is not None else None
    audit.record_hold(Action.HOLD_APPLIED, order, order.customer, actor=actor, reason=reason, after=by)
    return hold


def grant_release(
    order: Order,
    hold: CreditHold,
    actor: User,
    reason: str,
    up_to_amount: Decimal,
    until: date | None,
    *,
    single_step: bool = False,
) -> None:
    """End a hold so that the order may go on, with its event."""
    hold.state = HoldState.RELEASED
    hold.up_to_amount, hold.until, hold.single_step = up_to_amount, until, single_step
    decide_hold(hold, actor, reason)
    audit.record_hold(Action.HOLD_RELEASED, order, order.customer, actor=actor, reason=reason)


def decide_hold(hold: CreditHold, actor: User, reason: str) -> None:
    """Note who decided a hold, when and why."""
    hold.decided_by, hold.decided_at, hold.decision_reason = actor, clock.now(), reason
    hold.decider_roles = sorted(actor.roles)


def end_release(hold: CreditHold, reason: str, actor: User) -> None:
    """End a release that was still good, with its event."""
    hold.release_ended_at, hold.release_end_reason = clock.now(), reason
    audit.record_hold(Action.HOLD_RELEASE_ENDED, hold.order, hold.order.customer, actor=actor, reason=reason)


def _is_live(hold: CreditHold) -> bool:
    return hold.state is HoldState.RELEASED and hold.release_ended_at is None


def _shipping_orders(customer: Customer) -> list[Order]:
    ids = db.session.scalars(
        select(Order.id).where(
            Order.customer_id == customer.id, Order.state == OrderState.CONFIRMED, Order.to_ship_amount > Decimal(0)
        )
    )
    orders = locks.lock_orders(ids)
    return sorted(orders, key=lambda order: (order.order_date, order.id), reverse=True)
