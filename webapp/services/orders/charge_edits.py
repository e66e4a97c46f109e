"""One charge or allowance of an order added, changed or taken off, each an edit of the order's head."""

from __future__ import annotations

from dataclasses import replace

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.permissions import Permission
from webapp.models import Order, OrderCharge, TaxCode, User
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.editing import editable_order
from webapp.services.orders.head import HeadChange, change_order


@command(Permission.ORDERS_WRITE)
def add_charge(number: str, given: ChargeInput, *, version: int | None = None, actor: User) -> Order:
    """Add a charge, or as a negative amount an allowance with its reason. Raises as ``change_order``."""
    _need_reason(given)
    order = editable_order(number, version, actor)
    return _replace(order, [*map(_kept, order.charges), given], actor)


@command(Permission.ORDERS_WRITE)
def change_charge(number: str, charge_id: int, given: ChargeInput, *, version: int | None = None, actor: User) -> Order:
    """Change one charge; what was billed of it stays billed. Raises NotFound and as ``change_order``."""
    _need_reason(given)
    order = editable_order(number, version, actor)
    _find(order, charge_id)
    changed = replace(given, id=charge_id)
    return _replace(order, [changed if one.id == charge_id else _kept(one) for one in order.charges], actor)


@command(Permission.ORDERS_WRITE)
def remove_charge(number: str, charge_id: int, *, version: int | None = None, actor: User) -> Order:
    """Take one charge off. Raises NotFound, IllegalMove when an invoice names it, and as ``change_order``."""
    order = editable_order(number, version, actor)
    _find(order, charge_id)
    return _replace(order, [_kept(one) for one in order.charges if one.id != charge_id], actor)


def _need_reason(given: ChargeInput) -> None:
    """Whoever types an allowance says why; programs may leave it to its kind."""
    if given.amount < 0 and not given.description.strip():
        raise BadInput("An allowance needs a reason.", field="description")


def _replace(order: Order, charges: list[ChargeInput], actor: User) -> Order:
    change_order(order.number, HeadChange(charges=charges), actor=actor)
    audit.record(Action.ORDER_CHANGED, order, actor=actor)
    return order


def _kept(charge: OrderCharge) -> ChargeInput:
    code = db.session.get_one(TaxCode, charge.named_tax_code_id or charge.tax_code_id).code
    return ChargeInput(charge.kind, charge.amount, code, charge.description, charge.id)


def _find(order: Order, charge_id: int) -> None:
    if all(charge.id != charge_id for charge in order.charges):
        raise NotFound(f"There is no charge {charge_id} on {order.label}.")
