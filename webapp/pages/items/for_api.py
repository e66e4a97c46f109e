"""Lists of items, in pages."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.models import Category, Item, Variant
from webapp.queries.paging import Page, page_of


def items_page(
    *,
    sku: str | None = None,
    barcode: str | None = None,
    category: str | None = None,
    search: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page[Variant]:
    """Variants by SKU, with everything their records show. Raises BadInput."""
    statement = (
        select(Variant)
        .join(Variant.item)
        .options(
            joinedload(Variant.item, innerjoin=True).joinedload(Item.category),
            joinedload(Variant.tax_code, innerjoin=True),
            selectinload(Variant.conversions),
        )
    )
    if sku:
        statement = statement.where(Variant.sku == sku)
    if barcode:
        statement = statement.where(Variant.barcode == barcode)
    if category:
        statement = statement.where(Item.category_id.in_(select(Category.id).where(Category.name == category)))
    if search:
        words = (column.icontains(search, autoescape=True) for column in (Variant.sku, Variant.name))
        statement = statement.where(or_(*words))
    return page_of(statement, Variant.sku, cursor=cursor, limit=limit, newest_first=False)
