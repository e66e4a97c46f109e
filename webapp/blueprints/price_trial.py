"""Trying a price: customer, item, quantity and day in, the price and how it came about out; also with a draft."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from webapp.domain.errors import BadInput
from webapp.domain.numbers import parse_date, parse_quantity
from webapp.domain.permissions import Permission
from webapp.formats import decimal_comma
from webapp.models import PriceList
from webapp.pages.customers.search import the_customer
from webapp.pages.pricing.lists import other_lists
from webapp.pages.promotions.page import promotion_choices
from webapp.queries.company import today
from webapp.queries.items.search import the_item
from webapp.queries.references import referred
from webapp.services.trials.price import try_price
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, attempt

bp = Blueprint("price_trial", __name__, url_prefix="/prices/tester")

FIELDS = ("customer", "item", "quantity", "unit", "on", "price_list", "tried", "coupon")


@bp.get("")
@requires(Permission.PRICES_READ)
def show() -> tuple[str, int]:
    """The form, filled from the address, and below it what the rules answer."""
    given = {name: request.args.get(name, "").strip() for name in FIELDS}
    asked = bool(given["customer"] or given["item"])
    read = attempt(lambda: {"trial": _try(given)}) if asked else Attempt()
    wrong = _by_field(read)
    page = render_template(
        "prices/tester.html",
        given={**given, "on": given["on"] or today().isoformat(), "quantity": given["quantity"] or "1"},
        read=read,
        wrong=wrong,
        customers=getattr(read.refusal, "choices", ()) if "customer" in wrong else (),
        items=getattr(read.refusal, "choices", ()) if "item" in wrong else (),
        lists=other_lists(),
        promotions=promotion_choices(),
    )
    return page, read.status


def _by_field(read: Attempt) -> dict[str, str]:
    """The sentence beside its field; what an order's entry would say of an item stands beside the item."""
    field = getattr(read.refusal, "field", None)
    return {{"entry": "item"}.get(field, field): read.refusal.message} if read.refusal and field else {}


def _try(given: dict[str, str]) -> Any:
    if not given["item"]:
        raise BadInput("Say which item.", field="item")
    price_list = (
        referred(PriceList, given["price_list"], current_user, field="price_list") if given["price_list"] else None
    )
    return try_price(
        the_customer(given["customer"], current_user),
        the_item(given["item"]),
        parse_quantity(given["quantity"] or "1", decimal_comma=decimal_comma()),
        unit=given["unit"] or None,
        on=parse_date(given["on"], field="on") if given["on"] else today(),
        price_list_id=price_list.id if price_list else None,
        tried=given["tried"] or None,
        coupon=given["coupon"] or None,
    )
