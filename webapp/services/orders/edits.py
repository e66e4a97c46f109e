"""Changing head and lines of an order in one step, with one event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from webapp.domain.actions import Action
from webapp.domain.permissions import Permission
from webapp.models import Order, User
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.orders.coupons import replace_coupons
from webapp.services.orders.editing import editable_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.lines import LineInput


@dataclass(frozen=True, slots=True)
class LineEdit:
    """What changes on one line; what is None stays. Quantities are in the line's unit."""

    line_number: int
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    forget_typed_price: bool = False
    remove: bool = False


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """What changes on an order: fields of its head, lines that are new, lines that change or go, all its coupons."""

    head: HeadChange = field(default_factory=HeadChange)
    added: Sequence[LineInput] = ()
    changed: Sequence[LineEdit] = ()
    coupons: Sequence[str] | None = None


@command(Permission.ORDERS_WRITE)
def edit_order(number: str, edit: OrderEdit, *, version: int | None = None, actor: User) -> Order:
    """Carry out every change, or none. Raises as the commands for single changes do."""
    order = editable_order(number, version, actor)
    if edit.head.named:
        change_order(number, edit.head, actor=actor)
    for line in edit.changed:
        _change(number, line, actor)
    if edit.added:
        add_lines(number, edit.added, actor=actor)
    if edit.coupons is not None:
        replace_coupons(number, edit.coupons, actor=actor)
    audit.record(Action.ORDER_CHANGED, order, actor=actor)
    return order


def _change(number: str, line: LineEdit, actor: User) -> None:
    if line.remove:
        remove_line(number, line.line_number, actor=actor)
        return
    change_line(
        number,
        line.line_number,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        forget_typed_price=line.forget_typed_price,
        actor=actor,
    )
