"""Charges on the whole order, such as freight, and allowances with their reason: added, changed, taken off."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import named, order_again
from webapp.domain.text import clean
from webapp.pages.orders.facts import visible_order
from webapp.services.orders.charge_edits import add_charge, change_charge, remove_charge
from webapp.services.orders.charges import ChargeInput
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once
from webapp.web.forms.typed import typed_money

ALLOWANCE = "allowance"
LONGEST_DESCRIPTION = 200


@bp.post("/<number>/charges")
@requires(add_charge)
def create_charge(number: str) -> Response:
    """Add a charge or an allowance."""
    given = _typed(number)
    run_once(lambda: named(add_charge(number, given, version=form_version(), actor=current_user)))
    return order_again(number, "The charge is on the order.")


@bp.post("/<number>/charges/<int:charge_id>")
@requires(change_charge)
def update_charge(number: str, charge_id: int) -> Response:
    """Change a charge."""
    given = _typed(number)
    run_once(lambda: named(change_charge(number, charge_id, given, version=form_version(), actor=current_user)))
    return order_again(number, "The charge is changed.")


@bp.post("/<number>/charges/<int:charge_id>/removal")
@bp.delete("/<number>/charges/<int:charge_id>")
@requires(remove_charge)
def delete_charge(number: str, charge_id: int) -> Response:
    """Take a charge off."""
    run_once(lambda: named(remove_charge(number, charge_id, version=form_version(), actor=current_user)))
    return order_again(number, "The charge is taken off.")


def _typed(number: str) -> ChargeInput:
    """What was typed; an allowance takes off, whichever sign stands before its amount."""
    form, currency = request.form, visible_order(number, current_user).currency
    kind, amount = clean(form.get("kind"), field="kind", max_length=40, required=True), typed_money("amount", currency)
    description = clean(form.get("description"), field="description", max_length=LONGEST_DESCRIPTION)
    signed = -abs(amount) if kind == ALLOWANCE else amount
    return ChargeInput(kind, signed, form.get("tax_code", ""), description)
