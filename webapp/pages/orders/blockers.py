"""What blocks an order now: everything at once, each with who or what resolves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from webapp import formats
from webapp.domain.approvals.discount_limits import storable
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.numbers import tidy
from webapp.domain.orders.counts import backorder
from webapp.domain.permissions import Permission, Role
from webapp.domain.states import (
    BEFORE_APPROVAL,
    BEFORE_CONFIRMATION,
    BEFORE_SUBMISSION,
    ENDED,
    CustomerStatus,
    OrderState,
)
from webapp.models import Approval, ApprovalKind, Order
from webapp.pages import addresses as at
from webapp.pages.orders.deciders import deciders_of, discount_deciders, hold_deciders, order_deciders
from webapp.pages.orders.facts import OrderFacts, facts_of
from webapp.queries.approvals.facts import OverLimit
from webapp.queries.approvals.minimums import unmet_minimums
from webapp.queries.people.staff import named

BELOW = "is below the margin floor"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way, worst tone first: ``stop`` ends all work, ``wait`` keeps a part of it waiting."""

    code: str
    message: str
    detail: str
    resolved_by_role: str
    url: str
    tone: str = "wait"
    icon: str = "alert"
    line_number: int | None = None
    link_label: str = "Show"


def blockers_of(order: Order, facts: OrderFacts | None = None, *, sees_costs: bool = False) -> list[Blocker]:
    """Every blocker of an order that is loaded with its parts, worst first; margins for whoever ``sees_costs``."""
    if order.state in ENDED:
        return []
    known = facts or facts_of(order)
    found = [
        *_credit(known),
        *_customer(known),
        *_rejection(known),
        *_declined_change(known),
        *_requests(known),
        *_discounts(known),
        *_minimums(known),
        *_margins(known, sees_costs),
        *_lines(known),
        *_shortages(known),
    ]
    return sorted(found, key=lambda blocker: blocker.tone != "stop")


def _credit(known: OrderFacts) -> Iterator[Blocker]:
    order, deciders = known.order, []
    if known.hold is not None:
        deciders = hold_deciders(known)
        yield Blocker(
            "credit_hold",
            _hold_message(known),
            _who(named(deciders), "can release it", Permission.CREDIT_RELEASE) + _what_would_do(known),
            Role.SALES_MANAGER.value,
            at.held_order(order.number),
            tone="stop",
            icon="hold",
            link_label="See exposure",
        )
    elif known.refused is not None:
        by = known.refused.decided_by.name if known.refused.decided_by else "The credit desk"
        yield Blocker(
            "credit_refused",
            f"Credit was refused: {known.refused.decision_reason}",
            f"{by} decided. Change the order, which checks it again, or cancel it.",
            Role.SALES.value,
            at.held_order(order.number),
            tone="stop",
            icon="hold",
            link_label="See exposure",
        )
    elif order.state in BEFORE_CONFIRMATION and order.lines and not known.check.approved:
        yield Blocker(
            "credit_check",
            _forecast(known),
            "Confirming would put it on credit hold. A payment would make room.",
            Role.SALES_MANAGER.value,
            at.customer(order.customer.code),
            icon="hold",
            link_label="See customer",
        )


def _hold_message(known: OrderFacts) -> str:
    hold, order = known.hold, known.order
    if hold is None:
        return ""
    if hold.kind is HoldReason.LIMIT:
        excess = known.check.excess or hold.excess
        return f"Credit hold: {formats.amount(excess, order.currency)} over the limit."
    if hold.kind is HoldReason.MANUAL:
        return f"On hold by {hold.applied_by.name}: {hold.reason}"
    if hold.kind is HoldReason.OVERDUE and known.check.overdue_amount:
        overdue, days = formats.amount(known.check.overdue_amount, order.currency), known.check.overdue_days
        return f"Credit hold: {overdue} is overdue, the oldest by {days} {'day' if days == 1 else 'days'}."
    return f"Credit hold: {hold.reason}"


