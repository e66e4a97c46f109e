"""Payments in a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import request

from webapp.blueprints.payments import bp
from webapp.domain.numbers import parse_date
from webapp.domain.permissions import Permission
from webapp.domain.states import PaymentState
from webapp.formats import short_day
from webapp.pages.payments.lists import PaymentFilter, list_payments
from webapp.web.auth import current_user, requires
from webapp.web.htmx import piece_or_page
from webapp.web.list_addresses import ListAddress, list_address

TABS = {"all": "All", "account": "On account", "reversed": "Reversed"}
FILTERS: dict[str, Callable[[str], str]] = {
    "customer": lambda code: f"Customer: {code}",
    "method": lambda code: f"Method: {code}",
    "from": lambda day: f"From: {short_day(parse_date(day, field='from'))}",
    "to": lambda day: f"Until: {short_day(parse_date(day, field='to'))}",
}
EMPTY = {
    "all": "No payment was recorded yet.",
    "account": "No customer has money on account.",
    "reversed": "No payment was reversed.",
}


@bp.get("")
@requires(Permission.PAYMENTS_READ)
def index() -> str:
    """The payments of one tab, the newest first, narrowed by what the address says."""
    tab = request.args.get("tab", "all")
    tab = tab if tab in TABS else "all"
    address = list_address("payments.index", ("tab", "q", *FILTERS))
    page = list_payments(_wanted(tab, address), viewer=current_user, cursor=request.args.get("cursor"))
    return piece_or_page(
        "payments/_list.html",
        "payments/index.html",
        page=page,
        tab=tab,
        tabs=TABS,
        address=address,
        chips=address.chips(FILTERS),
        older=address.with_(cursor=page.cursor) if page.cursor else None,
        first=address.with_() if "cursor" in request.args else None,
        empty=EMPTY[tab],
    )


def _wanted(tab: str, address: ListAddress) -> PaymentFilter:
    return PaymentFilter(
        state=PaymentState.REVERSED if tab == "reversed" else None,
        customer=address.value("customer"),
        method=address.value("method"),
        text=address.value("q"),
        paid_from=_day(address, "from"),
        paid_to=_day(address, "to"),
        on_account_only=tab == "account",
    )


def _day(address: ListAddress, name: str) -> date | None:
    text = address.value(name)
    return parse_date(text, field=name) if text else None
