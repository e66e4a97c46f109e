"""What every change of an order answers: the order again, as it is after the commit."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from webapp.models import Order
from webapp.pages import addresses as at
from webapp.pages.orders.page import OrderPage, order_page
from webapp.web import htmx
from webapp.web.addresses import own_or_home
from webapp.web.auth import current_user


def the_page(number: str) -> OrderPage:
    """The order as this user sees it now. Raises NotFound."""
    return order_page(number, current_user)


def order_again(number: str, said: str) -> Response:
    """The whole document for htmx, its page for a plain form; where the form says ``next``, that page. All say what was
    done."""
    if request.form.get("next"):
        return htmx.go_to(own_or_home(request.form["next"]), said=said)
    page = the_page(number)
    answer = htmx.piece_or_redirect(
        "orders/_order.html", to=page.url, said=said, also=("orders/_head.html",), page=page, entry=""
    )
    answer.headers["HX-Retarget"] = "#order"
    answer.headers["HX-Reswap"] = "outerHTML show:none"
    return answer


def named(order: Order) -> dict[str, Any]:
    """What the outcome of a step keeps of an order: its number and where it is shown."""
    return {"number": order.number, "url": at.order_page(order)}


def given_reason() -> str:
    """The reason in this request's form."""
    return request.form.get("reason", "")


def held_or(held: bool, number: str, otherwise: str) -> str:
    """What was done, unless credit ran out meanwhile."""
    return f"Credit ran out: {number} is on credit hold." if held else otherwise
