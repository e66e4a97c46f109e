"""The list of orders, a new one, and the page of one."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import named, the_page
from webapp.blueprints.orders.head import typed_reference
from webapp.domain.numbers import parse_date
from webapp.domain.permissions import Permission
from webapp.pages.customers.search import find_customers, the_customer
from webapp.pages.orders.lists import order_list
from webapp.services.orders.entry import OrderInput, create_order
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, try_once

LONGEST_REFERENCE, LONGEST_NOTE = 100, 2000


@bp.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    """Orders by tab, filter and sort, all of it in the address."""
    page = order_list(request.args.to_dict(), current_user)
    return htmx.piece_or_page("orders/_list.html", "orders/index.html", page=page)


@bp.get("/new")
@requires(create_order)
def new() -> str:
    """Begin an order: choose the customer."""
    text = request.args.get("customer", "")
    choices = find_customers(text, current_user)
    return htmx.piece_or_page(
        "orders/_customers.html", "orders/new.html", typed=request.args, choices=choices, text=text, refusal=None
    )


@bp.post("")
@requires(create_order)
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


def _create() -> dict[str, Any]:
    form = request.form
    chosen = form.get("choice") or form.get("customer", "")
    customer = the_customer(chosen, current_user)
    given = OrderInput(
        customer=customer.code,
        as_quote=form.get("as_quote") == "yes",
        customer_reference=typed_reference(),
        requested_date=parse_date(form["requested_date"], field="requested_date")
        if form.get("requested_date")
        else None,
    )
    return named(create_order(given, actor=current_user))


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
