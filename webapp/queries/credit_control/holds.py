"""Which hold stands in an order's way and why, and which release still covers it."""

from __future__ import annotations

from webapp import formats
from webapp.domain.credit_control.rule import HoldReason, release_covers
from webapp.domain.states import HoldState
from webapp.models import CreditHold, Order
from webapp.queries.company import today


def open_hold(order: Order) -> CreditHold | None:
    """The hold that waits for a decision, if there is one."""
    return next((hold for hold in order.holds if hold.state is HoldState.OPEN), None)


def rejected_hold(order: Order) -> CreditHold | None:
    """A rejection that still blocks the order: nothing has been checked anew since."""
    return next((hold for hold in order.holds if hold.state is HoldState.REJECTED and hold.superseded_at is None), None)


def live_release(order: Order) -> CreditHold | None:
    """The latest release that still covers the order as it is today."""
    for hold in reversed(order.holds):
        if hold.state is HoldState.RELEASED and hold.release_ended_at is None:
            return hold if release_covers(hold.up_to_amount, hold.until, order.total, today()) else None
    return None


def why_held(hold: CreditHold) -> str:
    """What the check found when it held the order, which may be another figure than today's."""
    if hold.kind is HoldReason.LIMIT:
        return f"{formats.amount(hold.excess, hold.order.currency)} over the limit when it was held."
    if hold.kind is HoldReason.OVERDUE:
        return "Invoices were overdue when it was held."
    return hold.reason
