"""Charges on the whole order, such as freight, and allowances with their reason: added, changed, taken off."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import order_again
from webapp.domain.permissions import Permission
from webapp.domain.text import clean
from webapp.pages.orders.facts import visible_order
from webapp.services.orders.charge_edits import add_charge, change_charge, remove_charge
from webapp.services.orders.charges import ChargeInput
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, is_removal, run_once
from webapp.web.forms.typed import typed_money

ALLOWANCE = "allowance"
LONGEST_DESCRIPTION = 200


@bp.post("/<number>/charges")
@requires(Permission.ORDERS_WRITE)
def create_charge(number: str) -> Response:
    """Add a charge or an allowance."""
    currency = visible_order(number, current_user).currency
    run_once(
        lambda: {"number": add_charge(number, _typed(currency), version=form_version(), actor=current_user).number}
    )
    return order_again(number, "The charge is on the order.")


@bp.route("/<number>/charges/<int:charge_id>", methods=["POST", "DELETE"])
@requires(Permission.ORDERS_WRITE)
def update_charge(number: str, charge_id: int) -> Response:
    """Change a charge, or take it off."""
    currency = visible_order(number, current_user).currency
    if is_removal():
        run_once(lambda: {"number": _remove(number, charge_id)})
        return order_again(number, "The charge is taken off.")
    run_once(lambda: {"number": _change(number, charge_id, currency)})
    return order_again(number, "The charge is changed.")


def _change(number: str, charge_id: int, currency: str) -> str:
    given = _typed(currency)
    return change_charge(number, charge_id, given, version=form_version(), actor=current_user).number


def _remove(number: str, charge_id: int) -> str:
    return remove_charge(number, charge_id, version=form_version(), actor=current_user).number


def _typed(currency: str) -> ChargeInput:
    """What was typed; an allowance takes off, whichever sign stands before its amount."""
    form = request.form
    kind, amount = clean(form.get("kind"), field="kind", max_length=40, required=True), typed_money("amount", currency)
    description = clean(form.get("description"), field="description", max_length=LONGEST_DESCRIPTION)
    signed = -abs(amount) if kind == ALLOWANCE else amount
    return ChargeInput(kind, signed, form.get("tax_code", ""), description)
