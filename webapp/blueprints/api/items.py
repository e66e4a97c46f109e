"""Items: each is a variant with a SKU."""

from __future__ import annotations

from typing import Any

from flask import url_for

from webapp.blueprints.api.routing import Answer, changes, does, listed, reads
from webapp.blueprints.api.schemas.items import ItemChange, ItemInput, ItemList, ItemOutput, ItemQuery
from webapp.domain.permissions import Permission
from webapp.models import Variant
from webapp.pages.items.for_api import items_page
from webapp.queries.items.records import variants_by_sku
from webapp.queries.references import at_path
from webapp.services.company import the_company
from webapp.services.items.records import add_item, change_item
from webapp.web.auth import program


@reads("/items/", Permission.ITEMS_READ, ItemList, query=ItemQuery)
def list_items(query: ItemQuery) -> ItemList:
    """Items by SKU."""
    page = items_page(
        sku=query.sku,
        barcode=query.barcode,
        category=query.category,
        search=query.search,
        cursor=query.cursor,
        limit=query.limit,
    )
    currency, user = the_company().base_currency, program()
    return ItemList(**listed(page, [ItemOutput.of(row, currency, user) for row in page.rows]))


@reads("/items/<ref>/", Permission.ITEMS_READ, ItemOutput)
def show_item(ref: str) -> ItemOutput:
    """One item, by SKU or id."""
    return _item(at_path(Variant, ref, program()).sku)


@does("/items/", add_item, ItemOutput, body=ItemInput, status=201)
def create_item(body: ItemInput) -> Answer:
    """Add an item."""
    sku = add_item(actor=program(), **_values(body)).sku
    return Answer(_item(sku), 201, url_for("api.show_item", ref=sku))


@changes("/items/<ref>/", change_item, ItemOutput, body=ItemChange)
def change_item_of(body: ItemChange, ref: str, version: int) -> ItemOutput:
    """Change fields of an item; the others stay."""
    sku = at_path(Variant, ref, program()).sku
    change_item(sku, version=version, actor=program(), **_values(body))
    return _item(sku)


def _item(sku: str) -> ItemOutput:
    return ItemOutput.of(variants_by_sku([sku])[sku], the_company().base_currency, program())


def _values(body: ItemInput | ItemChange) -> dict[str, Any]:
    values = body.model_dump(exclude_unset=True, exclude={"version"})
    return {name: "" if value is None and name != "cost" else value for name, value in values.items()}
