"""Lines of an order: one typed, many pasted, cells changed in place, why a price is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from webapp.blueprints.orders import bp
from webapp.blueprints.orders.answers import given_reason, named, order_again, the_page
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.numbers import parse_percent, parse_price, parse_quantity
from webapp.domain.orders.entry import Entry, PastedRows, parse_entry, parse_rows
from webapp.domain.permissions import Permission
from webapp.formats import decimal_comma
from webapp.pages.orders.page import LineView, OrderPage, line_prices
from webapp.queries.orders.sums import order_without_lines
from webapp.services.order_steps.moves import short_close_line
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.line_preview import line_input, quote_entry
from webapp.services.orders.lines import LineInput
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, attempt, form_version, run_once, try_once

UNPROCESSABLE = 422
MOST_ROWS_NAMED = 20


# -- entry ----------------------------------------------------------------------------------------------------------


@bp.get("/<number>/entry")
@requires(Permission.ORDERS_READ)
def show_entry(number: str) -> str:
    """What the typed line would come to: figures only, never the field itself."""
    order = order_without_lines(number, current_user)
    text = request.args.get("entry", "").strip()
    read = attempt(lambda: {"quote": quote_entry(order, _read(text), current_user)} if text else {})
    return render_template("orders/_entry_quote.html", order=order, text=text, read=read)


@bp.post("/<number>/lines")
@requires(add_lines)
def create_lines(number: str) -> Response | str | tuple[str, int]:
    """Add the typed line, or all pasted rows, or say why not; nothing typed is lost."""
    before = line_prices(number)
    done = try_once(lambda: _add(number))
    page = the_page(number)
    if done.refusal:
        return _entry_again(page, done), done.status
    added = [view for view in page.lines if view.number >= done.data["first"]]
    others = page.changed_since({**before, **{view.number: view.line.unit_price for view in added}}, besides=0)
    said = f"{len(added)} line{'' if len(added) == 1 else 's'} added."
    if "rows" in request.form or done.replayed or others is None or len(added) > done.data["entered"]:
        return order_again(number, said)
    return htmx.piece_or_redirect(
        "orders/_entry_answer.html",
        to=f"{page.url}#entry",
        also=("orders/_new_rows.html", "orders/_other_lines.html", "orders/_keys.html", "orders/_aside.html"),
        page=page,
        added=added,
        others=others,
        refusal=None,
        entry="",
    )


def _add(number: str) -> dict[str, Any]:
    inputs = _pasted(request.form["rows"]) if "rows" in request.form else [_typed(request.form)]
    order = add_lines(number, inputs, version=form_version(), actor=current_user)
    first = max(line.line_number for line in order.lines if line.free_with_id is None) - len(inputs) + 1
    return {"first": first, "entered": len(inputs)}


def _read(text: str) -> Entry:
    return parse_entry(text, decimal_comma=decimal_comma())


def _typed(form: Mapping[str, str]) -> LineInput:
    entry = _read(form.get("entry", ""))
    if form.get("pick"):
        entry = replace(entry, search=form["pick"])
    return line_input(entry)


def _pasted(text: str) -> list[LineInput]:
    read = parse_rows(text, decimal_comma=decimal_comma())
    if read.errors or not read.entries:
        raise BadInput(_problems(read), field="rows")
    return [
        LineInput(
            sku=entry.search,
            quantity=Decimal(1) if entry.quantity is None else entry.quantity,
            unit_price=entry.unit_price,
            discount_percent=entry.discount_percent or Decimal(0),
        )
        for entry in read.entries
    ]


def _problems(read: PastedRows) -> str:
    if not read.errors:
        return "There is no row to add."
    named = " ".join(f"Row {error.row}: {error.message}" for error in read.errors[:MOST_ROWS_NAMED])
    return f"Nothing was added. {named}"


def _entry_again(page: OrderPage, done: Attempt) -> str:
    pasted = "rows" in request.form
    return htmx.piece_or_page(
        "orders/_paste.html" if pasted else "orders/_entry_answer.html",
        "orders/show.html",
        also=("orders/_keys.html",),
        pasted=pasted,
        page=page,
        added=[],
        refusal=done.refusal,
        choices=getattr(done.refusal, "choices", ()),
        entry=request.form.get("entry", ""),
        rows=request.form.get("rows", ""),
    )


# -- one line -------------------------------------------------------------------------------------------------------


@bp.get("/<number>/lines/<int:line_number>/price")
@requires(Permission.ORDERS_READ)
def show_price(number: str, line_number: int) -> str:
    """Why this price: every rule that won or lost. ``?shown=no`` folds it away again."""
    page = the_page(number)
    view = _line(page, line_number)
    is_open = request.args.get("shown") != "no"
    return htmx.piece_or_page("orders/_why.html", "orders/show.html", page=page, view=view, why=line_number * is_open)


@bp.post("/<number>/lines/<int:line_number>/removal")
@bp.delete("/<number>/lines/<int:line_number>")
@requires(remove_line)
def delete_line(number: str, line_number: int) -> Response:
    """Take the line off."""
    run_once(lambda: named(remove_line(number, line_number, version=form_version(), actor=current_user)))
    return order_again(number, f"Line {line_number} is taken off.")


@bp.post("/<number>/lines/<int:line_number>")
@requires(change_line)
def update_line(number: str, line_number: int) -> Response | tuple[str, int]:
    """Save the cells of one line."""
    before = line_prices(number)
    done = try_once(lambda: {"number": _change(number, line_number)})
    page = the_page(number)
    view = _line(page, line_number)
    if done.refusal is None:
        others = page.changed_since(before, besides=line_number)
        if others is None:
            return order_again(number, f"Line {line_number} is saved, and what comes free with it follows.")
        return htmx.piece_or_redirect(
            "orders/_line_note.html",
            to=f"{page.url}#line-{line_number}",
            also=("orders/_line_facts.html", "orders/_other_lines.html", "orders/_aside.html"),
            page=page,
            view=view,
            others=others,
            refusal=None,
        )
    again = htmx.piece_or_page(
        "orders/_line_note.html",
        "orders/show.html",
        also=("orders/_line_key.html",),
        page=page,
        view=view,
        refusal=done.refusal,
        wrong_line=line_number,
        typed=request.form,
        entry="",
    )
    return again, done.status


@bp.post("/<number>/lines/<int:line_number>/short-close")
@requires(short_close_line)
def create_short_close(number: str, line_number: int) -> Response:
    """Give up the rest of a line, with a reason."""
    run_once(lambda: named(short_close_line(number, line_number, reason=given_reason(), actor=current_user)))
    return order_again(number, f"The rest of line {line_number} is closed short.")


def _change(number: str, line_number: int) -> str:
    form = request.form
    order = change_line(
        number,
        line_number,
        quantity=parse_quantity(form["quantity"], decimal_comma=decimal_comma()) if "quantity" in form else None,
        unit_price=parse_price(form["unit_price"], decimal_comma=decimal_comma()) if form.get("unit_price") else None,
        discount_percent=parse_percent(form["discount_percent"] or "0", field="discount", decimal_comma=decimal_comma())
        if "discount_percent" in form
        else None,
        forget_typed_price="unit_price" in form and not form["unit_price"].strip(),
        version=form_version(),
        actor=current_user,
    )
    return order.number


def _line(page: OrderPage, line_number: int) -> LineView:
    view = page.line(line_number)
    if view is None:
        raise NotFound(f"{page.order.label} has no line {line_number}.")
    return view
