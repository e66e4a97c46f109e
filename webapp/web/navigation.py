"""The items of the navigation: who sees them, where they lead, what waits behind them.

An item shows when its route exists and the user has its permission. ``count`` answers how many things wait for the
user there; it costs one statement on each page, so it belongs on few items. The current item is the one whose address
is the longest beginning of the page's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import current_app, request, url_for

from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.pages.approvals.inbox import waiting_count


@dataclass(frozen=True)
class Item:
    """One line of the navigation. ``icon`` is a symbol of icons.svg, ``key`` its letter after ``g``."""

    label: str
    endpoint: str
    icon: str
    permission: Permission
    key: str = ""
    count: Callable[[User], int] | None = None
    is_hot: bool = False


@dataclass(frozen=True)
class Link:
    """An item as this user sees it on this page."""

    label: str
    url: str
    icon: str
    key: str
    count: int
    is_hot: bool
    is_current: bool


P = Permission

SECTIONS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("Dashboard", "dashboard.show", "home", P.SELF, key="d"),
            Item("Approvals", "approvals.index", "inbox", P.ORDERS_READ, key="a", count=waiting_count, is_hot=True),
        ),
    ),
    (
        "Sell",
        (
            Item("Quotes", "quotes.index", "pencil", P.ORDERS_READ, key="q"),
            Item("Orders", "orders.index", "order", P.ORDERS_READ, key="o"),
            Item("Customers", "customers.index", "people", P.CUSTOMERS_READ, key="c"),
            Item("Prices", "prices.index", "price", P.PRICES_READ),
            Item("Promotions", "promotions.index", "cut", P.PRICES_READ),
        ),
    ),
    (
        "Stock",
        (
            Item("Items", "items.index", "scan", P.ITEMS_READ),
            Item("Stock", "stock.index", "box", P.STOCK_READ, key="s"),
            Item("Shipments", "shipments.index", "truck", P.SHIPMENTS_READ),
            Item("Shortages", "shortages.index", "short", P.STOCK_READ),
        ),
    ),
    (
        "Money",
        (
            Item("Invoices", "invoices.index", "invoice", P.INVOICES_READ, key="i"),
            Item("Payments", "payments.index", "payment", P.PAYMENTS_READ, key="p"),
        ),
    ),
    (
        "",
        (
            Item("Reports", "reports.index", "chart", P.REPORTS_READ, key="r"),
            Item("Settings", "settings.index", "sliders", P.DATA_EXPORT),
        ),
    ),
)

SEARCH = "search.index"
NEW_ORDER = "orders.new"


def sections(user: User) -> list[tuple[str, list[Link]]]:
    """The sections that hold something for this user, each with its heading."""
    shown = [(heading, [item for item in items if _is_for(item, user)]) for heading, items in SECTIONS]
    current = _current(url_for(item.endpoint) for _, items in shown for item in items)
    return [(heading, [_link(item, user, current) for item in items]) for heading, items in shown if items]


def address_of(endpoint: str) -> str | None:
    """Where ``endpoint`` is, when the program has it."""
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def new_order(user: User) -> str | None:
    """Where a new order begins, for who may enter one."""
    return address_of(NEW_ORDER) if user.can(Permission.ORDERS_WRITE) else None


def _is_for(item: Item, user: User) -> bool:
    return item.endpoint in current_app.view_functions and user.can(item.permission)


def _link(item: Item, user: User, current: str) -> Link:
    url = url_for(item.endpoint)
    count = item.count(user) if item.count else 0
    return Link(item.label, url, item.icon, item.key, count, item.is_hot, url == current)


def _current(urls: Iterable[str]) -> str:
    return max((url for url in urls if _holds(url, request.path)), key=len, default="")


def _holds(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))
