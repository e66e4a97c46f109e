"""Finding what a program names: a string is a code, SKU or number, an integer an id; addresses try the number first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.sql.base import ExecutableOption

from webapp.db import Base, db
from webapp.domain.errors import BadInput, NotFound
from webapp.models import (
    CreditNote,
    Customer,
    Invoice,
    Location,
    Order,
    Payment,
    PriceList,
    Promotion,
    Return,
    Shipment,
    StockMovement,
    User,
    Variant,
)
from webapp.queries.batches import chunks
from webapp.queries.visibility import visible

M = TypeVar("M", bound=Base)
Reference = str | int

LARGEST_ID = 2**63 - 1
MOST_DIGITS = 18

NAMED: dict[type[Any], tuple[str, tuple[Any, ...]]] = {
    Customer: ("customer", (Customer.code,)),
    Variant: ("item", (Variant.sku,)),
    Location: ("location", (Location.code,)),
    PriceList: ("price list", (PriceList.code,)),
    Promotion: ("promotion", (Promotion.code,)),
    Order: ("order", (Order.order_number, Order.quote_number)),
    Shipment: ("shipment", (Shipment.shipment_number,)),
    Return: ("return", (Return.return_number,)),
    Invoice: ("invoice", (Invoice.invoice_number,)),
    CreditNote: ("credit note", (CreditNote.credit_note_number,)),
    Payment: ("payment", (Payment.payment_number,)),
    StockMovement: ("movement", ()),
}
"""By kind of record: what a sentence calls it, and the columns that name it."""


def called(model: type[M], name: str, viewer: User, *parts: ExecutableOption) -> M:
    """What a number, code or SKU calls, with ``parts`` of it loaded, for whoever may see it.

    Raises NotFound, in the same words for what is hidden and for what is not there.
    """
    found = db.session.scalars(
        select(model).where(_is_called(model, name), visible(model, viewer)).options(*parts)
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no {NAMED[model][0]} {name}.")
    return found


def at_path(model: type[M], text: str, user: User) -> M:
    """What an address names: by number or code, else by id. Raises NotFound, also for what ``user`` may not see."""
    found = _first(model, _is_called(model, text), user) if text.isprintable() else None
    if found is None and _is_id(text):
        found = _first(model, model.id == int(text), user)  # type: ignore[attr-defined]
    if found is None:
        raise NotFound(f"There is no {NAMED[model][0]} {text}.")
    return found


def referred(model: type[M], reference: Reference, user: User, *, field: str) -> M:
    """What a body or a filter refers to. Raises BadInput for ``field``."""
    by_id = isinstance(reference, int)
    condition = model.id == reference if by_id else _is_called(model, str(reference))  # type: ignore[attr-defined]
    found = None if by_id and not 0 < int(reference) <= LARGEST_ID else _first(model, condition, user)
    if found is None:
        raise BadInput(f"There is no {NAMED[model][0]} {reference}.", field=field)
    return found


def skus_of(references: Iterable[Reference]) -> dict[Reference, str]:
    """The SKUs that integers among ``references`` mean; strings are themselves, unknown ids their digits."""
    asked = list(references)
    ids = {one for one in asked if isinstance(one, int) and 0 < one <= LARGEST_ID}
    known = {
        variant_id: sku
        for part in chunks(ids)
        for variant_id, sku in db.session.execute(select(Variant.id, Variant.sku).where(Variant.id.in_(part)))
    }
    return {one: known.get(one, str(one)) if isinstance(one, int) else one for one in asked}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def _is_called(model: type[Any], text: str) -> ColumnElement[bool]:
    return or_(false(), *(column == text for column in NAMED[model][1]))


def _first(model: type[M], condition: Any, user: User) -> M | None:
    return db.session.scalars(select(model).where(condition, visible(model, user)).limit(1)).first()
