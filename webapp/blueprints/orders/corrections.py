"""Correcting the price of goods that were credited to be billed again."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import the_page
from webapp.domain.numbers import parse_price, parse_whole
from webapp.domain.orders.counts import to_bill_again
from webapp.formats import decimal_comma
from webapp.services.invoices.price_corrections import correct_price
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.forms.typed import Typed, as_typed
from webapp.web.htmx import go_to, piece_or_page


@bp.get("/<number>/price-corrections/new")
@requires(correct_price)
def new_correction(number: str) -> str:
    """The lines that wait to be billed again, with their prices."""
    return _form(number, Typed())


@bp.post("/<number>/price-corrections")
@requires(correct_price)
def create_correction(number: str) -> Response | tuple[str, int]:
    """Set the right price of one line."""
    attempt = try_once(lambda: _correct(number))
    if attempt.refusal:
        return _form(number, as_typed(attempt.refusal, subject="unit_price")), attempt.status
    return go_to(url_for("orders.show", number=number), said=f"The price on {number} is corrected.")


def _correct(number: str) -> dict[str, Any]:
    line_number = parse_whole(request.form.get("line_number", ""), field="line_number")
    price = parse_price(request.form.get("unit_price", ""), field="unit_price", decimal_comma=decimal_comma())
    reason = request.form.get("reason", "")
    order = correct_price(number, line_number, price, reason=reason, version=form_version(), actor=current_user)
    return {"number": order.number}


def _form(number: str, form: Typed) -> str:
    order = the_page(number).order
    return piece_or_page(
        "orders/_correction.html",
        "orders/correction.html",
        order=order,
        lines=[line for line in order.lines if to_bill_again(line.counts)],
        form=form,
    )
