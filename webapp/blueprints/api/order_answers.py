"""An order as programs read it, read anew after what changed it."""

from __future__ import annotations

from webapp.blueprints.api.schemas.orders import BlockerOutput, OrderOutput
from webapp.models import Order
from webapp.queries.hold_facts import open_hold, rejected_hold
from webapp.queries.order_pages import whole_order


def order_answer(order_id: int) -> OrderOutput:
    """The order with its lines, hold and blockers."""
    order = whole_order(order_id)
    return OrderOutput.whole(order, _blockers(order))


def _blockers(order: Order) -> list[BlockerOutput]:
    hold = open_hold(order) or rejected_hold(order)
    if hold is None:
        return []
    return [
        BlockerOutput(
            code="credit_hold",
            message=hold.reason,
            resolved_by_role="sales_manager",
            url=f"/approvals/holds/{order.number}",
        )
    ]
