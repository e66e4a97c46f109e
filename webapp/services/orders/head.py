"""The head of an order changed: discount, dates, references, where it ships from and to, notes, charges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from webapp.domain.actions import Action
from webapp.domain.permissions import Permission
from webapp.models import Order, User
from webapp.queries.approvals.facts import allowance_share
from webapp.services import audit
from webapp.services.changes import UNCHANGED, Unchanged
from webapp.services.commands import command
from webapp.services.orders.amounts import retotal
from webapp.services.orders.charges import ChargeInput, answer_for_more, replace_charges
from webapp.services.orders.editing import editable_order, finish_edit
from webapp.services.orders.entry import location_in_use, new_charge
from webapp.services.orders.lines import answer_for
from webapp.services.taxes.on_lines import deliver_to, retax


@dataclass(frozen=True, slots=True)
class HeadChange:
    """What changes at the head of an order; ``location`` is a code, ``order_discount_percent`` in percent."""

    customer_reference: str | Unchanged = UNCHANGED
    requested_date: date | Unchanged | None = UNCHANGED
    order_discount_percent: Decimal | Unchanged = UNCHANGED
    ship_complete: bool | Unchanged = UNCHANGED
    notes: str | Unchanged = UNCHANGED
    location: str | Unchanged = UNCHANGED
    shipping_address: Mapping[str, Any] | Unchanged = UNCHANGED
    charges: Sequence[ChargeInput] | Unchanged = UNCHANGED

    @property
    def named(self) -> dict[str, Any]:
        """The fields that change, with their values."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in values if value is not UNCHANGED}


@command(Permission.ORDERS_WRITE)
def change_order(number: str, change: HeadChange, *, version: int | None = None, actor: User) -> Order:
    """Change what stands at the head of an order. Raises IllegalMove, StaleVersion, BadInput, Refused."""
    order = editable_order(number, version, actor)
    share, named = allowance_share(order), change.named
    before = {name: _told(order, name) for name in named}
    for name, value in named.items():
        WRITERS.get(name, partial(_set, name))(order, value, actor)
    retotal(order)
    answer_for_more(order, share, actor)
    finish_edit(order, actor)
    after = {name: _told(order, name) for name in named}
    audit.record(Action.ORDER_CHANGED, order, actor=actor, before=before, after=after)
    return order


def _set(name: str, order: Order, value: Any, _actor: User) -> None:
    setattr(order, name, value)


def _set_discount(order: Order, percent: Decimal, actor: User) -> None:
    """Forms of the head bring it along: who changes the notes does not answer for the discounts."""
    if percent != order.order_discount_percent:
        order.order_discount_percent = percent
        answer_for(order.lines, actor)


def _set_requested_date(order: Order, day: date | None, _actor: User) -> None:
    order.requested_date = day
    retax(order)


def _set_location(order: Order, code: str, _actor: User) -> None:
    order.location = location_in_use(code)


def _set_address(order: Order, address: Mapping[str, Any], _actor: User) -> None:
    deliver_to(order, address)


def _set_charges(order: Order, charges: Sequence[ChargeInput], _actor: User) -> None:
    replace_charges(order, charges, partial(new_charge, order))


WRITERS: dict[str, Callable[[Order, Any, User], None]] = {
    "order_discount_percent": _set_discount,
    "requested_date": _set_requested_date,
    "location": _set_location,
    "shipping_address": _set_address,
    "charges": _set_charges,
}
"""The fields whose change brings something along; the others are simply set."""


def _told(order: Order, name: str) -> Any:
    if name == "location":
        return order.location.code
    if name == "charges":
        return [{"kind": charge.kind, "amount": charge.amount} for charge in order.charges]
    return getattr(order, name)
