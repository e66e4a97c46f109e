"""Promotions: the list, one with what it meets, its form, publishing and ending; and trying a price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput
from webapp.domain.money import CURRENCIES
from webapp.domain.permissions import Permission
from webapp.domain.promotions.terms import Benefit
from webapp.models import Promotion
from webapp.pages.promotions.lists import promotion_list
from webapp.pages.promotions.page import find_promotion, promotion_page
from webapp.queries.company import company
from webapp.queries.promotions.records import promotion_record
from webapp.services.promotions import authoring as promotions
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, run_once, try_once
from webapp.web.forms.records import Field, RecordForm, Section, day, number, shown, typed, typed_whole
from webapp.web.list_addresses import list_address

bp = Blueprint("promotions", __name__, url_prefix="/promotions")

FILTERS = ("q", "state")
STATES = (("", "Any state"), ("DRAFT", "Draft"), ("PUBLISHED", "Published"), ("ENDED", "Ended"))
BENEFITS = (
    (Benefit.PERCENT.value, "Percent off"),
    (Benefit.AMOUNT.value, "An amount off each"),
    (Benefit.FIXED_PRICE.value, "A fixed price"),
    (Benefit.FREE_GOODS.value, "Free goods"),
)


@bp.get("")
@requires(Permission.PRICES_READ)
def index() -> str:
    """The list: search while typing, filters in the address."""
    address = list_address("promotions.index", FILTERS)
    page, views = promotion_list(q=address.value("q"), state=address.value("state"), cursor=request.args.get("cursor"))
    return htmx.piece_or_page(
        "promotions/_list.html",
        "promotions/index.html",
        page=page,
        views=views,
        address=address,
        states=STATES,
        chips=address.chips({"q": lambda words: f"“{words}”", "state": lambda state: dict(STATES).get(state, state)}),
    )


@bp.get("/new")
@requires(Permission.PRICES_WRITE)
def new() -> str:
    """An empty form."""
    return _new_page(RecordForm(_sections(None), {"benefit": Benefit.PERCENT.value, "currency": _base_currency()}))


@bp.post("")
@requires(promotions.add_promotion)
def create() -> Response | tuple[str, int]:
    """Draft a promotion."""
    sections = _sections(None)
    values = _without_hidden(typed_whole(sections))
    attempt = try_once(lambda: {"code": promotions.add_promotion(actor=current_user, **values).code})
    if attempt.refusal:
        return _new_page(RecordForm(sections, values, attempt.refusal)), attempt.status
    code = attempt.data["code"]
    return htmx.go_to(url_for("promotions.show", code=code), said=f"Promotion {code} is drafted. Nobody gets it yet.")


@bp.get("/<code>")
@requires(Permission.PRICES_READ)
def show(code: str) -> str:
    """One promotion: what it gives, to whom, what else counts for the same lines, who used it."""
    return render_template("promotions/show.html", page=promotion_page(code, current_user))


@bp.get("/<code>/edit")
@requires(Permission.PRICES_WRITE)
def edit(code: str) -> str:
    """The promotion in a form."""
    promotion = find_promotion(code)
    return _edit_page(promotion, RecordForm(_sections(promotion), shown(promotion_record(promotion))))


@bp.post("/<code>")
@requires(promotions.change_promotion)
def update(code: str) -> Response | tuple[str, int]:
    """Change the promotion."""
    promotion = find_promotion(code)
    sections, version = _sections(promotion), form_version()
    values = _without_hidden(typed(sections))
    if version is None:
        raise BadInput("The form does not say which version it was made from. Load the page again.", field="version")
    attempt = try_once(
        lambda: {"v": promotions.change_promotion(code, version=version, actor=current_user, **values).version}
    )
    if attempt.refusal:
        form = RecordForm(sections, shown(promotion_record(promotion)) | values, attempt.refusal)
        return _edit_page(promotion, form), attempt.status
    return htmx.go_to(url_for("promotions.show", code=code), said=f"Promotion {code} is saved.")


@bp.post("/<code>/publication")
@requires(promotions.publish_promotion)
def publish(code: str) -> Response:
    """Let it count from now on."""
    run_once(lambda: {"code": promotions.publish_promotion(code, actor=current_user).code})
    return htmx.go_to(url_for("promotions.show", code=code), said=f"Promotion {code} counts from now on.")


@bp.post("/<code>/ending")
@requires(promotions.end_promotion)
def end(code: str) -> Response:
    """Let it count for no new price."""
    run_once(lambda: {"code": promotions.end_promotion(code, actor=current_user).code})
    return htmx.go_to(url_for("promotions.show", code=code), said=f"Promotion {code} is ended.")


# -- pages --------------------------------------------------------------------------------------------------------


def _new_page(form: RecordForm) -> str:
    return render_template("promotions/new.html", form=form)


def _edit_page(promotion: Promotion, form: RecordForm) -> str:
    return render_template("promotions/edit.html", promotion=promotion, form=form)


def _without_hidden(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, with the terms empty that the form does not show for what the promotion gives."""
    left_out = promotions.LEFT_OUT.get(values.get("benefit", ""), ())
    return {field: "" if field in left_out else value for field, value in values.items()}


def _base_currency() -> str:
    ours = company()
    return ours.base_currency if ours else ""


def _sections(promotion: Promotion | None) -> list[Section]:
    name = Field("name", "Name", optional=False, hint="Customers read it on the order.")
    currencies = [(code, code) for code in CURRENCIES]
    return [
        Section(
            "Promotion",
            [
                [Field("code", "Code", css="w-12", optional=False), name] if promotion is None else [name],
                [
                    day("valid_from", "First day"),
                    day("valid_to", "Last day"),
                    Field("currency", "Currency", "select", hint="Of its amounts.", css="w-9",
                          options=[("", "–"), *currencies]),
                ],
            ],
        ),
        Section(
            "What it gives",
            [
                [
                    Field("benefit", "Gives", "select", optional=False, options=BENEFITS),
                    number("percent", "Percent off", optional=False),
                    number("unit_amount", "Amount off each, or its price", optional=False),
                ],
                [
                    number("buy_quantity", "For every", optional=False, hint="So many bought …"),
                    number("free_quantity", "Come free", optional=False, hint="… so many come free."),
                    Field("free_item", "Free item", hint="Its SKU. Empty: the item itself.",
                          attributes={"autocomplete": "off"}),
                ],
            ],
        ),
        Section(
            "What and whom it is for",
            [
                [
                    Field("items", "Items", "area", hint="SKUs, one on each line."),
                    Field("categories", "Categories", "area", hint="With their sub-categories."),
                ],
                [
                    Field("customers", "Customers", "area", hint="Codes, one on each line."),
                    Field("groups", "Customer groups", "area", hint="Codes."),
                ],
            ],
            "empty: all items, everybody",
        ),
        Section(
            "When it counts",
            [
                [number("min_quantity", "Quantity from"), number("max_quantity", "Quantity up to"),
                 number("min_amount", "Amount from")],
                [Field("over_lines", "Count the quantity and amount of all its lines together", "check")],
                [Field("coupon", "Coupon", css="w-12", hint="Then it counts only on orders that carry the code.",
                       attributes={"autocomplete": "off"}),
                 number("max_uses", "Orders in all"), number("max_uses_per_customer", "Orders of one customer")],
                [Field("stackable", "Counts together with other stackable ones, in the order of priority", "check")],
                [number("priority", "Priority", hint="The lower number goes first.")],
            ],
            "quantities in base units, amounts before any promotion",
        ),
    ]  # fmt: skip
