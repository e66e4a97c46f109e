"""The credit services of the seed: thin fronts of the exposure, the holds and the credit desk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from webapp.domain.credit_control.rule import CreditCheck
from webapp.models import CreditHold, Customer, Order, User
from webapp.queries.credit_control.exposure import check_credit
from webapp.services.company import system_user
from webapp.services.order_steps import credit_desk


def check_credit_limit(customer: Customer, order_amount: Decimal, *, excluding: Order | None = None) -> CreditCheck:
    """Whether ``order_amount`` (tax included, customer's currency) fits the customer's credit today; reads only."""
    return check_credit(customer, order_amount, excluding=excluding)


def apply_credit_hold(order: Order, reason: str, user: User | None) -> CreditHold:
    """Put an order on hold by hand."""
    return credit_desk.hold_order(order.number, reason=reason, actor=user or system_user())


def release_credit_hold(
    order: Order,
    user: User | None,
    *,
    reason: str,
    up_to_amount: Decimal | None = None,
    until: date | None = None,
) -> CreditHold:
    """Let a held order go on, up to an amount and a date."""
    return credit_desk.release_hold(
        order.number, reason=reason, up_to_amount=up_to_amount, until=until, actor=user or system_user()
    )
