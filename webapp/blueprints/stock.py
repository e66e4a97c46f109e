"""Stock: what lies where, how it moved, goods that come in, and counts that are put right."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain import numbers
from webapp.domain.errors import BadInput, DomainError
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import MovementKind
from webapp.pages.stock.card import holders_named, sku_of, stock_card
from webapp.pages.stock.lists import StockFilter, all_locations, list_stock
from webapp.pages.stock.movements import MovementFilter, list_movements
from webapp.services.stock.receipts import ReceiptLine, adjust_stock, receive_stock
from webapp.web import htmx
from webapp.web.addresses import here_with
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import try_once
from webapp.web.forms.typed import neutral

bp = Blueprint("stock", __name__, url_prefix="/stock")

Row = dict[str, str]
LINE_FIELDS = ("sku", "quantity", "unit_cost", "batch", "expires_on", "serials")
ROWS, MOST_ROWS = 5, 500
KINDS = tuple((kind.value, kind.value.replace("_", " ").capitalize()) for kind in MovementKind)


# -- lists ------------------------------------------------------------------------------------------------------------


@bp.get("")
@requires(Permission.STOCK_READ)
def index() -> str:
    """What lies where; search while typing, filters in the address."""
    wanted = StockFilter(
        text=request.args.get("q", "").strip(),
        location=request.args.get("location", ""),
        low_only=bool(request.args.get("low")),
    )
    found = list_stock(wanted, cursor=request.args.get("cursor"))
    return htmx.piece_or_page(
        "stock/_list.html",
        "stock/index.html",
        found=found,
        wanted=wanted,
        locations=all_locations(),
        here_with=here_with,
    )


@bp.get("/movements")
@requires(Permission.STOCK_READ)
def movements() -> str:
    """Every change of stock, the newest first."""
    day = fields.optional(fields.day)
    wanted = MovementFilter(
        text=request.args.get("q", "").strip(),
        sku=request.args.get("sku", ""),
        location=request.args.get("location", ""),
        kind=MovementKind(request.args["kind"]) if request.args.get("kind") in set(MovementKind) else None,
        moved_from=day(request.args.get("from", ""), "from"),
        moved_to=day(request.args.get("to", ""), "to"),
    )
    found = list_movements(wanted, viewer=current_user, cursor=request.args.get("cursor"))
    return htmx.piece_or_page(
        "stock/_movements.html",
        "stock/movements.html",
        found=found,
        wanted=wanted,
        kinds=KINDS,
        locations=all_locations(),
        here_with=here_with,
    )


@bp.get("/<sku>")
@requires(Permission.STOCK_READ)
def show(sku: str) -> str:
    """One item's stock: places, batches and serial numbers, who holds it, how it moved."""
    return render_template("stock/show.html", card=stock_card(sku, viewer=current_user))


# -- goods that come in -----------------------------------------------------------------------------------------------


@bp.get("/receipts/new")
@requires(Permission.STOCK_WRITE)
def new_receipt() -> str:
    """An empty receipt, with the item of ``?sku=`` on its first line."""
    return _receipt({"location": request.args.get("location", "")}, [{"sku": request.args.get("sku", "")}])


@bp.post("/receipts")
@requires(receive_stock)
def create_receipt() -> Response | str | tuple[str, int]:
    """Take the goods in; ``act=more`` only gives more lines to fill."""
    values, rows = request.form.to_dict(), _typed_rows()
    if request.form.get("act") == "more":
        return _receipt(values, rows, more=ROWS)
    attempt = try_once(lambda: _receive(values, rows))
    if attempt.refusal:
        return _receipt(values, rows, refusal=attempt.refusal), attempt.status
    said = f"{len(rows)} {'line' if len(rows) == 1 else 'lines'} received at {values.get('location')}."
    return htmx.go_to(url_for("stock.movements", q=values.get("reference") or None), said=said)


def _receive(values: Mapping[str, str], rows: list[Row]) -> Mapping[str, Any]:
    head = fields.read_whole(HEAD, {name: values.get(name, "") for name in HEAD})
    table = {f"lines.{n}.{name}": _of_line(name) for n in range(len(rows)) for name in LINE_FIELDS}
    read = fields.read(table, {f"lines.{n}.{name}": row[name] for n, row in enumerate(rows) for name in LINE_FIELDS})
    lines = [ReceiptLine(**{name: read[f"lines.{n}.{name}"] for name in LINE_FIELDS}) for n in range(len(rows))]
    moved = receive_stock(
        head["location"], lines, reference=head["reference"], received_on=head["received_on"], actor=current_user
    )
    return {"movements": moved}


