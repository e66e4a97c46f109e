"""Items as flat records: the fields of ``domain.importing.records``, as files, forms and comparisons use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.models import Item, Variant
from webapp.queries.batches import chunks


def variants_by_sku(skus: Sequence[str]) -> dict[str, Variant]:
    """The variants that exist among ``skus``, with everything their records show."""
    return {
        variant.sku: variant
        for part in chunks(dict.fromkeys(skus))
        for variant in db.session.scalars(_with_parts().where(Variant.sku.in_(part)))
    }


def variant_ids(skus: Sequence[str]) -> dict[str, int]:
    """SKU to id, for those that exist among ``skus``."""
    return {
        sku: variant_id
        for part in chunks(dict.fromkeys(skus))
        for sku, variant_id in db.session.execute(select(Variant.sku, Variant.id).where(Variant.sku.in_(part)))
    }


def all_variants() -> Iterator[Variant]:
    """Every variant by SKU, with everything their records show."""
    yield from db.session.scalars(_with_parts().order_by(Variant.sku))


def item_record(variant: Variant) -> dict[str, Any]:
    """The variant's fields; ``item`` is empty where the variant is the whole item."""
    item = variant.item
    return {
        "sku": variant.sku,
        "name": variant.name,
        "unit": variant.unit,
        "base_price": variant.base_price,
        "tax_code": variant.tax_code.code,
        "tracking": variant.tracking,
        "barcode": variant.barcode,
        "category": item.category.name if item.category else "",
        "item": "" if item.name == variant.name else item.name,
        "description": item.description,
        "quantity_step": variant.quantity_step,
        "reorder_level": variant.reorder_level,
        "minimum_quantity": variant.minimum_quantity,
        "multiple_quantity": variant.multiple_quantity,
        "units": {row.unit: row.factor for row in variant.conversions},
        "is_active": variant.is_active,
    }


def _with_parts() -> Any:
    return select(Variant).options(
        joinedload(Variant.item, innerjoin=True).joinedload(Item.category),
        joinedload(Variant.tax_code, innerjoin=True),
        selectinload(Variant.conversions),
    )
