"""Who may decide what waits on an order: by right, by four eyes, by a maximum that covers, and by sight of costs."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.permissions import Permission
from webapp.models import Approval, ApprovalKind, OrderLine, User
from webapp.pages.orders.facts import OrderFacts


def deciders_of(known: OrderFacts, request: Approval) -> list[User]:
    """Everybody who may decide a request now."""
    if request.kind is ApprovalKind.ORDER:
        return order_deciders(known)
    line = next((line for line in known.order.lines if line.id == request.order_line_id), None)
    return discount_deciders(known, line, request.percent or Decimal(0)) if line else []


def order_deciders(known: OrderFacts) -> list[User]:
    """Everybody who may approve the order; one that earns too little is for people who see what things cost."""
    more = [Permission.COSTS_READ] if known.margins.below else []
    return known.staff.who_can(Permission.ORDERS_APPROVE, *more, besides=known.asked)


def discount_deciders(known: OrderFacts, line: OrderLine, percent: Decimal) -> list[User]:
    """Everybody who may decide about a discount on a line: not who asked or entered it."""
    besides = known.asked | {line.entered_by_id}
    able = known.staff.who_can(Permission.DISCOUNTS_APPROVE, besides=besides)
    return [user for user in able if known.authority.covers(user, line.variant_id, percent)]


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
