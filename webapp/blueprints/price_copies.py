"""Copying a price list with a change: what it would do, and then publishing exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.importing.fields import written
from webapp.domain.permissions import Permission
from webapp.models import PriceList
from webapp.pages.pricing.lists import find_list
from webapp.queries.pricing.copies import Preview, preview_copy
from webapp.services.pricing import copies as price_copies
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import attempt, form_version, try_once
from webapp.web.forms.records import Field, RecordForm, Section, day, fields_of, number, typed_whole
from webapp.web.forms.typed import neutral
from webapp.web.list_addresses import list_address

bp = Blueprint("price_copies", __name__, url_prefix="/prices/lists/<code>/copies")

FORM = [
    Section(
        "Change",
        [
            [
                day("valid_from", "Valid from", optional=False, hint="The date of the order counts."),
                number("percent", "Change in percent", hint="5 makes prices 5 % dearer, −5 cheaper."),
            ],
            [
                number("rounding_step", "Step between two prices", hint="0.01 for whole cents, 1 for endings."),
                number("rounding_ending", "Ending", hint="0.99 with a step of 1 gives 9.99, 10.99."),
            ],
            [Field("rounding", "Which of them", "select", optional=False,
                   options=[("UP", "The next one up"), ("NEAREST", "The nearest")])],
        ],
    ),
    Section(
        "Where the new prices go",
        [
            [
                Field("new_code", "Code of a new list", css="w-12", hint="Empty: onto this list."),
                Field("new_name", "Its name"),
            ],
            [Field("is_active", "Put the new list in use", "check",
                   hint="Without it the new list is a draft: no order takes its prices.")],
        ],
    ),
]  # fmt: skip
NAMES = tuple(field.name for field in fields_of(FORM))


@bp.get("/new")
@requires(Permission.PRICES_WRITE)
def new(code: str) -> str | tuple[str, int]:
    """The form, and once it is filled in what the copy would do."""
    price_list = find_list(code)
    if not request.args.get("valid_from"):
        return _page(price_list, _first_values(price_list) | _asked())
    asked = attempt(lambda: {"preview": _preview(price_list, _asked())})
    return _page(price_list, _asked(), asked.refusal, asked.data.get("preview")), asked.status


@bp.post("")
@requires(price_copies.copy_price_list)
def create(code: str) -> Response | tuple[str, int]:
    """Publish what was looked at."""
    price_list, values, version = find_list(code), typed_whole(FORM), form_version()
    if version is None:
        raise BadInput("The form does not say which version it was made from. Load the page again.", field="version")
    published = try_once(
        lambda: {
            "code": price_copies.copy_price_list(code, version=version, actor=current_user, **values).code,
        }
    )
    if published.refusal:
        again = attempt(lambda: {"preview": _preview(price_list, values)})
        return _page(price_list, values, published.refusal, again.data.get("preview")), published.status
    to = published.data["code"]
    said = f"The new prices of {to} are published." if to == code else f"Price list {to} is made."
    return htmx.go_to(url_for("prices.show", code=to), said=said)


# --- pages -----------------------------------------------------------------------------------------------------------


def _asked() -> dict[str, str]:
    """What the address asks for, numbers as services read them."""
    found = {}
    for field in fields_of(FORM):
        text = request.args.get(field.name, "")
        if field.kind == "check":
            found[field.name] = "yes" if text else "no"
        elif field.name in request.args:
            found[field.name] = neutral(text) if field.is_number else text
    return found


def _first_values(price_list: PriceList) -> dict[str, str]:
    """A form that begins with the list's own rounding."""
    shape = {name: getattr(price_list, name) for name in ("rounding", "rounding_step", "rounding_ending")}
    return {name: written(value) for name, value in shape.items() if value or name == "rounding"}


def _preview(price_list: PriceList, values: Mapping[str, str]) -> Preview:
    copying = price_copies.read_copy(values)
    return preview_copy(price_list, copying, user=current_user, cursor=request.args.get("cursor"))


def _page(
    price_list: PriceList,
    values: Mapping[str, str],
    refusal: DomainError | None = None,
    preview: Preview | None = None,
) -> str:
    form = RecordForm(FORM, values, refusal)
    context: dict[str, Any] = {
        "price_list": price_list,
        "form": form,
        "preview": preview,
        "sent": [(field.name, form.shown(field)) for field in fields_of(FORM)],
        "address": list_address("price_copies.new", NAMES, code=price_list.code),
    }
    return render_template("prices/copy.html", **context)
