"""Discounts of lines that wait for somebody: approved or declined."""

from __future__ import annotations

from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import given_reason, named, order_again
from webapp.services.approvals.deciding import approve_discount, decline_discount
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import run_once


@bp.post("/<number>/lines/<int:line_number>/discount-approval")
@requires(approve_discount)
def create_discount_approval(number: str, line_number: int) -> Response:
    """Approve the discount of a line."""
    run_once(lambda: named(approve_discount(number, line_number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"The discount on line {line_number} is approved.")


@bp.post("/<number>/lines/<int:line_number>/discount-rejection")
@bp.delete("/<number>/lines/<int:line_number>/discount-approval")
@requires(decline_discount)
def create_discount_rejection(number: str, line_number: int) -> Response:
    """Decline it with a reason."""
    run_once(lambda: named(decline_discount(number, line_number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"The discount on line {line_number} is declined.")
