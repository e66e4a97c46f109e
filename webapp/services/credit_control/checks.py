"""Keeping the credit checks that commands make; what they weigh is read in ``queries.credit_control.exposure``."""

from __future__ import annotations

from webapp.db import db
from webapp.domain import clock
from webapp.domain.credit_control.rule import CreditCheck
from webapp.models import CheckStage, CreditHold, Order, StoredCreditCheck, User


def store_check(
    order: Order, stage: CheckStage, check: CreditCheck, *, actor: User, covered_by: CreditHold | None = None
) -> StoredCreditCheck:
    """Keep a check that a command made, with every number it weighed, and the release that covered it if one did."""
    stored = StoredCreditCheck(
        order_id=order.id,
        customer_id=order.customer_id,
        stage=stage,
        at=clock.now(),
        user_id=actor.id,
        approved=check.approved,
        credit_limit=check.credit_limit,
        outstanding_balance=check.outstanding_balance,
        open_orders=check.open_orders,
        available_credit=check.available_credit,
        order_amount=check.order_amount,
        overdue_amount=check.overdue_amount,
        overdue_days=check.overdue_days,
        message=check.message,
        covered_by_id=covered_by.id if covered_by else None,
    )
    db.session.add(stored)
    return stored
