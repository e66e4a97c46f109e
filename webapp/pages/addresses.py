"""Every address that pages and programs are led to, in one place.

Pages know no HTTP, so addresses are written out here; a test asks the routes whether each of them is there. Templates
know this module as ``at``::

    at.order("SO-2026-001", "lines", 3)       /orders/SO-2026-001/lines/3
    at.orders(view="held")                    /orders?view=held
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote as quoted
from urllib.parse import urlencode

Part = str | int | None
Value = object


class _Order(Protocol):
    @property
    def number(self) -> str: ...
    @property
    def order_number(self) -> str | None: ...


class _Invoice(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def invoice_number(self) -> str | None: ...


def path(*parts: Part, **query: Value) -> str:
    """An address of some parts, each quoted, and what stands behind its question mark; empty values are left out."""
    place = "/" + "/".join(quoted(str(part), safe="") for part in parts)
    asked = urlencode({name.rstrip("_"): value for name, value in query.items() if value not in (None, "")})
    return f"{place}?{asked}" if asked else place


# -- selling -----------------------------------------------------------------------------------------------------------


def orders(**query: Value) -> str:
    """The list of orders."""
    return path("orders", **query)


def quotes(**query: Value) -> str:
    """The list of quotes."""
    return path("quotes", **query)


def order(number: str, *under: Part, **query: Value) -> str:
    """An order or quote by its number, or what lies under it."""
    return path("orders", number, *under, **query)


def quote(number: str | None, *under: Part) -> str:
    """What only a quote has."""
    return path("quotes", number, *under)


def order_page(found: _Order) -> str:
    """The page of an order, or of the quote that it still is."""
    return order(found.order_number) if found.order_number else quote(found.number)


def customer(code: str, *under: Part) -> str:
    """A customer, or what lies under it."""
    return path("customers", code, *under)


def prices_of_customer(code: str) -> str:
    """The prices agreed with a customer."""
    return path("prices", "customers", code)


# -- decisions ---------------------------------------------------------------------------------------------------------


def held_order(number: str, **query: Value) -> str:
    """The credit hold of an order, to be decided."""
    return path("approvals", "holds", number, **query)


def asked_order(number: str) -> str:
    """The request for approval of an order."""
    return path("approvals", "orders", number)


def asked_discount(number: str, line_number: int) -> str:
    """The request for approval of a line's discount."""
    return path("approvals", "discounts", number, line_number)


# -- stock -------------------------------------------------------------------------------------------------------------


def item(sku: str, *under: Part) -> str:
    """An item, or what lies under it."""
    return path("items", sku, *under)


def stock_card(sku: str) -> str:
    """Where an item lies, and who holds it."""
    return path("stock", sku)


def movements(**query: Value) -> str:
    """The movements of stock."""
    return path("stock", "movements", **query)


def shipments(**query: Value) -> str:
    """The list of shipments."""
    return path("shipments", **query)


def shipment(number: str, *under: Part) -> str:
    """A shipment, or what lies under it."""
    return path("shipments", number, *under)


# -- money -------------------------------------------------------------------------------------------------------------


def invoices(**query: Value) -> str:
    """The list of invoices."""
    return path("invoices", **query)


def invoices_to_bill() -> str:
    """What waits to be billed."""
    return path("invoices", "to-bill")


def invoice(number: str | None, *under: Part) -> str:
    """A posted invoice, or what lies under it."""
    return path("invoices", number, *under)


def draft_invoice(invoice_id: int, *under: Part) -> str:
    """A draft of an invoice, or what lies under it."""
    return path("invoices", "drafts", invoice_id, *under)


def invoice_page(found: _Invoice) -> str:
    """The page of an invoice, or of the draft that it still is."""
    return invoice(found.invoice_number) if found.invoice_number else draft_invoice(found.id)


def credit_note(number: str | None, *under: Part) -> str:
    """A posted credit note, or what lies under it."""
    return path("credit-notes", number, *under)


def payment(number: str, *under: Part) -> str:
    """A payment, or what lies under it."""
    return path("payments", number, *under)


def open_items(**query: Value) -> str:
    """The invoices behind the ageing."""
    return path("reports", "ageing", "items", **query)


def document(kind: str, number: str) -> str:
    """The page of what an event, an entry of the ledger or a search names by its kind."""
    return DOCUMENTS[kind](number)


DOCUMENTS: dict[str, Callable[[str], str]] = {
    "order": order,
    "quote": quote,
    "shipment": shipment,
    "invoice": invoice,
    "credit_note": credit_note,
    "payment": payment,
    "customer": customer,
    "item": item,
}
