"""Master data for tests: the least a customer, an item and a price need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tests.support.scenes import scene
from webapp.db import db
from webapp.models import Event, EventDocument, User
from webapp.services.company import system_user
from webapp.services.customers.bulk import load_customers
from webapp.services.items.bulk import load_items
from webapp.services.pricing.bulk import load_prices
from webapp.services.pricing.lists import add_price_list
from webapp.services.stock.locations import add_location
from webapp.services.taxes.codes import add_tax_code

ALFKI = {"code": "ALFKI", "name": "Alfreds Futterkiste", "currency": "EUR", "payment_terms": "NET30"}
CHAI = {"sku": "CHAI", "name": "Chai", "base_price": "18.00", "tax_code": "VAT19", "unit": "box"}


@scene
def stock_the_shelves() -> User:
    """A tax code, a warehouse and a price list; answers the system's user, who made them."""
    system = system_user()
    add_tax_code(code="VAT19", name="19 %", percent="19", valid_from="2020-01-01", actor=system)
    add_location("MAIN", "Main warehouse", actor=system)
    add_price_list(code="RETAIL", name="Retail", currency="EUR", actor=system)
    return system


def alfki(**more: Any) -> dict[str, Any]:
    """A row of a customer."""
    return ALFKI | more


def chai(**more: Any) -> dict[str, Any]:
    """A row of an item."""
    return CHAI | more


def load(kind: str, *rows: dict[str, Any]) -> Any:
    """Load rows of customers, items or prices as the system."""
    command = {"customers": load_customers, "items": load_items, "prices": load_prices}[kind]
    return command(list(rows), actor=system_user())


def events_of(document: Any) -> list[Event]:
    """The events of a document, the oldest first."""
    return list(
        db.session.scalars(
            select(Event)
            .join(EventDocument)
            .where(EventDocument.kind == document.document_kind, EventDocument.document_id == document.id)
            .order_by(Event.id)
        )
    )


def count_events() -> int:
    """How many events there are."""
    return db.session.scalar(select(func.count()).select_from(Event)) or 0
