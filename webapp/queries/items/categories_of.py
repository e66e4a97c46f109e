"""The categories of items: each item's own and every one above it, for any number of items in two statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import bindparam, select

from webapp.db import db
from webapp.domain.approvals.discount_limits import path_of
from webapp.models import Category, Item, Variant

TREE = select(Category.id, Category.parent_id, Category.margin_floor_percent)
CATEGORY_OF = (
    select(Variant.id, Item.category_id)
    .join(Item, Item.id == Variant.item_id)
    .where(Variant.id.in_(bindparam("variant_ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class CategoryPaths:
    """For each variant its categories, the nearest first; and the margin floors that categories set, in percent."""

    paths: Mapping[int, tuple[int, ...]]
    floors: Mapping[int, Decimal]

    def of(self, variant_id: int) -> tuple[int, ...]:
        """The categories of one variant; empty when it is in none."""
        return self.paths.get(variant_id, ())


def paths_of(variant_ids: Iterable[int]) -> CategoryPaths:
    """The categories of some variants."""
    rows = db.session.execute(TREE).all()
    parents = {row[0]: row[1] for row in rows}
    own = db.session.execute(CATEGORY_OF, {"variant_ids": set(variant_ids)})
    return CategoryPaths(
        paths={variant_id: path_of(category_id, parents) for variant_id, category_id in own},
        floors={row[0]: row[2] for row in rows if row[2] is not None},
    )
