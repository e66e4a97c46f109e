"""The steps of an order up to its confirmation, and off the way: each is a noun under it, each answers the order."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import given_reason, held_or, named, order_again
from webapp.domain.states import OrderState
from webapp.services.approvals.deciding import approve_order, reject_order
from webapp.services.order_steps.confirmation import confirm_order, place_order
from webapp.services.order_steps.moves import cancel_order, submit_order, withdraw_order
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once


@bp.post("/<number>/submission")
@requires(submit_order)
def create_submission(number: str) -> Response:
    """Ask for approval."""
    run_once(lambda: named(submit_order(number, reason=given_reason(), version=form_version(), actor=current_user)))
    return order_again(number, f"{number} is submitted.")


@bp.post("/<number>/submission/withdrawal")
@bp.delete("/<number>/submission")
@requires(withdraw_order)
def withdraw_submission(number: str) -> Response:
    """Take the order back to draft."""
    run_once(lambda: named(withdraw_order(number, actor=current_user)))
    return order_again(number, f"{number} is a draft again.")


@bp.post("/<number>/placement")
@requires(place_order)
def create_placement(number: str) -> Response:
    """Submit the order and, where the policy approves it, confirm it."""

    def place() -> dict[str, Any]:
        outcome = place_order(number, version=form_version(), actor=current_user)
        return {"held": outcome.hold is not None, "state": outcome.order.state.value}

    made = run_once(place)
    done = "confirmed" if made["state"] == OrderState.CONFIRMED else "submitted"
    return order_again(number, held_or(made["held"], number, f"{number} is {done}."))


@bp.post("/<number>/approval")
@requires(approve_order)
def create_approval(number: str) -> Response:
    """Approve the order, or the change of a confirmed one, with the discounts that wait."""
    run_once(lambda: named(approve_order(number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"{number} is approved.")


@bp.post("/<number>/rejection")
@requires(reject_order)
def create_rejection(number: str) -> Response:
    """Send the order back with a reason."""
    run_once(lambda: named(reject_order(number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"{number} is rejected; its salesperson reads your reason.")


@bp.post("/<number>/confirmation")
@requires(confirm_order)
def create_confirmation(number: str) -> Response:
    """Confirm the order, or see it held when credit runs out."""
    made = run_once(lambda: {"held": confirm_order(number, actor=current_user).hold is not None})
    return order_again(number, held_or(made["held"], number, f"{number} is confirmed."))


@bp.post("/<number>/cancellation")
@requires(cancel_order)
def create_cancellation(number: str) -> Response:
    """Cancel the order and give its stock back."""
    run_once(lambda: named(cancel_order(number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"{number} is cancelled.")
