"""The credit hold of an order: placed by hand, released, or turned into a refusal."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import given_reason, order_again
from webapp.domain.numbers import parse_date, parse_money
from webapp.formats import decimal_comma
from webapp.pages.orders.facts import visible_order
from webapp.services.order_steps.credit_desk import hold_order, reject_hold, release_hold
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import run_once


@bp.post("/<number>/hold")
@requires(hold_order)
def create_hold(number: str) -> Response:
    """Put the order on hold."""
    run_once(lambda: {"hold": hold_order(number, reason=given_reason(), actor=current_user).id})
    return order_again(number, f"{number} is on hold.")


@bp.post("/<number>/hold/release")
@requires(release_hold)
def create_release(number: str) -> Response:
    """Let the order go on, up to an amount and a day."""
    currency = visible_order(number, current_user).currency
    run_once(lambda: _release(number, currency))
    return order_again(number, f"The hold of {number} is released.")


@bp.post("/<number>/hold/rejection")
@requires(reject_hold)
def create_refusal(number: str) -> Response:
    """Refuse the credit: the order stays blocked until it is changed or cancelled."""
    run_once(lambda: {"hold": reject_hold(number, reason=given_reason(), actor=current_user).id})
    return order_again(number, f"Credit for {number} is refused; its salesperson reads your reason.")


def _release(number: str, currency: str) -> dict[str, int]:
    form = request.form
    up_to, until = form.get("up_to_amount", "").strip(), form.get("until", "").strip()
    hold = release_hold(
        number,
        reason=given_reason(),
        up_to_amount=parse_money(up_to, currency, field="up_to_amount", decimal_comma=decimal_comma())
        if up_to
        else None,
        until=parse_date(until, field="until") if until else None,
        single_step=form.get("single_step") == "y",
        actor=current_user,
    )
    return {"hold": hold.id}
