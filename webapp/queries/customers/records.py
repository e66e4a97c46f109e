"""Customers as flat records: the fields of ``domain.importing.records``, as files, forms and comparisons use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.importing.records import ADDRESS_FIELDS, ADDRESS_KINDS
from webapp.models import Address, AddressKind, Customer, User
from webapp.queries.batches import chunks
from webapp.queries.visibility import visible


def customer_ids(codes: Sequence[str]) -> list[int]:
    """The ids of the customers that exist among ``codes``."""
    return [
        found
        for part in chunks(dict.fromkeys(codes))
        for found in db.session.scalars(select(Customer.id).where(Customer.code.in_(part)))
    ]


def customers_by_code(codes: Sequence[str]) -> dict[str, Customer]:
    """The customers that exist among ``codes``, with everything their records show."""
    return {
        customer.code: customer
        for part in chunks(dict.fromkeys(codes))
        for customer in db.session.scalars(_with_parts().where(Customer.code.in_(part)))
    }


def all_customers(viewer: User) -> Iterator[Customer]:
    """Every customer that ``viewer`` may see by code, with everything their records show."""
    yield from db.session.scalars(_with_parts().where(visible(Customer, viewer)).order_by(Customer.code))


def customer_record(customer: Customer) -> dict[str, Any]:
    """The customer's fields, references by code, the default addresses flat."""
    return {
        "code": customer.code,
        "name": customer.name,
        "currency": customer.currency,
        "credit_limit": customer.credit_limit,
        "payment_terms": customer.payment_terms_code,
        "contact": customer.contact,
        "email": customer.email,
        "phone": customer.phone,
        "tax_id": customer.tax_id,
        "tax_class": customer.tax_class,
        "price_list": customer.price_list.code if customer.price_list else "",
        "group": customer.group.code if customer.group else "",
        "minimum_order_value": customer.minimum_order_value,
        "tolerated_days": customer.tolerated_days,
        "tolerated_amount": customer.tolerated_amount,
        "ship_complete": customer.ship_complete,
        "priority": customer.priority,
        "sales_rep": customer.sales_rep.email if customer.sales_rep else "",
        "language": customer.language,
        "status": customer.status,
        "notes": customer.notes,
        **_flat_addresses(customer),
    }


def own_default_address(customer: Customer, kind: AddressKind) -> Address | None:
    """The default address of exactly this kind: for delivery, the billing address does not stand in."""
    of_kind = [address for address in customer.addresses if address.kind is kind]
    return next((address for address in of_kind if address.is_default), None) or next(iter(of_kind), None)


def _flat_addresses(customer: Customer) -> dict[str, str]:
    flat = {}
    for kind in ADDRESS_KINDS:
        address = own_default_address(customer, AddressKind(kind.upper()))
        for field in ADDRESS_FIELDS:
            flat[f"{kind}_{field}"] = getattr(address, field) if address else ""
    return flat


def _with_parts() -> Any:
    return select(Customer).options(
        selectinload(Customer.addresses),
        joinedload(Customer.price_list),
        joinedload(Customer.group),
        joinedload(Customer.sales_rep),
    )
