"""Orders of another system: entered with their own numbers and dates, and confirmed by the credit of those days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.models import Order, User
from webapp.services import audit
from webapp.services.approvals import deciding as approvals
from webapp.services.commands import command
from webapp.services.company import the_company, today
from webapp.services.order_steps.confirmation import Outcome, confirm_past_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order

NOON = time(12)


@command(Permission.ORDERS_IMPORT)
def take_past_order(given: OrderInput, *, actor: User) -> Order:
    """Enter an order of another system as a draft. Raises Forbidden, BadInput, Refused as ``create_order`` does."""
    _refuse_the_future(given.order_date)
    return create_order(given, actor=actor)


@command(Permission.ORDERS_IMPORT)
def confirm_as_of_date(given: OrderInput, *, actor: User) -> Outcome:
    """Enter an order of another system and confirm it at noon of its own date, or hold it by the credit of that day.

    It was approved there, so it needs no approval here; a discount above the maximum of ``actor`` does.
    """
    day = _refuse_the_future(given.order_date)
    with clock.set_to(_noon(day)):
        order = create_order(given, actor=actor)
        submit_order(order.number, actor=actor)
        approvals.approve_as_taken_over(order)
        outcome = confirm_past_order(order.number, actor=actor)
        audit.record(
            Action.IMPORTED, order, order.customer, actor=actor,
            after={"order_number": order.number, "order_date": day, "total": order.total},
        )  # fmt: skip
    return outcome


def _refuse_the_future(day: date | None) -> date:
    if day is None:
        raise BadInput("Order date is missing.", field="order_date")
    if day > today():
        raise BadInput(f"Order date {day.isoformat()} is in the future.", field="order_date")
    return day


def _noon(day: date) -> datetime:
    """Noon in the company's time zone, or this moment where that has not come yet."""
    return min(datetime.combine(day, NOON, ZoneInfo(the_company().time_zone)).astimezone(UTC), clock.now())
