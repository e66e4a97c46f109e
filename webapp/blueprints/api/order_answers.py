"""An order as programs read it, read anew after what changed it."""

from __future__ import annotations

from webapp.blueprints.api.schemas.orders import BlockerOutput, OrderOutput
from webapp.domain.permissions import Permission
from webapp.pages import addresses as at
from webapp.pages.orders.blockers import Blocker, blockers_of
from webapp.pages.orders.for_api import whole_order
from webapp.queries.orders.coupons import coupons_of
from webapp.web.auth import program


def order_answer(order_id: int) -> OrderOutput:
    """The order with its lines, hold and blockers."""
    order = whole_order(order_id)
    page, sees_costs = at.order_page(order), program().can(Permission.COSTS_READ)
    blockers = [_blocker(blocker, page) for blocker in blockers_of(order, sees_costs=sees_costs)]
    return OrderOutput.whole(order, blockers, coupons_of(order.id))


def _blocker(blocker: Blocker, page: str) -> BlockerOutput:
    """A blocker; what it links to on the order's own page gets the whole address. ``line_number`` only where it has."""
    on_line = {} if blocker.line_number is None else {"line_number": blocker.line_number}
    url = page + blocker.url if blocker.url.startswith("#") else blocker.url
    return BlockerOutput(
        code=blocker.code, message=blocker.message, resolved_by_role=blocker.resolved_by_role, url=url, **on_line
    )
