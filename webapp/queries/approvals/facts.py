"""What needs approval on an order, and which approvals cover it as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.approvals.allowances import allowance_percent, together
from webapp.domain.approvals.fingerprints import ApprovedLine, Fingerprint, covers
from webapp.domain.money import round_half_up
from webapp.domain.orders.counts import wanted
from webapp.domain.pricing.derivation import effective_discount
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
        percent = given_away(order, line)
        if percent > line.entered_limit:
            found.append(OverLimit(line, percent))
    return found


def given_away(order: Order, line: OrderLine) -> Decimal:
    """What a line gives away in percent of the price the rules gave, unrounded."""
    return effective_discount(line.unit_price, line.derived_price, line.discount_percent, given_on_order(order))


def given_on_order(order: Order) -> Decimal:
    """What order discount and allowances take off every line, in percent, unrounded."""
    return together(order.order_discount_percent, allowance_share(order))


def allowance_share(order: Order) -> Decimal:
    """What allowances take off the goods that are still wanted, in percent of what they are sold for, unrounded.

    Both are with tax where the order's prices include it. On a closed order what was billed of the allowances counts:
    the rest of them never will be.
    """
    is_closed = order.state is OrderState.CLOSED
    amounts = (charge.invoiced_amount if is_closed else charge.amount for charge in order.charges)
    allowances = -sum((amount for amount in amounts if amount < 0), Decimal(0))
    goods = [line for line in order.lines if wanted(line.counts)] if allowances else []
    sold = sum((_sold_for(order, line) * wanted(line.counts) / line.quantity for line in goods), Decimal(0))
    return allowance_percent(allowances, sold) if goods else Decimal(0)


def _sold_for(order: Order, line: OrderLine) -> Decimal:
    return line.total if order.prices_include_tax else line.net_amount


def approvals_of(order: Order) -> list[Approval]:
    """Every approval ever asked for the order, oldest first."""
    return list(order.approvals)


def uncovered_discounts(order: Order, approvals: Sequence[Approval]) -> list[OverLimit]:
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


def order_is_covered(order: Order, approvals: Sequence[Approval]) -> bool:
    """Whether a live approval covers the order as it is now."""
    return any(
        approval.kind is ApprovalKind.ORDER
        and approval.state is ApprovalState.APPROVED
        and still_covers(approval, order_fingerprint(order))
        for approval in approvals
    )


def is_covered(order: Order, approvals: Sequence[Approval]) -> bool:
    """Whether live approvals cover the order and each of its discounts as they are now."""
    return not uncovered_discounts(order, approvals) and order_is_covered(order, approvals)


def declined_change(order: Order, approvals: Sequence[Approval]) -> Approval | None:
    """The refusal that stops a confirmed or closed order: a change was declined and stands there still."""
    if order.state not in (OrderState.CONFIRMED, OrderState.CLOSED) or waiting(approvals):
        return None
    declined = [approval for approval in approvals if approval.state is ApprovalState.DECLINED]
    return declined[-1] if declined and not is_covered(order, approvals) else None


def stopped_by_declined_change(order_ids: Iterable[int]) -> set[int]:
    """Those of some orders that a declined change stops; the statements do not grow with them."""
    declined = exists().where(Approval.order_id == Order.id, Approval.state == ApprovalState.DECLINED)
    statement = (
        select(Order)
        .where(Order.id.in_(order_ids), declined)
        .options(
            joinedload(Order.customer),
            selectinload(Order.lines).joinedload(OrderLine.variant),
            selectinload(Order.charges),
            selectinload(Order.approvals),
        )
    )
    return {order.id for order in db.session.scalars(statement) if declined_change(order, order.approvals)}


def waiting(approvals: Sequence[Approval]) -> list[Approval]:
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
                given_away(order, line),
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
