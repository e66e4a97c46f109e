"""Items as lists and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.models import Customer, CustomerPrice, Item, ListPrice, Location, StockLevel, User, Variant
from webapp.pages.history import history_of
from webapp.pages.items.lists import Stock, _all
from webapp.pages.timeline import Entry
from webapp.queries.visibility import visible

SHOWN = 20


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Everything the page of one item shows."""

    variant: Variant
    siblings: Sequence[Variant]
    levels: Sequence[StockLevel]
    prices: Sequence[ListPrice]
    agreed: Sequence[CustomerPrice]
    history: Sequence[Entry]

    @property
    def stock(self) -> Stock:
        """Over all locations."""
        return Stock(sum((level.on_hand_qty for level in self.levels), ZERO),
                     sum((level.allocated_qty for level in self.levels), ZERO))  # fmt: skip


def find_item(sku: str) -> Variant:
    """The item with everything its forms show. Raises NotFound."""
    found = db.session.scalars(
        select(Variant)
        .where(Variant.sku == sku)
        .options(
            joinedload(Variant.item).joinedload(Item.category),
            joinedload(Variant.tax_code),
            selectinload(Variant.conversions),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no item {sku}.")
    return found


def item_page(sku: str, viewer: User, currency: str = "EUR") -> ItemPage:
    """The page of one item; ``currency`` is the base currency, in which costs are told. Raises NotFound."""
    variant = find_item(sku)
    return ItemPage(
        variant=variant,
        siblings=_all(select(Variant).where(Variant.item_id == variant.item_id, Variant.id != variant.id)
                      .order_by(Variant.sku).limit(SHOWN)),
        levels=_all(select(StockLevel).where(StockLevel.variant_id == variant.id).join(Location)
                    .order_by(Location.code).options(joinedload(StockLevel.location))),
        prices=_all(select(ListPrice).where(ListPrice.variant_id == variant.id)
                    .order_by(ListPrice.price_list_id, ListPrice.min_quantity, ListPrice.valid_from)
                    .options(joinedload(ListPrice.price_list))),
        agreed=_all(select(CustomerPrice).where(CustomerPrice.variant_id == variant.id,
                                              CustomerPrice.customer.has(visible(Customer, viewer)))
                    .order_by(CustomerPrice.id.desc()).limit(SHOWN).options(joinedload(CustomerPrice.customer))),
        history=history_of(Variant.document_kind, variant.id, currency, viewer=viewer),
    )  # fmt: skip
