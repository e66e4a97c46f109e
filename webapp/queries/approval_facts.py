"""What needs approval on an order, and which approvals cover it as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.allowances import allowance_percent, together
from webapp.domain.approval import ApprovedLine, Fingerprint, covers
from webapp.domain.money import round_half_up
from webapp.domain.order_facts import wanted
from webapp.domain.pricing import effective_discount
from webapp.domain.states import ApprovalState, OrderState
from webapp.models import Approval, ApprovalKind, Order, OrderLine


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A line that gives away more than who entered it may; ``percent`` is its effective discount, unrounded."""

    line: OrderLine
    percent: Decimal


def over_limit(order: Order) -> list[OverLimit]:
    """The lines whose effective discount is above the maximum of who entered them."""
    found = []
    for line in order.lines:
        percent = effective_discount(line.unit_price, line.derived_price, line.discount_percent, given_on_order(order))
        if percent > line.entered_limit:
            found.append(OverLimit(line, percent))
    return found


def given_on_order(order: Order) -> Decimal:
    """What order discount and allowances take off every line, in percent, unrounded."""
    return together(order.order_discount_percent, allowance_share(order))


def allowance_share(order: Order) -> Decimal:
    """What allowances take off the goods that are still wanted, in percent of their net, unrounded.

    On a closed order what was billed of the allowances counts: the rest of them never will be.
    """
    is_closed = order.state is OrderState.CLOSED
    amounts = (charge.invoiced_amount if is_closed else charge.amount for charge in order.charges)
    allowances = -sum((amount for amount in amounts if amount < 0), Decimal(0))
    goods = [line for line in order.lines if wanted(line.counts)] if allowances else []
    net = sum((line.net_amount * wanted(line.counts) / line.quantity for line in goods), Decimal(0))
    return allowance_percent(allowances, net) if goods else Decimal(0)


def approvals_of(order: Order) -> list[Approval]:
    """Every approval ever asked for the order, oldest first."""
    return list(order.approvals)


def uncovered_discounts(order: Order, approvals: list[Approval]) -> list[OverLimit]:
    """Lines over the limit that no live approval covers as they are now."""
    live = {
        approval.order_line_id: approval
        for approval in approvals
        if approval.kind is ApprovalKind.DISCOUNT and approval.state is ApprovalState.APPROVED
    }
    return [
        over
        for over in over_limit(order)
        if over.line.id not in live or not still_covers(live[over.line.id], line_fingerprint(order, over.line))
    ]


def order_is_covered(order: Order, approvals: list[Approval]) -> bool:
    """Whether a live approval covers the order as it is now."""
    return any(
        approval.kind is ApprovalKind.ORDER
        and approval.state is ApprovalState.APPROVED
        and still_covers(approval, order_fingerprint(order))
        for approval in approvals
    )


def waiting(approvals: list[Approval]) -> list[Approval]:
    """Those that nobody has decided yet."""
    return [approval for approval in approvals if approval.state is ApprovalState.OPEN]


def order_fingerprint(order: Order) -> Fingerprint:
    """What an approval of the order is given for."""
    return _fingerprint(order, order.lines, order.total)


def line_fingerprint(order: Order, line: OrderLine) -> Fingerprint:
    """What an approval of one line's discount is given for."""
    return _fingerprint(order, [line], line.total)


def _fingerprint(order: Order, lines: list[OrderLine], total: Decimal) -> Fingerprint:
    return Fingerprint(
        customer=order.customer.code,
        currency=order.currency,
        lines=tuple(
            ApprovedLine(
                line.line_number,
                line.variant.sku,
                line.quantity - line.cancelled_qty,
                line.unit_price,
                line.discount_percent,
                line.price_base,
            )
            for line in lines
        ),
        total=total,
        order_discount_percent=order.order_discount_percent,
        allowances=-sum((charge.amount for charge in order.charges if charge.amount < 0), Decimal(0)),
        allowance_percent=round_half_up(allowance_share(order), 4),
    )


def still_covers(approval: Approval, now: Fingerprint) -> bool:
    """Whether what was approved is still at least what stands now."""
    return covers(Fingerprint.from_dict(approval.fingerprint), now)
