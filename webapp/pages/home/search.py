"""One search over customers, items and documents; an exact number leads straight to its document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.permissions import Permission
from webapp.models import CreditNote, Customer, Invoice, Order, Payment, Shipment, User, Variant
from webapp.pages.customers import lists as customers
from webapp.pages.items import lists as items
from webapp.queries.visibility import visible

EACH = 6
SHORTEST = 2
"""Characters from which on is searched: one alone fits half of everything."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: its kind, its number or code, what it is called, and a fact beside it."""

    kind: str
    number: str
    name: str
    note: str = ""


def search(words: str, user: User) -> list[Hit]:
    """What fits ``words``, a few of each kind that ``user`` may see, one statement a kind."""
    words = " ".join(words.split())
    if len(words) < SHORTEST:
        return []
    return [hit for find in FINDERS for hit in find(words, user)]


def exact_hit(words: str, user: User) -> Hit | None:
    """The document, customer or item whose number is just ``words``; None when there is none or more than one."""
    wanted = words.strip().lower()
    found = [hit for hit in search(words, user) if hit.number.lower() == wanted]
    return found[0] if len(found) == 1 else None


def _customers(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.CUSTOMERS_READ):
        return
    statement = select(Customer).where(visible(Customer, user), customers.matches(words))
    best_first = (func.lower(Customer.code) != words.lower(), ~Customer.code.istartswith(words, autoescape=True))
    for found in db.session.scalars(statement.order_by(*best_first, Customer.name).limit(EACH)):
        yield Hit("customer", found.code, found.name, found.status.lower() if found.status != "OPEN" else "")


def _items(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.ITEMS_READ):
        return
    exact_first = func.lower(Variant.sku) != words.lower()
    statement = select(Variant).where(items.matches(words))
    for found in db.session.scalars(
        statement.order_by(exact_first, Variant.is_active.desc(), Variant.name).limit(EACH)
    ):
        yield Hit("item", found.sku, found.name, "" if found.is_active else "out of use")


def _orders(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.ORDERS_READ):
        return
    fits = or_(_has(Order.order_number, words), _has(Order.quote_number, words), _has(Order.customer_reference, words))
    for found in _documents(Order, fits, user):
        kind = "order" if found.order_number else "quote"
        yield Hit(kind, found.number, found.customer.name, found.state.value.lower())


def _shipments(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.SHIPMENTS_READ):
        return
    statement = select(Shipment).where(visible(Shipment, user), _has(Shipment.shipment_number, words))
    statement = statement.options(joinedload(Shipment.order).joinedload(Order.customer))
    for found in db.session.scalars(statement.order_by(Shipment.id.desc()).limit(EACH)):
        yield Hit("shipment", found.shipment_number, found.order.customer.name, found.state.value.lower())


def _invoices(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.INVOICES_READ):
        return
    for found in _documents(Invoice, _has(Invoice.invoice_number, words), user):
        yield Hit("invoice", found.invoice_number, found.customer.name)


def _credit_notes(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.INVOICES_READ):
        return
    for found in _documents(CreditNote, _has(CreditNote.credit_note_number, words), user):
        yield Hit("credit_note", found.credit_note_number, found.customer.name)


def _payments(words: str, user: User) -> Iterator[Hit]:
    if not user.can(Permission.PAYMENTS_READ):
        return
    fits = or_(_has(Payment.payment_number, words), _has(Payment.reference, words))
    for found in _documents(Payment, fits, user):
        yield Hit("payment", found.payment_number, found.customer.name, found.reference)


FINDERS = (_customers, _orders, _invoices, _credit_notes, _shipments, _payments, _items)


def _documents(model: Any, fits: Any, user: User) -> Iterator[Any]:
    statement = select(model).where(visible(model, user), fits).options(joinedload(model.customer))
    yield from db.session.scalars(statement.order_by(model.id.desc()).limit(EACH))


def _has(column: Any, words: str) -> Any:
    return column.icontains(words, autoescape=True)
