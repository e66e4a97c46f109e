"""Prices: all lists, one list with its quantity breaks, and what was agreed with one customer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.domain.errors import BadInput, DomainError
from webapp.domain.money import CURRENCIES, decimals_of
from webapp.domain.permissions import Permission
from webapp.models import Customer, PriceList
from webapp.pages.customers.page import find_customer
from webapp.pages.pricing import lists as reads
from webapp.queries.company import company
from webapp.services.pricing import lists as price_lists
from webapp.services.pricing import of_customers as customer_prices
from webapp.web import htmx
from webapp.web.auth import can, current_user, requires
from webapp.web.forms.posts import form_version, run_once, try_once
from webapp.web.forms.records import Field, RecordForm, Section, day, number, shown, typed, typed_whole
from webapp.web.list_addresses import list_address

bp = Blueprint("prices", __name__, url_prefix="/prices")

ROW = [
    Section(
        "Add or change a price",
        [
            [
                Field("sku", "SKU", optional=False, attributes={"autocomplete": "off"}),
                number("min_quantity", "Quantity from"),
            ],
            [number("unit_price", "Price", optional=False)],
            [day("valid_from", "Valid from"), day("valid_to", "Valid to")],
        ],
        "the same item, quantity and first day is one price",
    )
]


BASES = [
    ("ROWS", "The item’s base price, unchanged"),
    ("LIST", "Another price list"),
    ("BASE", "The item’s base price, changed by percent"),
    ("COST", "The item’s average cost, changed by percent"),
]
ROUNDING = [
    [
        number("rounding_step", "Step between two prices", hint="1 for endings, 0.05 for whole 5 cents."),
        number("rounding_ending", "Ending", hint="0.99 with a step of 1 gives 9.99, 10.99."),
    ],
    [
        Field(
            "rounding",
            "Which of them",
            "select",
            optional=False,
            options=[("UP", "The next one up"), ("NEAREST", "The nearest")],
        )
    ],
]


@bp.get("")
@requires(Permission.PRICES_READ)
def index() -> str:
    """All price lists, and the customers with agreed prices."""
    ours = company()
    default = ours.default_price_list if ours else None
    return render_template("prices/index.html", found=reads.prices_index(current_user), default=default)


@bp.get("/lists/new")
@requires(Permission.PRICES_WRITE)
def new() -> str:
    """An empty form for a list."""
    ours = company()
    currency = ours.base_currency if ours else ""
    cents = f"{Decimal(1).scaleb(-decimals_of(currency)):f}" if currency else ""
    values = {"currency": currency, "percent": "0", "is_active": "yes", "rounding": "NEAREST", "rounding_step": cents}
    return render_template("prices/new.html", form=RecordForm(_sections(None), values))


@bp.post("/lists")
@requires(price_lists.add_price_list)
def create() -> Response | tuple[str, int]:
    """Add a list."""
    sections = _sections(None)
    values = typed_whole(sections)
    attempt = try_once(lambda: {"code": price_lists.add_price_list(actor=current_user, **values).code})
    if attempt.refusal:
        return render_template("prices/new.html", form=RecordForm(sections, values, attempt.refusal)), attempt.status
    code = attempt.data["code"]
    return htmx.go_to(url_for("prices.show", code=code), said=f"Price list {code} is added.")


@bp.get("/lists/<code>")
@requires(Permission.PRICES_READ)
def show(code: str) -> str:
    """One list with its rows."""
    return _list_page(reads.find_list(code), {})


@bp.get("/lists/<code>/edit")
@requires(Permission.PRICES_WRITE)
def edit(code: str) -> str:
    """The list's own fields in a form."""
    price_list = reads.find_list(code)
    form = RecordForm(_sections(price_list), shown(price_lists.list_record(price_list)))
    return render_template("prices/edit.html", price_list=price_list, form=form)


@bp.post("/lists/<code>")
@requires(price_lists.change_price_list)
def update(code: str) -> Response | tuple[str, int]:
    """Change the list's own fields."""
    price_list = reads.find_list(code)
    sections, version = _sections(price_list), form_version()
    values = typed(sections)
    if version is None:
        raise BadInput("The form does not say which version it was made from. Load the page again.", field="version")
    attempt = try_once(
        lambda: {"v": price_lists.change_price_list(code, version=version, actor=current_user, **values).version}
    )
    if attempt.refusal:
        form = RecordForm(sections, shown(price_lists.list_record(price_list)) | values, attempt.refusal)
        return render_template("prices/edit.html", price_list=price_list, form=form), attempt.status
    return htmx.go_to(url_for("prices.show", code=code), said=f"Price list {code} is saved.")


@bp.post("/lists/<code>/rows")
@requires(price_lists.put_price)
def create_row(code: str) -> Response | tuple[str, int]:
    """Add or change a price of the list."""
    price_list, values = reads.find_list(code), typed_whole(ROW)
    attempt = try_once(lambda: {"code": price_lists.put_price(code, actor=current_user, **values).code})
    if attempt.refusal:
        return _list_page(price_list, values, attempt.refusal), attempt.status
    return htmx.go_to(url_for("prices.show", code=code), said=f"The price of {values['sku'].strip()} is set.")


