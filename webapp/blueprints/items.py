"""Items: the list, an item's page with stock and prices, and its form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput
from webapp.domain.importing.records import written_units
from webapp.domain.permissions import Permission
from webapp.models import Variant
from webapp.pages.items.lists import ItemFilter, category_tree, item_choices, item_list
from webapp.pages.items.page import find_item, item_page
from webapp.queries.company import company
from webapp.queries.items.records import item_record
from webapp.services.items import records as items
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.forms.records import Field, RecordForm, Section, number, shown, typed, typed_whole
from webapp.web.list_addresses import list_address

bp = Blueprint("items", __name__, url_prefix="/items")

FILTERS = ("q", "category", "state", "sort")
STATES = (("", "In use"), ("low", "Below reorder level"), ("inactive", "Out of use"))
TRACKINGS = (("NONE", "Not told apart"), ("BATCH", "By batch"), ("SERIAL", "By serial number"))


@bp.get("")
@requires(Permission.ITEMS_READ)
def index() -> str:
    """The list: search while typing, filters in the address."""
    address = list_address("items.index", FILTERS)
    wanted = ItemFilter(**address.given)
    found = item_list(wanted, cursor=request.args.get("cursor"))
    chips = address.chips(
        {
            "q": lambda words: f"“{words}”",
            "category": lambda name: f"Category: {name}",
            "state": lambda state: dict(STATES).get(state, state),
        }
    )
    return htmx.piece_or_page(
        "items/_list.html",
        "items/index.html",
        found=found,
        wanted=wanted,
        address=address,
        chips=chips,
        categories=category_tree(),
        states=STATES,
        currency=_base_currency(),
    )


@bp.get("/new")
@requires(Permission.ITEMS_WRITE)
def new() -> str:
    """An empty form."""
    return render_template("items/new.html", form=RecordForm(_sections(is_new=True), NEW))


@bp.post("")
@requires(items.add_item)
def create() -> Response | tuple[str, int]:
    """Add an item."""
    sections = _sections(is_new=True)
    values: dict[str, Any] = typed_whole(sections)
    attempt = try_once(lambda: {"sku": items.add_item(actor=current_user, **values).sku})
    if attempt.refusal:
        return render_template("items/new.html", form=RecordForm(sections, values, attempt.refusal)), attempt.status
    sku = attempt.data["sku"]
    return htmx.go_to(url_for("items.show", sku=sku), said=f"Item {sku} is added.")


@bp.get("/<sku>")
@requires(Permission.ITEMS_READ)
def show(sku: str) -> str:
    """An item: facts, stock by location, prices, history."""
    page = item_page(sku, current_user, _base_currency())
    return render_template(
        "items/show.html",
        page=page,
        variant=page.variant,
        currency=_base_currency(),
        sees_cost=can(Permission.COSTS_READ),
        trackings=dict(TRACKINGS),
    )


@bp.get("/<sku>/edit")
@requires(Permission.ITEMS_WRITE)
def edit(sku: str) -> str:
    """The record in a form."""
    variant = find_item(sku)
    return _edit_page(variant, RecordForm(_sections(), _shown(variant)))


@bp.post("/<sku>")
@requires(items.change_item)
def update(sku: str) -> Response | tuple[str, int]:
    """Change the record."""
    variant, sections = find_item(sku), _sections()
    values, version = typed(sections), form_version()
    if version is None:
        raise BadInput("The form does not say which version it was made from. Load the page again.", field="version")
    attempt = try_once(
        lambda: {"version": items.change_item(sku, version=version, actor=current_user, **values).version}
    )
    if attempt.refusal:
        form = RecordForm(sections, _shown(variant) | values, attempt.refusal)
        return _edit_page(variant, form), attempt.status
    return htmx.go_to(url_for("items.show", sku=sku), said=f"{sku} is saved.")


NEW = {"unit": "pcs", "quantity_step": "1", "tracking": "NONE", "is_active": "yes"}


def _edit_page(variant: Variant, form: RecordForm) -> str:
    return render_template("items/edit.html", variant=variant, form=form)


def _shown(variant: Variant) -> dict[str, str]:
    record: dict[str, Any] = item_record(variant)
    return shown(record | {"units": written_units(record["units"])})


def _base_currency() -> str:
    ours = company()
    return ours.base_currency if ours else "EUR"


def _sections(*, is_new: bool = False) -> list[Section]:
    choices = item_choices()
    categories = [(row.name, "\N{NO-BREAK SPACE}" * 3 * row.depth + row.name) for row in choices.categories]
    head = [Field("name", "Name", optional=False)]
    if is_new:
        head.insert(0, Field("sku", "SKU", css="w-12", optional=False, hint="What documents and files name."))
    return [
        Section(
            "What it is",
            [
                head,
                [
                    Field("item", "Variant of", hint="The name it shares with its other sizes or colours."),
                    Field("category", "Category", "select", options=[("", "None"), *categories]),
                ],
                [
                    Field("barcode", "Barcode", css="w-12"),
                    Field("tracking", "Stock is told apart", "select", options=TRACKINGS,
                          hint="Fixed once stock has moved."),
                ],
                [Field("description", "Description", "area")],
            ],
        ),
        Section(
            "Units and quantities",
            [
                [
                    Field("unit", "Base unit", css="w-9", hint="Stock is counted in it."),
                    number("quantity_step", "Smallest quantity", hint="1, or for example 0.001 of a kg."),
                ],
                [Field("units", "Further units", hint="Base units in each, like case=24; pallet=960.")],
                [
                    number("minimum_quantity", "Least to order"),
                    number("multiple_quantity", "Ordered in multiples of"),
                    number("reorder_level", "Reorder level"),
                ],
            ],
        ),
        Section(
            "Price and tax",
            [
                [
                    number("base_price", f"Base price, {_base_currency()}", hint="When no list has a price."),
                    Field("tax_code", "Tax code", "select", optional=False, options=choices.tax_codes),
                ],
                [Field("is_active", "In use", "check")],
            ],
            "cost follows from receipts",
        ),
    ]  # fmt: skip