def _what_would_do(known: OrderFacts) -> str:
    if known.hold and known.hold.kind is HoldReason.LIMIT and known.check.excess:
        return f" A receipt of {formats.money(known.check.excess, known.order.currency)} would also do."
    return ""


def _forecast(known: OrderFacts) -> str:
    reason, order = known.check.reason, known.order
    if reason is HoldReason.LIMIT:
        return f"The order goes {formats.amount(known.check.excess, order.currency)} over the credit limit."
    return known.check.message


def _customer(known: OrderFacts) -> Iterator[Blocker]:
    customer = known.order.customer
    if customer.status is CustomerStatus.CLOSED:
        yield Blocker(
            "customer_closed",
            f"{customer.name} is closed.",
            _who(named(known.staff.who_can(Permission.CUSTOMERS_WRITE)), "can open it again", None),
            Role.SALES_MANAGER.value,
            at.customer(customer.code),
            tone="stop",
            icon="ban",
            link_label="See customer",
        )
    if customer.status is CustomerStatus.BLOCKED and known.hold is None and known.check.reason is None:
        yield Blocker(
            "customer_blocked",
            f"{customer.name} is blocked.",
            _who(named(known.staff.who_can(Permission.CUSTOMERS_WRITE)), "can lift the block", None),
            Role.SALES_MANAGER.value,
            at.customer(customer.code),
            tone="stop",
            icon="ban",
            link_label="See customer",
        )


def _rejection(known: OrderFacts) -> Iterator[Blocker]:
    if known.order.state is not OrderState.REJECTED:
        return
    last = next((one for one in reversed(known.approvals) if one.decision_reason), None)
    by = last.decided_by.name if last and last.decided_by else "The approver"
    yield Blocker(
        "rejected",
        f"Rejected: {last.decision_reason if last else 'see the history'}",
        f"{by} decided. Change what was refused; then it can be submitted again.",
        Role.SALES.value,
        "#lines",
        tone="stop",
        icon="x",
        link_label="To the lines",
    )


def _declined_change(known: OrderFacts) -> Iterator[Blocker]:
    refusal = known.declined_change
    if refusal is None:
        return
    by = refusal.decided_by.name if refusal.decided_by else "The approver"
    yield Blocker(
        "change_declined",
        f"A change was declined: {refusal.decision_reason}",
        f"{by} decided. Nothing moves until it is changed again.",
        Role.SALES.value,
        "#lines",
        tone="stop",
        icon="x",
        link_label="To the lines",
    )


def _requests(known: OrderFacts) -> Iterator[Blocker]:
    for request in known.waiting:
        if request.kind is ApprovalKind.ORDER:
            yield _order_request(known, request)
        else:
            yield _discount_request(known, request)


def _order_request(known: OrderFacts, request: Approval) -> Blocker:
    is_amendment = known.order.state is OrderState.CONFIRMED
    what = "A change of the order" if is_amendment else "The order"
    return Blocker(
        "amendment_waits" if is_amendment else "approval_waits",
        f"{what} waits for approval.",
        _asked(known, request, Permission.ORDERS_APPROVE),
        Role.SALES_MANAGER.value,
        at.asked_order(known.order.number),
        tone="stop" if is_amendment else "wait",
        icon="clock",
        link_label="See request",
    )


def _discount_request(known: OrderFacts, request: Approval) -> Blocker:
    line = next((line for line in known.order.lines if line.id == request.order_line_id), None)
    number = line.line_number if line else None
    return Blocker(
        "discount_waits",
        f"Line {number}: a discount of {formats.percent(request.percent)} waits for a manager.",
        _asked(known, request, Permission.DISCOUNTS_APPROVE),
        Role.SALES_MANAGER.value,
        at.asked_discount(known.order.number, number) if number else at.asked_order(known.order.number),
        icon="clock",
        line_number=number,
        link_label="See request",
    )


def _asked(known: OrderFacts, request: Approval, permission: Permission) -> str:
    deciders = deciders_of(known, request)
    asked = f"{request.requested_by.name} asked {formats.moment(request.requested_at)}."
    return f"{asked} {_who(named(deciders), 'can decide', permission)}"