@bp.post("/lists/<code>/rows/<int:price_id>/removal")
@requires(price_lists.remove_price)
def remove_row(code: str, price_id: int) -> Response:
    """Take a price off the list."""
    run_once(lambda: {"code": price_lists.remove_price(code, price_id, actor=current_user).code})
    return htmx.go_to(url_for("prices.show", code=code), said="The price is removed.")


# --- prices of one customer ------------------------------------------------------------------------------------------


@bp.get("/customers/<code>")
@requires(Permission.PRICES_READ)
def of_customer(code: str) -> str:
    """What was agreed with one customer."""
    return _customer_page(find_customer(code, current_user), {})


@bp.post("/customers/<code>/rows")
@requires(customer_prices.put_customer_price)
def create_agreed(code: str) -> Response | tuple[str, int]:
    """Agree on a price, or change one."""
    customer, values = find_customer(code, current_user), typed_whole(ROW)
    attempt = try_once(lambda: {"code": customer_prices.put_customer_price(code, actor=current_user, **values).code})
    if attempt.refusal:
        return _customer_page(customer, values, attempt.refusal), attempt.status
    said = f"The price of {values['sku'].strip()} for {code} is set."
    return htmx.go_to(url_for("prices.of_customer", code=code), said=said)


@bp.post("/customers/<code>/rows/<int:price_id>/removal")
@requires(customer_prices.remove_customer_price)
def remove_agreed(code: str, price_id: int) -> Response:
    """End an agreement."""
    find_customer(code, current_user)
    run_once(lambda: {"code": customer_prices.remove_customer_price(code, price_id, actor=current_user).code})
    return htmx.go_to(url_for("prices.of_customer", code=code), said="The price is removed.")


# --- pages -----------------------------------------------------------------------------------------------------------


def _list_page(price_list: PriceList, values: Mapping[str, str], refusal: DomainError | None = None) -> str:
    address = list_address("prices.show", ("q",), code=price_list.code)
    q = address.given.get("q", "")
    found = reads.rows_of_list(price_list, q=q, cursor=request.args.get("cursor"))
    context: dict[str, Any] = {
        "found": found,
        "address": address,
        "q": q,
        "owner": price_list,
        "currency": price_list.currency,
        "here": url_for("prices.show", code=price_list.code),
        "add_url": url_for("prices.create_row", code=price_list.code),
        "removal": "prices.remove_row",
    }
    if htmx.is_htmx() and refusal is None:
        return render_template("prices/_rows.html", **context)
    return render_template(
        "prices/show.html",
        price_list=price_list,
        words=reads.list_words(price_list, sees_costs=can(Permission.COSTS_READ)),
        history=reads.list_history(price_list, current_user),
        form=RecordForm(ROW, values, refusal),
        **context,
    )


def _customer_page(customer: Customer, values: Mapping[str, str], refusal: DomainError | None = None) -> str:
    address = list_address("prices.of_customer", ("q",), code=customer.code)
    q = address.given.get("q", "")
    found = reads.rows_of_customer(customer, q=q, cursor=request.args.get("cursor"))
    context: dict[str, Any] = {
        "found": found,
        "address": address,
        "q": q,
        "owner": customer,
        "currency": customer.currency,
        "here": url_for("prices.of_customer", code=customer.code),
        "add_url": url_for("prices.create_agreed", code=customer.code),
        "removal": "prices.remove_agreed",
    }
    if htmx.is_htmx() and refusal is None:
        return render_template("prices/_rows.html", **context)
    return render_template(
        "prices/of_customer.html", customer=customer, form=RecordForm(ROW, values, refusal), **context
    )


def _sections(price_list: PriceList | None) -> list[Section]:
    name = Field("name", "Name", optional=False)
    currencies = [(code, code) for code in CURRENCIES]
    head = [Field("code", "Code", css="w-12", optional=False), name] if price_list is None else [name]
    money = (
        [[Field("currency", "Currency", "select", optional=False, options=currencies)]] if price_list is None else []
    )
    in_use = "A list that is not in use is a draft or put away: no order takes its prices."
    return [
        Section("Price list", [head, *money, [Field("is_active", "In use", "check", hint=in_use)]]),
        Section(
            "Prices it does not name itself",
            [
                [Field("basis", "Come from", "select", optional=False, options=BASES)],
                [
                    Field("parent", "List it rests on", "select",
                          options=[("", "None"), *reads.other_lists(price_list)], hint="Only for another price list."),
                    number("percent", "Changed by percent", hint="−10 makes them 10 % cheaper."),
                ],
                [Field("prices_include_tax", "Prices include tax", "check",
                       hint="New orders of its customers then state every price with tax.")],
            ],
        ),
        Section("Rounding of these prices", ROUNDING, "without a step they keep up to six decimals"),
        Section(
            "Distance from cost",
            [
                [
                    number("floor_over_cost_percent", "Never below cost plus percent"),
                    number("cap_over_cost_percent", "Never above cost plus percent"),
                ],
            ],
            "for every price of the list; an item without a known cost has neither",
        ),
    ]  # fmt: skip
