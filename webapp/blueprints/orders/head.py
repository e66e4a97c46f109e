"""The head of an order: its details, its coupons, comments, and copying it."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import named, order_again
from webapp.domain.numbers import parse_date, parse_percent
from webapp.domain.text import clean
from webapp.formats import decimal_comma
from webapp.pages.orders.facts import visible_order
from webapp.services.order_steps.moves import comment_on_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.coupons import enter_coupon, remove_coupon
from webapp.services.orders.head import HeadChange, change_order
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once

LONGEST_REFERENCE, LONGEST_NOTE = 100, 2000


@bp.post("/<number>/head")
@requires(change_order)
def update_head(number: str) -> Response:
    """Their order number, the promised date, the discount on the whole order, notes."""
    run_once(lambda: named(change_order(number, _typed_head(), version=form_version(), actor=current_user)))
    return order_again(number, "Saved.")


@bp.post("/<number>/coupons")
@requires(enter_coupon)
def create_coupon(number: str) -> Response:
    """Let a coupon's promotion count for the order."""
    code = request.form.get("coupon", "")
    run_once(lambda: named(enter_coupon(number, code, version=form_version(), actor=current_user)))
    return order_again(number, f"Coupon {code.strip().upper()} is entered.")


@bp.post("/<number>/coupons/<code>/removal")
@bp.delete("/<number>/coupons/<code>")
@requires(remove_coupon)
def delete_coupon(number: str, code: str) -> Response:
    """Take a coupon off."""
    run_once(lambda: named(remove_coupon(number, code, version=form_version(), actor=current_user)))
    return order_again(number, f"Coupon {code} is taken off.")


@bp.post("/<number>/comments")
@requires(comment_on_order)
def create_comment(number: str) -> Response:
    """A note for everybody who reads the order."""
    text = request.form.get("text", "")
    run_once(lambda: {"id": comment_on_order(number, text, actor=current_user).id})
    return order_again(number, "Your comment is on the order.")


@bp.post("/<number>/copy")
@requires(copy_order)
def create_copy(number: str) -> Response:
    """A new draft with the same items at the prices of today."""
    is_quote = visible_order(number, current_user).order_number is None
    made = run_once(lambda: named(copy_order(number, as_quote=is_quote, actor=current_user)))
    return htmx.go_to(made["url"], said=f"{made['number']} is a copy of {number} at the prices of today.")


def typed_reference() -> str:
    """The customer's own order number in this request's form. Raises BadInput."""
    return clean(request.form.get("customer_reference"), field="customer_reference", max_length=LONGEST_REFERENCE)


def _typed_head() -> HeadChange:
    form = request.form
    return HeadChange(
        customer_reference=typed_reference(),
        requested_date=parse_date(form["requested_date"], field="promised_date")
        if form.get("requested_date")
        else None,
        order_discount_percent=parse_percent(
            form.get("order_discount_percent") or "0", field="order_discount", decimal_comma=decimal_comma()
        ),
        notes=clean(form.get("notes"), field="notes", max_length=LONGEST_NOTE, multiline=True),
    )
