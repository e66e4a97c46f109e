"""The records of master data, field by field: what customers, items and prices carry, as files and forms name it.

References to other records are by code. The readers check shapes; whether a code exists, and what may still change,
the services ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.importing.fields import Table
from webapp.domain.states import CustomerStatus, Tracking

ADDRESS_FIELDS = ("name", "street", "postal_code", "city", "region", "country")
ADDRESS_KINDS = ("billing", "shipping")
ADDRESSES = tuple(f"{kind}_{field}" for kind in ADDRESS_KINDS for field in ADDRESS_FIELDS)
"""A customer's default addresses, flat: billing_name, …, shipping_country."""


def address_table(prefix: str = "") -> Table:
    """The fields of one address."""
    return {
        f"{prefix}name": fields.text(200),
        f"{prefix}street": fields.text(200),
        f"{prefix}postal_code": fields.text(20),
        f"{prefix}city": fields.text(100),
        f"{prefix}region": fields.text(100),
        f"{prefix}country": fields.country,
    }


def customer_table(currency: str) -> Table:
    """The fields of a customer whose amounts are in ``currency``."""
    amount = fields.optional(fields.money(currency), Decimal(0))
    return {
        "code": fields.code,
        "name": fields.text(200, required=True),
        "currency": fields.currency,
        "credit_limit": fields.optional(fields.money(currency)),
        "payment_terms": fields.text(40, required=True),
        "contact": fields.text(200),
        "email": fields.email,
        "phone": fields.text(60),
        "tax_id": fields.text(40),
        "tax_class": fields.text(40, default="domestic"),
        "price_list": fields.text(40),
        "group": fields.text(40),
        "minimum_order_value": amount,
        "tolerated_days": fields.whole(0, 3650, 0),
        "tolerated_amount": amount,
        "ship_complete": fields.flag,
        "priority": fields.whole(-1000, 1000, 0),
        "sales_rep": fields.email,
        "language": fields.language,
        "status": fields.choice(CustomerStatus, CustomerStatus.OPEN),
        "notes": fields.text(4000, multiline=True),
        **address_table("billing_"),
        **address_table("shipping_"),
    }


def item_table() -> Table:
    """The fields of an item as it is sold and stocked: a variant, and the name and category it shares with others."""
    return {
        "sku": fields.code,
        "name": fields.text(200, required=True),
        "unit": fields.text(20, default="pcs"),
        "base_price": fields.optional(fields.price),
        "tax_code": fields.text(40, required=True),
        "tracking": fields.choice(Tracking, Tracking.NONE),
        "barcode": fields.optional(fields.text(40)),
        "category": fields.text(100),
        "item": fields.text(200),
        "description": fields.text(4000, multiline=True),
        "quantity_step": fields.optional(fields.quantity, Decimal(1)),
        "reorder_level": fields.quantity_or_none,
        "minimum_quantity": fields.quantity_or_none,
        "multiple_quantity": fields.quantity_or_none,
        "units": units,
        "is_active": fields.flag_on,
    }


def units(value: Any, field: str) -> dict[str, Decimal]:
    """Further units with how many base units each is: ``case=24; pallet=960``, or a mapping."""
    if isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        text = fields.text(1000)(value, field)
        pairs = [_pair(part, field) for part in text.split(";") if part.strip()]
    found = {fields.text(20, required=True)(unit, field): fields.factor(factor, field) for unit, factor in pairs}
    if len(found) != len(pairs):
        raise BadInput("Units names the same unit twice.", field=field)
    return dict(sorted(found.items()))


def written_units(value: Mapping[str, Decimal]) -> str:
    """What ``units`` reads back."""
    return "; ".join(f"{unit}={fields.written(factor)}" for unit, factor in sorted(value.items()))


def _pair(part: str, field: str) -> tuple[str, str]:
    unit, found, factor = part.partition("=")
    if not found:
        raise BadInput(f"Units must be written like case=24; pallet=960, not {part.strip()}.", field=field)
    return unit.strip(), factor.strip()


def price_table() -> Table:
    """The fields of a price: of a list, or agreed with one customer."""
    return {
        "list": fields.text(40),
        "customer": fields.text(40),
        "sku": fields.text(40, required=True),
        "min_quantity": fields.quantity_or_none,
        "unit_price": fields.price,
        "valid_from": fields.optional(fields.day),
        "valid_to": fields.optional(fields.day),
        "currency": fields.optional(fields.currency),
    }


def stock_table() -> Table:
    """The fields of opening stock: what lies at one location of one item, batch or serial number.

    Quantities in base units, the cost per base unit in the company's base currency.
    """
    return {
        "sku": fields.text(40, required=True),
        "location": fields.text(40, required=True),
        "quantity": fields.quantity_or_none,
        "unit_cost": fields.optional(fields.price),
        "batch": fields.text(60),
        "expires_on": fields.optional(fields.day),
        "serial": fields.text(60),
    }


CUSTOMER_FIELDS = tuple(customer_table("EUR"))
ITEM_FIELDS = tuple(item_table())
PRICE_FIELDS = tuple(price_table())
STOCK_FIELDS = tuple(stock_table())
