"""Lines of an order added, changed in place, taken off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from webapp.domain.actions import Action
from webapp.domain.errors import IllegalMove, NotFound
from webapp.domain.orders.counts import is_changeable
from webapp.domain.permissions import Permission
from webapp.domain.states import OrderState
from webapp.models import Order, OrderLine, User
from webapp.queries.approvals.facts import allowance_share
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.orders.amounts import retotal
from webapp.services.orders.charges import answer_for_more
from webapp.services.orders.editing import editable_order, finish_edit
from webapp.services.orders.lines import LineInput, append_lines, in_base_units, reprice, type_price
from webapp.services.orders.promotions import settle_promotions


@command(Permission.ORDERS_WRITE)
def add_lines(number: str, inputs: Sequence[LineInput], *, version: int | None = None, actor: User) -> Order:
    """Add lines at the end of an order. Raises IllegalMove, StaleVersion, BadInput, Refused."""
    order = editable_order(number, version, actor)
    lines = append_lines(order, inputs, actor=actor)
    settle_promotions(order, actor=actor)
    retotal(order)
    finish_edit(order, actor)
    audit.record(
        Action.LINE_ADDED,
        order,
        actor=actor,
        after={"lines": [_line_facts(line) for line in lines], "total": order.total},
    )
    return order


@command(Permission.ORDERS_WRITE)
def change_line(
    number: str,
    line_number: int,
    *,
    quantity: Decimal | None = None,
    unit_price: Decimal | None = None,
    discount_percent: Decimal | None = None,
    forget_typed_price: bool = False,
    version: int | None = None,
    actor: User,
) -> Order:
    """Change quantity (in the line's unit), price or discount of one line; what is None stays.

    Who changes a line answers for its discount with his own maximum; saving it as it was changes neither price nor
    answer. Raises IllegalMove when less would remain than was shipped, allocated or cancelled.
    """
    order = editable_order(number, version, actor)
    line, share = _own_line(order, line_number), allowance_share(order)
    if not is_changeable(line.counts):
        raise IllegalMove(f"Line {line_number} is billed or cancelled; nothing of it can change any more.")
    before, terms = _line_facts(line), _terms(line)
    if quantity is not None:
        _change_quantity(line, quantity)
    if discount_percent is not None:
        line.discount_percent = discount_percent
    if forget_typed_price:
        line.price_typed = False
    elif unit_price is not None and unit_price != line.unit_price:
        type_price(line, unit_price, by=actor)
    if _terms(line) != terms:
        reprice(order, [line], actor=actor)
        settle_promotions(order, actor=actor, touched=[line])
        retotal(order)
        answer_for_more(order, share, actor)
    finish_edit(order, actor)
    audit.record(
        Action.LINE_CHANGED, order, actor=actor, before=before, after={**_line_facts(line), "total": order.total}
    )
    return order


@command(Permission.ORDERS_WRITE)
def remove_line(number: str, line_number: int, *, version: int | None = None, actor: User) -> Order:
    """Take a line off an order that is not confirmed yet. Raises IllegalMove: confirmed lines are short-closed."""
    order = editable_order(number, version, actor)
    if order.state is OrderState.CONFIRMED:
        raise IllegalMove(f"{order.label} is confirmed. Close the line short instead of removing it.")
    line, share = _own_line(order, line_number), allowance_share(order)
    facts = _line_facts(line)
    order.lines.remove(line)
    settle_promotions(order, actor=actor)
    retotal(order)
    answer_for_more(order, share, actor)
    finish_edit(order, actor)
    audit.record(Action.LINE_REMOVED, order, actor=actor, before=facts, after={"total": order.total})
    return order


def _own_line(order: Order, line_number: int) -> OrderLine:
    """A line that people may change: what a promotion gives follows the promotion."""
    line = order.line(line_number)
    if line is None:
        raise NotFound(f"{order.label} has no line {line_number}.")
    if line.free_with_id is not None:
        raise IllegalMove(f"Line {line_number} comes free with a promotion and follows the lines it belongs to.")
    return line


def _terms(line: OrderLine) -> tuple[Any, ...]:
    """What somebody answers for by changing it."""
    return line.quantity, line.unit_price, line.price_typed, line.discount_percent


def _change_quantity(line: OrderLine, quantity: Decimal) -> None:
    base, _ = in_base_units(line.variant, quantity, line.unit)
    settled = line.allocated_qty + line.shipped_qty + line.cancelled_qty
    if base < settled:
        raise IllegalMove(
            f"Line {line.line_number} has {settled.normalize():f} allocated, shipped or cancelled already; "
            f"it cannot go down to {base.normalize():f}."
        )
    line.quantity = base


def _line_facts(line: OrderLine) -> dict[str, Any]:
    return {
        "line_number": line.line_number,
        "sku": line.variant.sku,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount_percent": line.discount_percent,
    }
