"""What an edit does to an order that was approved or confirmed already."""

from __future__ import annotations

from webapp.db import db
from webapp.domain.states import OrderState
from webapp.models import Order, User
from webapp.queries.approvals import facts as approval_facts
from webapp.services.approvals import deciding as approvals
from webapp.services.credit_control import holds as credit_holds


def settle_edit(order: Order, *, actor: User, reason: str = "Amended after confirmation.") -> None:
    """After an edit: void approvals it went beyond, send the order back or ask again, and check its credit anew."""
    db.session.flush()
    if order.state is OrderState.REJECTED:
        order.move_to(OrderState.DRAFT)
    voided = approvals.void_uncovering(order, approval_facts.approvals_of(order))
    if order.state is OrderState.APPROVED and (
        voided or approval_facts.uncovered_discounts(order, approval_facts.approvals_of(order))
    ):
        order.move_to(OrderState.DRAFT)
    if order.state in (OrderState.CONFIRMED, OrderState.CLOSED):
        approvals.ask(order, actor=actor, reason=reason)
    if order.state in (OrderState.APPROVED, OrderState.CONFIRMED, OrderState.DRAFT):
        credit_holds.settle_after_edit(order, actor=actor)
