"""Every page there is, opened in a real browser, in light, in dark and on a phone, by someone who works with it.

``PAGES`` says who opens which address. A page that is missing there fails the first test, so that none is forgotten;
the second opens them all on one company that has one of every document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.routing import Rule

from tests.support import web
from tests.support.axe import violations
from tests.support.everything import one_of_everything
from tests.support.server import LiveServer
from webapp.blueprints import FOR_DEVELOPERS
from webapp.models import User
from webapp.services.people.sessions import open_session
from webapp.web.auth import READABLE_IN_A_BROWSER
from webapp.web.cookies import fresh_token

pytestmark = pytest.mark.engines("sqlite")

OK = 200
WINDOW, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

BEFORE_THE_COMPANY = ("/set-up",)
FOR_ANYBODY = ("/log-in",)
PAGES: Mapping[str, tuple[str, ...]] = {
    "sales": (
        "/",
        "/account/",
        "/log-out",
        "/search?q=acme",
        "/search?q=nothing-like-this",
        "/orders",
        "/orders?q=nothing-like-this",
        "/orders/new",
        "/orders/{draft}",
        "/orders/{draft}/lines/1/price",
        "/orders/{waiting}",
        "/orders/{held}",
        "/orders/{on_the_way}",
        "/orders/{credited}/price-corrections/new",
        "/quotes",
        "/quotes/{quote}",
        "/approvals",
        "/customers",
        "/customers/ACME",
        "/customers/TIGHT",
        "/items",
        "/items/A-1",
        "/prices",
        "/prices/lists/RETAIL",
        "/prices/customers/ACME",
        "/prices/tester",
        "/prices/tester?customer=ACME&item=A-1&quantity=12&tried=MUGS",
        "/promotions",
        "/promotions/SPRING",
        "/stock",
        "/stock/A-1",
        "/shipments",
        "/settings/customer-groups",
        "/settings/categories",
        "/reports",
    ),
    "manager": (
        "/",
        "/orders/{waiting}",
        "/approvals",
        "/approvals/orders/{waiting}",
        "/approvals/discounts/{waiting}/1",
        "/approvals/holds/{held}",
        "/customers/new",
        "/customers/ACME",
        "/customers/ACME/edit",
        "/customers/ACME/credit",
        "/customers/ACME/addresses/new",
        "/prices/lists/new",
        "/prices/lists/RETAIL/edit",
        "/promotions/new",
        "/promotions/SPRING/edit",
        "/promotions/MUGS",
        "/prices/lists/RETAIL/copies/new",
        "/prices/lists/RETAIL/copies/new?valid_from=2030-01-01&percent=5",
    ),
    "warehouse": (
        "/",
        "/orders/{on_the_way}",
        "/stock/CHEESE",
        "/stock/movements",
        "/stock/receipts/new",
        "/stock/adjustments/new",
        "/shipments",
        "/shipments/{shipment}",
        "/shipments/{shipment}/pick-list",
        "/shipments/{shipment}/packing-slip",
        "/shipments/{shipped}/delivery-note",
        "/shipments/{shipped}",
        "/shipments/{shipped}/returns/new",
        "/settings/locations",
    ),
    "accountant": (
        "/",
        "/invoices",
        "/invoices/to-bill",
        "/invoices/new",
        "/invoices/drafts/{free_draft}",
        "/invoices/drafts/{free_draft}/lines",
        "/invoices/{invoice}",
        "/invoices/{invoice}/print",
        "/invoices/{invoice}/payments/new",
        "/invoices/{invoice}/credit-notes/new",
        "/invoices/drafts/{invoice_draft}",
        "/invoices/drafts/{invoice_draft}/print",
        "/credit-notes",
        "/credit-notes/to-credit",
        "/credit-notes/{credit_note}",
        "/credit-notes/{credit_note}/print",
        "/credit-notes/drafts/{credit_note_draft}",
        "/credit-notes/drafts/{credit_note_draft}/print",
        "/payments",
        "/payments/new",
        "/payments/new?customer=ACME",
        "/payments/{payment}",
        "/reports/ageing",
        "/reports/ageing/items",
        "/reports/ageing/credit",
        "/reports/ledger",
        "/reports/ledger/ACME",
        "/customers/ACME/exposure",
    ),
    "admin": (
        "/",
        "/items/new",
        "/items/A-1/edit",
        "/settings",
        "/settings/company",
        "/settings/users",
        "/settings/users/new",
        "/settings/users/nancy.davolio@example.com",
        "/settings/imports",
        "/settings/locations",
        "/settings/categories",
        "/settings/discount-limits",
        "/settings/customer-groups",
        "/settings/tax-codes",
        "/settings/tax-codes/rules",
        "/settings/tax-codes/VAT19",
        "/settings/terms",
        "/settings/methods",
        "/settings/cash-rounding",
        "/settings/exchange-rates",
        "/api/docs",
    ),
}

NOT_PAGES = frozenset({"static", "health.healthz", "health.metrics", "orders.show_entry"})
"""Answers without a page around them: files, what machines ask, the figures of a line that is being typed."""


def test_no_page_is_forgotten(app: Flask) -> None:
    """A page without a row in ``PAGES`` is none that the next test looks at."""
    addresses = app.url_map.bind("localhost")
    opened = {addresses.match(one.partition("?")[0])[0] for one in _every_address()}
    assert {rule.endpoint for rule in app.url_map.iter_rules() if _is_page(rule)} - opened == set()


def test_every_page_answers_and_everybody_can_use_it(
    books: None, new_page: Callable[..., Page], live_server: LiveServer
) -> None:
    page = new_page(viewport=WINDOW)
    wrong = list(_complaints(page, BEFORE_THE_COMPANY))
    staff, documents = one_of_everything()
    wrong += _complaints(page, FOR_ANYBODY)
    for person, addresses in PAGES.items():
        _log_in(page, getattr(staff, person), live_server)
        wrong += _complaints(page, [address.format(**documents) for address in addresses])
    assert not wrong, "\n".join(wrong)


def _every_address() -> Iterator[str]:
    """Each address of the table, with 1 for the number of a document."""
    for addresses in (BEFORE_THE_COMPANY, FOR_ANYBODY, *PAGES.values()):
        yield from (re.sub(r"{\w+}", "1", address) for address in addresses)


def _is_page(rule: Rule) -> bool:
    """Whether people read what the address answers. What only developers are served is not asked of the server."""
    blueprint, _, _ = rule.endpoint.partition(".")
    return (
        "GET" in (rule.methods or ())
        and rule.endpoint not in NOT_PAGES
        and not rule.rule.endswith(".pdf")
        and (blueprint != "api" or rule.endpoint in READABLE_IN_A_BROWSER)
        and blueprint not in {one.name for one in FOR_DEVELOPERS}
    )


def _log_in(page: Page, user: User, server: LiveServer) -> None:
    token = fresh_token()
    open_session(user, token, web.HERE)
    page.context.add_cookies([{"name": web.COOKIE, "value": token, "url": server.url}])


def _complaints(page: Page, addresses: Iterable[str]) -> Iterator[str]:
    """What is wrong with each page: another answer than 200, what axe finds in the one theme or the other, and a body
    that a phone scrolls sideways."""
    for address in addresses:
        page.emulate_media(color_scheme="light")
        answer = page.goto(address)
        if answer is None or answer.status != OK:
            yield f"{address}: {answer and answer.status}"
            continue
        yield from (f"{address}, light: {found}" for found in violations(page))
        light = _ground(page)
        page.emulate_media(color_scheme="dark")
        if _ground(page) == light:
            yield f"{address}: the same ground in light and in dark"
        yield from (f"{address}, dark: {found}" for found in violations(page))
        if _is_wider_than_a_phone(page):
            yield f"{address}: scrolls sideways on a phone"


def _is_wider_than_a_phone(page: Page) -> bool:
    """Whether something sticks out; wide tables scroll inside a frame of their own."""
    page.set_viewport_size(PHONE)
    wide = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    page.set_viewport_size(WINDOW)
    return bool(wide)


def _ground(page: Page) -> str:
    """The colour under everything, which tells the themes apart."""
    return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
