"""The list of orders, a new one, the page of one, and what is written on it that moves nothing."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import order_again, the_page
from webapp.domain.numbers import parse_date, parse_percent
from webapp.domain.permissions import Permission
from webapp.domain.text import clean
from webapp.formats import decimal_comma
from webapp.pages import addresses as at
from webapp.pages.customers.search import find_customers, the_customer
from webapp.pages.orders.facts import visible_order
from webapp.pages.orders.lists import order_list
from webapp.services.order_steps.moves import comment_on_order
from webapp.services.orders import coupons
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, change_order, create_order
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, form_version, run_once, try_once

LONGEST_REFERENCE, LONGEST_NOTE = 100, 2000


@bp.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    """Orders by tab, filter and sort, all of it in the address."""
    page = order_list(request.args.to_dict(), current_user)
    return htmx.piece_or_page("orders/_list.html", "orders/index.html", page=page)


@bp.get("/new")
@requires(Permission.ORDERS_WRITE)
def new() -> str:
    """Begin an order: choose the customer."""
    text = request.args.get("customer", "")
    choices = find_customers(text, current_user)
    return htmx.piece_or_page(
        "orders/_customers.html", "orders/new.html", typed=request.args, choices=choices, text=text, refusal=None
    )


@bp.post("")
@requires(Permission.ORDERS_WRITE)
def create() -> Response | tuple[str, int]:
    """Enter an order or a quote for the customer that was typed or chosen."""
    attempt = try_once(_create)
    if attempt.refusal:
        return _new_again(attempt), attempt.status
    kind = "Quote" if request.form.get("as_quote") == "yes" else "Order"
    return htmx.go_to(attempt.data["url"], said=f"{kind} {attempt.data['number']} is entered as a draft.")


@bp.get("/<number>")
@requires(Permission.ORDERS_READ)
def show(number: str) -> str | Response:
    """The document. ``?why=3`` opens the derivation of line 3's price, ``?entry=…`` fills the entry."""
    page = the_page(number)
    if request.path != page.url:
        return redirect(page.url)
    return render_template("orders/show.html", page=page, why=request.args.get("why", type=int), entry="")


@bp.post("/<number>/comments")
@requires(Permission.ORDERS_READ)
def create_comment(number: str) -> Response:
    """A note for everybody who reads the order."""
    visible_order(number, current_user)
    text = clean(request.form.get("text"), field="text", max_length=LONGEST_NOTE, multiline=True, required=True)
    run_once(lambda: {"id": comment_on_order(number, text, actor=current_user).id})
    return order_again(number, "Your comment is on the order.")


@bp.post("/<number>/copy")
@requires(Permission.ORDERS_WRITE)
def create_copy(number: str) -> Response:
    """A new draft with the same items at the prices of today."""
    is_quote = visible_order(number, current_user).order_number is None
    made = run_once(lambda: _named(copy_order(number, as_quote=is_quote, actor=current_user)))
    return htmx.go_to(made["url"], said=f"{made['number']} is a copy of {number} at the prices of today.")


@bp.post("/<number>/head")
@requires(Permission.ORDERS_WRITE)
def update_head(number: str) -> Response:
    """Their order number, the promised date, the discount on the whole order, notes."""
    visible_order(number, current_user)
    run_once(lambda: _named(change_order(number, version=form_version(), actor=current_user, **_head_of(request.form))))
    return order_again(number, "Saved.")


@bp.post("/<number>/coupons")
@requires(Permission.ORDERS_WRITE)
def create_coupon(number: str) -> Response:
    """Let a coupon's promotion count for the order."""
    visible_order(number, current_user)
    code = request.form.get("coupon", "")
    run_once(lambda: _named(coupons.enter_coupon(number, code, version=form_version(), actor=current_user)))
    return order_again(number, f"Coupon {code.strip().upper()} is entered.")


@bp.route("/<number>/coupons/<code>", methods=["POST", "DELETE"])
@requires(Permission.ORDERS_WRITE)
def remove_coupon(number: str, code: str) -> Response:
    """Take a coupon off."""
    visible_order(number, current_user)
    run_once(lambda: _named(coupons.remove_coupon(number, code, version=form_version(), actor=current_user)))
    return order_again(number, f"Coupon {code} is taken off.")


def _create() -> dict[str, Any]:
    form = request.form
    chosen = form.get("choice") or form.get("customer", "")
    customer = the_customer(chosen, current_user)
    given = OrderInput(
        customer=customer.code,
        as_quote=form.get("as_quote") == "yes",
        customer_reference=_reference(form),
        requested_date=parse_date(form["requested_date"], field="requested_date")
        if form.get("requested_date")
        else None,
    )
    return _named(create_order(given, actor=current_user))


def _new_again(attempt: Attempt) -> str:
    choices = getattr(attempt.refusal, "choices", ())
    return htmx.piece_or_page(
        "orders/_new.html",
        "orders/new.html",
        typed=request.form,
        text=request.form.get("customer", ""),
        choices=choices,
        refusal=attempt.refusal,
    )


def _head_of(form: Any) -> dict[str, Any]:
    return {
        "customer_reference": _reference(form),
        "requested_date": parse_date(form["requested_date"], field="promised_date")
        if form.get("requested_date")
        else None,
        "order_discount_percent": parse_percent(
            form.get("order_discount_percent") or "0", field="order_discount", decimal_comma=decimal_comma()
        ),
        "notes": clean(form.get("notes"), field="notes", max_length=LONGEST_NOTE, multiline=True),
    }


def _reference(form: Any) -> str:
    return clean(form.get("customer_reference"), field="customer_reference", max_length=LONGEST_REFERENCE)


def _named(order: Any) -> dict[str, Any]:
    return {"number": order.number, "url": at.order_page(order)}
