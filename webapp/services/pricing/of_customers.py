"""Prices agreed with one customer."""

from __future__ import annotations

from typing import Any

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.models import Customer, CustomerPrice, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.pricing.bulk import put_prices
from webapp.services.pricing.lists import refuse_rows


@command(Permission.PRICES_WRITE)
def put_customer_price(code: str, *, actor: User, **price: Any) -> Customer:
    """Agree on a price in the customer's currency, or change the one of the same item, quantity and first day.

    Raises BadInput, NotFound, Forbidden.
    """
    customer = locks.lock_customer_by_code(code, actor=actor)
    refuse_rows(put_prices([{**price, "customer": code}], actor=actor).refused)
    audit.record(Action.CUSTOMER_PRICE_CHANGED, customer, actor=actor, after=price)
    return customer


@command(Permission.PRICES_WRITE)
def remove_customer_price(code: str, price_id: int, *, actor: User) -> Customer:
    """End an agreement. Orders keep the prices they were given. Raises NotFound, Forbidden."""
    customer = locks.lock_customer_by_code(code, actor=actor)
    row = db.session.get(CustomerPrice, price_id)
    if row is None or row.customer_id != customer.id:
        raise NotFound(f"Customer {code} has no such price.")
    before = {"sku": row.variant.sku, "min_quantity": row.min_quantity, "unit_price": row.unit_price}
    db.session.delete(row)
    audit.record(Action.CUSTOMER_PRICE_CHANGED, customer, actor=actor, before=before, after={})
    return customer
