"""Moves of an order that need no stock: accept a quote, submit, withdraw, cancel, close short, comment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, IllegalMove, NotFound
from webapp.domain.numbers import tidy
from webapp.domain.permissions import Permission
from webapp.domain.states import HoldState, OrderState
from webapp.domain.text import clean, given_reason, told_reason
from webapp.models import Comment, Order, OrderLine, User
from webapp.queries.approvals import facts as approval_facts
from webapp.queries.credit_control.holds import open_hold
from webapp.services import audit, locks
from webapp.services.approvals import deciding as approvals
from webapp.services.commands import command
from webapp.services.company import today
from webapp.services.credit_control import holds as credit_holds
from webapp.services.numbering import next_number
from webapp.services.orders import promotions as promoting
from webapp.services.orders.amounts import close_if_done, refresh, retotal
from webapp.services.orders.charges import answer_for_more
from webapp.services.orders.editing import check_version
from webapp.services.orders.entry import take_terms_of_customer
from webapp.services.shipments.contents import cancel_drafts
from webapp.services.stock.allocation import release_lines
from webapp.services.taxes.on_lines import country_of, retax

LONGEST_COMMENT = 2000


@command(Permission.ORDERS_WRITE)
def accept_quote(number: str, *, actor: User) -> Order:
    """Turn a quote into a draft order: same row, new number, its prices kept. Raises IllegalMove after its validity."""
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.QUOTE)
    if order.valid_until is not None and order.valid_until < today():
        raise IllegalMove(f"{order.label} was valid until {order.valid_until.isoformat()}. Revise it first.")
    order.order_number = next_number("SO", today().year)
    order.move_to(OrderState.DRAFT)
    order.bump()
    audit.record(Action.QUOTE_ACCEPTED, order, order.customer, actor=actor, after={"quote": order.quote_number})
    return order


@command(Permission.ORDERS_WRITE)
def revise_quote(number: str, *, valid_days: int, actor: User) -> Order:
    """Open a new revision of a quote, valid for ``valid_days`` from today; its history keeps the last one."""
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.QUOTE)
    before = {
        "revision": order.revision,
        "valid_until": order.valid_until,
        "total": order.total,
        "lines": _facts(order),
    }
    order.revision += 1
    order.valid_until = today() + timedelta(days=valid_days)
    order.bump()
    audit.record(
        Action.QUOTE_REVISED,
        order,
        actor=actor,
        before=before,
        after={"revision": order.revision, "valid_until": order.valid_until},
    )
    return order


@command(Permission.ORDERS_WRITE)
def submit_order(number: str, *, reason: str = "", version: int | None = None, actor: User) -> Order:
    """Ask for approval; the policy may give it at once. Raises IllegalMove, BadInput without lines, StaleVersion."""
    order, reason = locks.lock_order(number, actor=actor), told_reason(reason)
    order.must_be(OrderState.DRAFT)
    check_version(order, version)
    if not order.lines:
        raise BadInput(f"{order.label} has no lines yet.", field="lines")
    if order.submitted_at is None and order.quote_number is None:
        _take_terms_unless_own_address(order)
    order.submitted_by, order.submitted_at = actor, clock.now()
    order.move_to(OrderState.SUBMITTED)
    approvals.ask(order, actor=actor, reason=reason)
    if not approval_facts.waiting(approval_facts.approvals_of(order)):
        order.move_to(OrderState.APPROVED)
    order.bump()
    audit.record(
        Action.ORDER_SUBMITTED, order, order.customer, actor=actor, reason=reason, after={"total": order.total}
    )
    return order


@command(Permission.ORDERS_WRITE)
def withdraw_order(number: str, *, actor: User) -> Order:
    """Take a submitted order back to draft; requests that still wait are withdrawn with it."""
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.SUBMITTED)
    approvals.withdraw_requests(order)
    order.move_to(OrderState.DRAFT)
    order.bump()
    audit.record(Action.ORDER_WITHDRAWN, order, actor=actor)
    return order


@command(Permission.ORDERS_WRITE)
def cancel_order(number: str, *, reason: str = "", actor: User) -> Order:
    """Cancel an order nothing of which was picked, shipped or billed; its allocations go back in the same transaction.

    Raises IllegalMove otherwise: then the rest of its lines is closed short.
    """
    order, reason = locks.lock_order(number, actor=actor), told_reason(reason)
    begun = [
        line for line in order.lines if line.picked_qty or line.shipped_qty or line.invoiced_qty or line.drafted_qty
    ]
    if begun:
        raise IllegalMove(f"{order.label} was picked, shipped or billed in part. Close the rest of it short instead.")
    cancel_drafts(order)
    released = release_lines(order, {line.line_number: line.allocated_qty for line in order.lines})
    _end_hold_of_cancelled(order, actor)
    approvals.withdraw_requests(order)
    promoting.give_back_uses(order)
    order.move_to(OrderState.CANCELLED)
    for line in order.lines:
        line.cancelled_qty = line.quantity
    refresh(order)
    order.closed_at = clock.now()
    order.bump()
    audit.record(
        Action.ORDER_CANCELLED, order, order.customer, actor=actor, reason=reason, after={"released": released}
    )
    return order


@command(Permission.ORDERS_WRITE)
def short_close_line(
    number: str, line_number: int, *, reason: str, quantity: Decimal | None = None, actor: User
) -> Order:
    """Give up what of a line is neither allocated nor shipped (or ``quantity`` base units of it), with a reason.

    Allocations of the line that no shipment holds are given back first when the whole rest is closed.
    """
    order = locks.lock_order(number, actor=actor)
    reason = given_reason(reason)
    order.must_be(OrderState.CONFIRMED)
    line = order.line(line_number)
    if line is None:
        raise NotFound(f"{order.label} has no line {line_number}.")
    if quantity is None:
        release_lines(order, {line_number: line.allocated_qty - line.picked_qty})
    rest = line.quantity - line.cancelled_qty - line.shipped_qty - line.allocated_qty
    given_up = rest if quantity is None else quantity
    if given_up <= 0 or given_up > rest:
        raise IllegalMove(f"Line {line_number} has {tidy(rest):f} open; {tidy(given_up):f} cannot be closed short.")
    share = approval_facts.allowance_share(order)
    line.cancelled_qty += given_up
    line.cancel_reason = reason
    refresh(order)
    credit_holds.settle_after_edit(order, actor=actor)
    close_if_done(order)
    _ask_for_larger_share(order, share, reason, actor)
    order.bump()
    audit.record(
        Action.LINE_SHORT_CLOSED,
        order,
        actor=actor,
        reason=reason,
        after={"line_number": line_number, "quantity": given_up},
    )
    return order


@command(Permission.ORDERS_READ)
def comment_on_order(number: str, text: str, *, actor: User) -> Comment:
    """Leave a note on an order for everybody who reads it."""
    order = locks.lock_order(number, actor=actor)
    text = clean(text, field="text", max_length=LONGEST_COMMENT, multiline=True, required=True)
    comment = Comment(order_id=order.id, user=actor, at=clock.now(), text=text)
    db.session.add(comment)
    audit.record(Action.ORDER_COMMENTED, order, actor=actor, after={"text": comment.text})
    return comment


def _ask_for_larger_share(order: Order, before: Decimal, reason: str, actor: User) -> None:
    """Allowances that now take more of fewer goods need approval again before anything else is billed."""
    if order.state is OrderState.CONFIRMED and answer_for_more(order, before, actor):
        approvals.void_uncovering(order, approval_facts.approvals_of(order))
        approvals.ask(order, actor=actor, reason=reason)


def _take_terms_unless_own_address(order: Order) -> None:
    shipping, taxed_as = order.shipping_address, (order.tax_class, country_of(order))
    own_address = shipping != order.billing_address
    take_terms_of_customer(order)
    if own_address:
        order.shipping_address = shipping
    if (order.tax_class, country_of(order)) != taxed_as:
        retax(order)
        retotal(order)


def _end_hold_of_cancelled(order: Order, actor: User) -> None:
    hold = open_hold(order)
    if hold is not None:
        hold.state = HoldState.REJECTED
        credit_holds.decide_hold(hold, actor, "The order was cancelled.")
        hold.superseded_at = clock.now()
        audit.record_hold(Action.HOLD_REJECTED, order, order.customer, actor=actor, reason="The order was cancelled.")


def _facts(order: Order) -> list[dict[str, object]]:
    return [_line(line) for line in order.lines]


def _line(line: OrderLine) -> dict[str, object]:
    return {
        "sku": line.variant.sku,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount_percent": line.discount_percent,
    }
