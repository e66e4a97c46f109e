"""What can be imported and exported: the columns of each kind of file, the right it takes, who writes and reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.domain.errors import NotFound
from webapp.domain.importing.records import CUSTOMER_FIELDS, ITEM_FIELDS, PRICE_FIELDS, STOCK_FIELDS, written_units
from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.queries.customers.records import all_customers, customer_record
from webapp.queries.items.records import all_variants, item_record
from webapp.queries.orders.records import all_orders
from webapp.queries.pricing.records import all_prices
from webapp.queries.receivables.records import all_invoices, all_payments
from webapp.queries.stock.records import all_stock
from webapp.services.bulk_outcome import Loaded
from webapp.services.customers.bulk import put_customers
from webapp.services.importing.documents import DocumentKind, each_row
from webapp.services.importing.money_files import (
    INVOICE_COLUMNS,
    PAYMENT_COLUMNS,
    by_receipt,
    opening_invoices,
    receipts,
)
from webapp.services.importing.order_files import ORDER_COLUMNS, REQUIRED, as_of_dates, by_date, by_number, drafts
from webapp.services.items.bulk import put_items
from webapp.services.pricing.bulk import put_prices
from webapp.services.stock.bulk import put_stock


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. ``put`` writes all rows at once; kinds of documents have ``documents`` instead.

    ``dated`` takes documents as of their dates, where that is another thing. ``records`` answers what an export for
    somebody holds, by column. ``permission`` is needed beside the one to import or export.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    permission: Permission
    records: Callable[[User], Iterator[Mapping[str, Any]]]
    put: Callable[..., Loaded] | None = None
    documents: DocumentKind | None = None
    dated: DocumentKind | None = None


def _customers(viewer: User) -> Iterator[Mapping[str, Any]]:
    return (customer_record(customer) for customer in all_customers(viewer))


def _items(_viewer: User) -> Iterator[Mapping[str, Any]]:
    for variant in all_variants():
        record = item_record(variant)
        yield record | {"units": written_units(record["units"])}


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "customers",
            "Customers",
            CUSTOMER_FIELDS,
            ("code",),
            Permission.CUSTOMERS_WRITE,
            _customers,
            put=put_customers,
        ),
        Kind("items", "Items", ITEM_FIELDS, ("sku",), Permission.ITEMS_WRITE, _items, put=put_items),
        Kind(
            "stock",
            "Opening stock",
            STOCK_FIELDS,
            ("sku", "location", "quantity"),
            Permission.STOCK_WRITE,
            lambda _viewer: all_stock(),
            put=put_stock,
        ),
        Kind(
            "prices", "Prices", PRICE_FIELDS, ("sku", "unit_price"), Permission.PRICES_WRITE, all_prices, put=put_prices
        ),
        Kind(
            "orders",
            "Orders",
            ORDER_COLUMNS,
            REQUIRED,
            Permission.ORDERS_IMPORT,
            all_orders,
            documents=DocumentKind(drafts, by_number),
            dated=DocumentKind(as_of_dates, by_date),
        ),
        Kind(
            "invoices",
            "Opening invoices",
            INVOICE_COLUMNS,
            INVOICE_COLUMNS,
            Permission.DATA_IMPORT,
            all_invoices,
            documents=DocumentKind(opening_invoices, each_row),
        ),
        Kind(
            "payments",
            "Payments",
            PAYMENT_COLUMNS,
            ("customer", "payment_date", "amount", "method"),
            Permission.PAYMENTS_RECORD,
            all_payments,
            documents=DocumentKind(receipts, by_receipt),
        ),
    )
}
"""By name, in the order in which a company moves in."""


def kind_named(name: str) -> Kind:
    """The kind of file called ``name``. Raises NotFound."""
    if name not in KINDS:
        raise NotFound(f"There is nothing called {name} to import or export; there are {', '.join(KINDS)}.")
    return KINDS[name]
