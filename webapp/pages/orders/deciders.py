"""Who may decide what waits on an order: by right, by four eyes, by a maximum that covers, and by sight of costs."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.permissions import Permission
from webapp.models import Approval, ApprovalKind, OrderLine, User
from webapp.pages.orders.facts import OrderFacts
from webapp.services.approvals.deciding import approve_discount, approve_order, decline_discount
from webapp.services.order_steps.credit_desk import release_hold


def deciders_of(known: OrderFacts, request: Approval) -> list[User]:
    """Everybody who may approve a request now."""
    if request.kind is ApprovalKind.ORDER:
        return order_deciders(known)
    line = next((line for line in known.order.lines if line.id == request.order_line_id), None)
    return discount_deciders(known, line, request.percent or Decimal(0)) if line else []


def order_deciders(known: OrderFacts) -> list[User]:
    """Everybody who may approve the order, as far as its discounts go; one that earns too little is for people who see
    what things cost."""
    more = (Permission.COSTS_READ,) if known.margins.below else ()
    return known.staff.who_can(*approve_order.permissions, *more, besides=known.asked)


def approvers(known: OrderFacts) -> list[User]:
    """Those of them whose maximum covers every discount that waits on the order."""
    return [user for user in order_deciders(known) if not beyond(known, user)]


def discount_deciders(known: OrderFacts, line: OrderLine, percent: Decimal) -> list[User]:
    """Everybody who may approve a discount on a line: not who asked or entered it."""
    able = known.staff.who_can(*approve_discount.permissions, besides=known.asked | {line.entered_by_id})
    return [user for user in able if known.authority.covers(user, line.variant_id, percent)]


def discount_decliners(known: OrderFacts) -> list[User]:
    """Everybody who may decline a discount: saying no takes no maximum."""
    return known.staff.who_can(*decline_discount.permissions, besides=known.asked)


def hold_deciders(known: OrderFacts) -> list[User]:
    """Everybody who may release or refuse the order's credit: not who asked, nor who placed the hold."""
    placed_by = {known.hold.applied_by_id} if known.hold else set()
    return known.staff.who_can(*release_hold.permissions, besides=known.asked | placed_by)


def beyond(known: OrderFacts, user: User) -> list[Approval]:
    """The discounts that wait on the order and that this user's maximum does not cover."""
    lines = {line.id: line for line in known.order.lines}
    return [
        request
        for request in known.waiting
        if request.percent is not None
        and request.order_line_id in lines
        and not known.authority.covers(user, lines[request.order_line_id].variant_id, request.percent)
    ]
