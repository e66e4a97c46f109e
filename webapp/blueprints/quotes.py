"""Quotes: their list, and what only a quote can: become an order, or be offered again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from webapp.domain.numbers import parse_whole
from webapp.domain.permissions import Permission
from webapp.models import Order
from webapp.pages import addresses as at
from webapp.pages.orders.lists import quote_list
from webapp.pages.orders.page import order_page
from webapp.services.company import the_company
from webapp.services.order_steps.moves import accept_quote, revise_quote
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import run_once

bp = Blueprint("quotes", __name__, url_prefix="/quotes")

LONGEST_VALIDITY = 3650


@bp.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    """Quotes by tab, filter and sort, all of it in the address."""
    page = quote_list(request.args.to_dict(), current_user)
    return htmx.piece_or_page("orders/_list.html", "orders/index.html", page=page)


@bp.get("/<number>")
@requires(Permission.ORDERS_READ)
def show(number: str) -> str | Response:
    """The quote; once it was accepted, the order it became."""
    page = order_page(number, current_user)
    if request.path != page.url:
        return redirect(page.url)
    return render_template("orders/show.html", page=page, why=request.args.get("why", type=int), entry="")


@bp.post("/<number>/acceptance")
@requires(accept_quote)
def create_acceptance(number: str) -> Response:
    """The customer says yes: the quote becomes a draft order at its prices."""
    made = run_once(lambda: _named(accept_quote(number, actor=current_user)))
    return htmx.go_to(made["url"], said=f"{number} is now order {made['number']}.")


@bp.post("/<number>/revision")
@requires(revise_quote)
def create_revision(number: str) -> Response:
    """Offer it again, valid from today."""
    days = parse_whole(
        request.form.get("valid_days") or the_company().quote_days, field="valid_days", minimum=1,
        maximum=LONGEST_VALIDITY,
    )  # fmt: skip
    made = run_once(lambda: _named(revise_quote(number, valid_days=days, actor=current_user)))
    return htmx.go_to(made["url"], said=f"{number} is valid for {days} days again.")


def _named(order: Order) -> dict[str, Any]:
    return {"number": order.number, "url": at.order_page(order)}
