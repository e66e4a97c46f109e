"""Invoices in lists, and what waits to be billed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import render_template, request

from webapp.blueprints.invoices import bp
from webapp.domain.invoices.status import InvoiceStatus
from webapp.domain.numbers import parse_date
from webapp.domain.permissions import Permission
from webapp.formats import short_day
from webapp.pages.invoices.lists import InvoiceFilter, list_invoices, status_of
from webapp.pages.invoices.to_bill import list_to_bill
from webapp.queries.company import today
from webapp.services.invoices.to_come import totals_to_come
from webapp.web.auth import current_user, requires
from webapp.web.htmx import piece_or_page
from webapp.web.list_addresses import ListAddress, list_address

TABS = {"open": "Open", "overdue": "Overdue", "drafts": "Drafts", "paid": "Paid", "all": "All"}
FILTERS: dict[str, Callable[[str], str]] = {
    "customer": lambda code: f"Customer: {code}",
    "order": lambda number: f"Order: {number}",
    "from": lambda day: f"From: {short_day(parse_date(day, field='from'))}",
    "to": lambda day: f"Until: {short_day(parse_date(day, field='to'))}",
}
EMPTY = {
    "open": "Nothing is open: every posted invoice is settled.",
    "overdue": "Nothing is overdue.",
    "drafts": "No draft waits. Drafts are made from what was shipped.",
    "paid": "No invoice has been paid in full yet.",
    "all": "There is no invoice yet. The first is drafted from what was shipped.",
}


@bp.get("")
@requires(Permission.INVOICES_READ)
def index() -> str:
    """The invoices of one tab, the newest first, narrowed by what the address says."""
    tab = request.args.get("tab", "open")
    tab = tab if tab in TABS else "all"
    address = list_address("invoices.index", ("tab", "q", *FILTERS))
    page = list_invoices(_wanted(tab, address), viewer=current_user, cursor=request.args.get("cursor"))
    return piece_or_page(
        "invoices/_list.html",
        "invoices/index.html",
        page=page,
        tab=tab,
        tabs=TABS,
        address=address,
        chips=address.chips(FILTERS),
        older=address.with_(cursor=page.cursor) if page.cursor else None,
        first=address.with_() if "cursor" in request.args else None,
        status_of=status_of,
        today=today(),
        empty=EMPTY[tab],
    )


@bp.get("/to-bill")
@requires(Permission.INVOICES_READ)
def to_bill() -> str:
    """Orders of which something was shipped that is on no invoice, the oldest first."""
    address = list_address("invoices.to_bill", ("q",))
    page = list_to_bill(address.value("q"), viewer=current_user, cursor=request.args.get("cursor"))
    return render_template(
        "invoices/to_bill.html",
        page=page,
        totals=totals_to_come(page.rows),
        tabs=TABS,
        address=address,
        older=address.with_(cursor=page.cursor) if page.cursor else None,
        first=address.with_() if "cursor" in request.args else None,
    )


def _wanted(tab: str, address: ListAddress) -> InvoiceFilter:
    return InvoiceFilter(
        status=InvoiceStatus.FULLY_PAID if tab == "paid" else None,
        customer=address.value("customer"),
        order=address.value("order"),
        text=address.value("q"),
        issued_from=_day(address, "from"),
        issued_to=_day(address, "to"),
        open_only=tab == "open",
        overdue_only=tab == "overdue",
        drafts_only=tab == "drafts",
    )


def _day(address: ListAddress, name: str) -> date | None:
    text = address.value(name)
    return parse_date(text, field=name) if text else None