def _discounts(known: OrderFacts) -> Iterator[Blocker]:
    if known.order.state not in BEFORE_SUBMISSION:
        return
    for over in known.over:
        yield _over(known, over)


def _over(known: OrderFacts, over: OverLimit) -> Blocker:
    deciders = discount_deciders(known, over.line, over.percent)
    return Blocker(
        "discount_above_limit",
        f"Line {over.line.line_number}: a discount of {formats.percent(storable(over.percent))} needs approval.",
        f"The limit is {formats.percent(over.line.entered_limit)}. "
        + _who(named(deciders), "can approve it once it is submitted", Permission.DISCOUNTS_APPROVE),
        Role.SALES_MANAGER.value,
        f"#line-{over.line.line_number}",
        icon="clock",
        line_number=over.line.line_number,
        link_label="To the line",
    )


def _minimums(known: OrderFacts) -> Iterator[Blocker]:
    if known.order.state not in BEFORE_APPROVAL or not known.order.lines:
        return
    managers = named(known.staff.who_can(Permission.ORDERS_APPROVE, besides=known.asked))
    for unmet in unmet_minimums(known.order):
        yield Blocker(
            "below_minimum",
            unmet.message,
            "Order more" + (f", or {managers} waives it by approving the order." if managers else "."),
            Role.SALES.value,
            f"#line-{unmet.line_number}" if unmet.line_number else "#lines",
            line_number=unmet.line_number,
            link_label="To the line" if unmet.line_number else "To the lines",
        )


def _margins(known: OrderFacts, sees_costs: bool) -> Iterator[Blocker]:
    asks = any(request.kind is ApprovalKind.ORDER for request in known.waiting)
    if known.order.state not in BEFORE_APPROVAL and not asks:
        return
    who = _who(named(order_deciders(known)), "decides it by approving the order", Permission.ORDERS_APPROVE)
    for margin in known.margins.below:
        number = margin.line.line_number
        told = f"earns {margin.earns}, below the floor of {formats.percent(margin.floor)}" if sees_costs else BELOW
        yield Blocker(
            "below_margin_floor",
            f"Line {number} {told}.",
            who,
            Role.SALES_MANAGER.value,
            f"#line-{number}",
            icon="price",
            line_number=number,
            link_label="To the line",
        )


def _lines(known: OrderFacts) -> Iterator[Blocker]:
    order = known.order
    if not order.lines and order.state in BEFORE_SUBMISSION:
        yield Blocker(
            "no_lines", f"{order.label} has no lines yet.", "Add the first below.", Role.SALES.value, "#entry",
            icon="order", link_label="To the entry",
        )  # fmt: skip
    for line in order.lines:
        if line.derived_price is None and not line.price_typed:
            yield Blocker(
                "no_price",
                f"Line {line.line_number}: {line.item_name} has no price.",
                "Type one, or have a price set.",
                Role.SALES.value,
                f"#line-{line.line_number}",
                line_number=line.line_number,
                link_label="To the line",
            )


def _shortages(known: OrderFacts) -> Iterator[Blocker]:
    if known.order.state is not OrderState.CONFIRMED:
        return
    for line in known.order.lines:
        missing = backorder(line.counts) - known.free_by_line[line.id]
        if missing > 0:
            yield Blocker(
                "short",
                f"Line {line.line_number} is short by {tidy(missing):f}.",
                f"{line.item_name}: wait for a receipt, take it from another order, or close the rest short.",
                Role.WAREHOUSE.value,
                f"{at.stock_card(line.variant.sku)}#holders",
                icon="short",
                line_number=line.line_number,
                link_label="Who holds it?",
            )


def _who(names: str, act: str, permission: Permission | None) -> str:
    if names:
        return f"{names} {act}."
    nobody = "Nobody who may decide is left: whoever asked may not."
    return f"{nobody} An administrator can give somebody the right." if permission else "Nobody can right now."
