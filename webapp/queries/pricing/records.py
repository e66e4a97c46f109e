"""Prices as flat records: the fields of ``webapp.domain.importing.records``, as files name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.models import Customer, CustomerPrice, ListPrice, PriceList, User, Variant
from webapp.queries.batches import chunks
from webapp.queries.visibility import visible


def all_prices(viewer: User) -> Iterator[dict[str, Any]]:
    """Every price: those of the lists first, then those of single customers that ``viewer`` may see."""
    for model, owner in ((ListPrice, PriceList), (CustomerPrice, Customer)):
        column = _owner_column(model)
        statement = (
            select(owner.code, owner.currency, Variant.sku, model.min_quantity, model.unit_price, model.valid_from,
                   model.valid_to)
            .join(owner, owner.id == column)
            .join(Variant, Variant.id == model.variant_id)
            .where(visible(owner, viewer))
            .order_by(owner.code, Variant.sku, model.min_quantity, model.valid_from, model.id)
        )  # fmt: skip
        for code, currency, sku, min_quantity, unit_price, valid_from, valid_to in db.session.execute(statement):
            yield {
                "list": code if model is ListPrice else "",
                "customer": code if model is CustomerPrice else "",
                "sku": sku,
                "min_quantity": min_quantity,
                "unit_price": unit_price,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "currency": currency,
            }


def prices_of(model: type[ListPrice] | type[CustomerPrice], owner_ids: Iterable[int]) -> dict[tuple[Any, ...], Any]:
    """The stored prices of some lists or customers, by owner, variant, quantity and first day."""
    column = _owner_column(model)
    found = {}
    for part in chunks(owner_ids):
        for row in db.session.execute(
            select(
                column, model.variant_id, model.min_quantity, model.valid_from, model.id, model.unit_price,
                model.valid_to,
            ).where(column.in_(part))
        ):  # fmt: skip
            found[(row[0], row[1], row[2], row[3])] = row
    return found


def _owner_column(model: type[ListPrice] | type[CustomerPrice]) -> Any:
    return model.price_list_id if model is ListPrice else CustomerPrice.customer_id