def _serials(value: Any, _field: str) -> list[str]:
    """Serial numbers with commas, blanks or line ends between them."""
    return str(value).replace(",", " ").replace(";", " ").split()


HEAD: fields.Table = {
    "location": fields.text(40, required=True),
    "reference": fields.text(100),
    "received_on": fields.optional(fields.day),
}
READERS: fields.Table = {
    "sku": fields.text(60, required=True),
    "quantity": lambda value, field: numbers.parse_quantity(neutral(value), field=field),
    "unit_cost": fields.optional(lambda value, field: fields.price(neutral(value), field)),
    "batch": fields.text(60),
    "expires_on": fields.optional(fields.day),
    "serials": _serials,
}


def _of_line(name: str) -> fields.Reader:
    """The reader of a line's field, whose sentences name the field alone."""
    return lambda value, _field: READERS[name](value, name)


def _typed_rows() -> list[Row]:
    """The lines into which something was typed."""
    rows = [{name: request.form.get(f"lines.{n}.{name}", "").strip() for name in LINE_FIELDS} for n in range(MOST_ROWS)]
    return [row for row in rows if any(row.values())]


def _receipt(values: Mapping[str, str], rows: list[Row], *, refusal: DomainError | None = None, more: int = 0) -> str:
    blank = dict.fromkeys(LINE_FIELDS, "")
    shown = [{**blank, **row} for row in rows]
    shown += [blank] * max(more, ROWS - len(rows))
    return htmx.piece_or_page(
        "stock/_receipt.html",
        "stock/receipt.html",
        values=values,
        rows=shown,
        refusal=refusal,
        errors=_errors(refusal),
        locations=all_locations(),
    )


# -- counts put right -------------------------------------------------------------------------------------------------


@bp.get("/adjustments/new")
@requires(Permission.STOCK_WRITE)
def new_adjustment() -> str:
    """An empty adjustment, or of the item and location in the address."""
    return _adjustment(request.args.to_dict())


@bp.post("/adjustments")
@requires(adjust_stock)
def create_adjustment() -> Response | tuple[str, int]:
    """Put stock right; what orders hold is given back only on the clerk's word."""
    values = request.form.to_dict()
    attempt = try_once(lambda: _adjust(values))
    if attempt.refusal:
        return _adjustment(values, refusal=attempt.refusal), attempt.status
    return htmx.go_to(url_for("stock.show", sku=attempt.data["sku"]), said=f"{attempt.data['sku']} is put right.")


def _adjust(values: Mapping[str, str]) -> Mapping[str, Any]:
    given = fields.read_whole(ADJUSTMENT, {name: values.get(name, "") for name in ADJUSTMENT})
    movement_id = adjust_stock(
        given["location"],
        given["sku"],
        given["quantity"],
        reason=given["reason"],
        batch=given["batch"],
        serial=given["serial"],
        release=given["release"],
        actor=current_user,
    )
    return {"movement": movement_id, "sku": sku_of(given["sku"])}


def _signed(value: Any, field: str) -> Decimal:
    return numbers.parse_signed_quantity(neutral(value), field=field)


ADJUSTMENT: fields.Table = {
    "location": fields.text(40, required=True),
    "sku": fields.text(60, required=True),
    "quantity": _signed,
    "reason": fields.text(500, required=True),
    "batch": fields.text(60),
    "serial": fields.text(60),
    "release": fields.flag,
}


def _adjustment(values: Mapping[str, str], *, refusal: DomainError | None = None) -> str:
    return htmx.piece_or_page(
        "stock/_adjustment.html",
        "stock/adjustment.html",
        values=values,
        refusal=refusal,
        errors=_errors(refusal),
        holders=holders_named(values.get("sku", ""), values.get("location", ""), viewer=current_user),
        locations=all_locations(),
    )


def _errors(refusal: DomainError | None) -> list[tuple[str | None, str]]:
    """Each wrong field with its sentence; a refusal of the whole has no field."""
    if refusal is None:
        return []
    if not isinstance(refusal, BadInput):
        return [(None, refusal.message)]
    named = [(name, sentence) for name, sentence in refusal.details.items() if name.split(".")[-1] in TYPED]
    return [(name, str(sentence)) for name, sentence in named] or [(None, refusal.message)]


TYPED = {*HEAD, *READERS, *ADJUSTMENT}
