"""A wrong price that was billed: credited to be billed again, corrected here, and billed anew at the right price.

The order may be closed by then. Its counts stay as they are; a correction beyond the approval asks for a new one, and
nothing is billed before it is given.
"""

from __future__ import annotations

from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, IllegalMove, NotFound
from webapp.domain.numbers import Number, parse_price
from webapp.domain.orders.counts import to_bill_again
from webapp.domain.permissions import Permission
from webapp.domain.states import OrderState
from webapp.domain.text import given_reason
from webapp.models import Order, OrderLine, User
from webapp.queries.approvals.facts import allowance_share
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.orders.after_edit import settle_edit
from webapp.services.orders.amounts import retotal
from webapp.services.orders.charges import answer_for_more
from webapp.services.orders.editing import check_version
from webapp.services.orders.lines import reprice, type_price
from webapp.services.orders.promotions import settle_promotions


@command(Permission.ORDERS_WRITE)
def correct_price(
    number: str, line_number: int, unit_price: Number, *, reason: str, version: int | None = None, actor: User
) -> Order:
    """Set the price of a line whose goods were credited to be billed again.

    Raises Forbidden, NotFound, StaleVersion, BadInput for the price or a missing reason, IllegalMove when nothing of
    the line waits to be billed again.
    """
    order = locks.lock_order(number, actor=actor)
    reason = given_reason(reason)
    price = parse_price(unit_price, field="unit_price")
    order.must_be(OrderState.CONFIRMED, OrderState.CLOSED)
    check_version(order, version)
    line = _line(order, line_number)
    if price == line.unit_price:
        raise BadInput("This is the price the line has already.", field="unit_price")
    share = allowance_share(order)
    before = {"line_number": line_number, "unit_price": line.unit_price, "total": order.total}
    type_price(line, price, by=actor)
    reprice(order, [line], actor=actor)
    settle_promotions(order, actor=actor, touched=[line])
    retotal(order)
    answer_for_more(order, share, actor)
    order.bump()
    settle_edit(order, actor=actor, reason=reason)
    audit.record(
        Action.LINE_CHANGED, order, actor=actor, reason=reason, before=before,
        after={"line_number": line_number, "unit_price": line.unit_price, "total": order.total},
    )  # fmt: skip
    return order


def _line(order: Order, line_number: int) -> OrderLine:
    line = order.line(line_number)
    if line is None:
        raise NotFound(f"{order.label} has no line {line_number}.")
    if not to_bill_again(line.counts):
        raise IllegalMove(
            f"Nothing of line {line_number} waits to be billed again. Credit its invoice first, for that."
        )
    return line
