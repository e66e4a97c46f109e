"""Items in a list: what narrows it, and what of each is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.models import Category, Item, StockLevel, TaxCode, Variant
from webapp.queries.paging import Page, page_of

SORTS = {"name": (Variant.name, Variant.id), "sku": (Variant.sku,)}


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What a list of items is narrowed to; empty text narrows nothing."""

    q: str = ""
    category: str = ""
    state: str = ""
    sort: str = "sku"


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies and what is reserved of one item at one place or at all, in base units."""

    on_hand: Decimal = ZERO
    allocated: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        """What is not reserved."""
        return self.on_hand - self.allocated


@dataclass(frozen=True, slots=True)
class ItemList:
    """One page of items with the stock of each over all locations."""

    page: Page[Variant]
    stock: dict[int, Stock]

    def of(self, variant: Variant) -> Stock:
        """The stock of one of them."""
        return self.stock.get(variant.id, Stock())


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category with its depth in the tree and its path."""

    name: str
    parent: str
    depth: int
    items: int
    margin_floor: Decimal | None = None


def item_list(wanted: ItemFilter, *, cursor: str | None = None) -> ItemList:
    """One page of items. Raises BadInput for a page there is not."""
    statement = select(Variant).where(*_conditions(wanted)).options(joinedload(Variant.item).joinedload(Item.category))
    falls = wanted.sort.startswith("-")
    keys: Any = SORTS.get(wanted.sort.removeprefix("-"), SORTS["sku"])
    page = page_of(statement, *keys, cursor=cursor, newest_first=falls)
    return ItemList(page, stock_of([variant.id for variant in page.rows]))


def stock_of(variant_ids: Sequence[int]) -> dict[int, Stock]:
    """On hand and allocated over all locations, by variant."""
    rows = db.session.execute(
        select(StockLevel.variant_id, func.sum(StockLevel.on_hand_qty), func.sum(StockLevel.allocated_qty))
        .where(StockLevel.variant_id.in_(variant_ids))
        .group_by(StockLevel.variant_id)
    )
    return {row[0]: Stock(row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class ItemChoices:
    """What the fields of an item may be chosen from."""

    tax_codes: list[tuple[str, str]]
    categories: list[CategoryRow]


def item_choices() -> ItemChoices:
    """What the fields of an item may be chosen from."""
    codes = db.session.execute(select(TaxCode.code, TaxCode.name).order_by(TaxCode.code))
    return ItemChoices([(code, f"{code}, {name}") for code, name in codes], category_tree())


def category_tree() -> list[CategoryRow]:
    """Every category below its parent, with how many items it holds itself."""
    counts = dict(_pairs(select(Item.category_id, func.count()).group_by(Item.category_id)))
    children: dict[int | None, list[Category]] = {}
    for category in db.session.scalars(select(Category).order_by(Category.name)):
        children.setdefault(category.parent_id, []).append(category)
    rows: list[CategoryRow] = []

    def walk(parent: Category | None, depth: int) -> None:
        for category in children.get(parent.id if parent else None, []):
            above, items = parent.name if parent else "", counts.get(category.id, 0)
            rows.append(CategoryRow(category.name, above, depth, items, category.margin_floor_percent))
            walk(category, depth + 1)

    walk(None, 0)
    return rows


def matches(words: str) -> ColumnElement[bool]:
    """Items whose SKU or barcode begins with ``words``, or whose name holds them."""
    return or_(
        Variant.sku.istartswith(words, autoescape=True),
        Variant.barcode == words,
        Variant.name.icontains(words, autoescape=True),
    )


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.q:
        found.append(matches(wanted.q))
    if wanted.category:
        found.append(Variant.item.has(Item.category_id.in_(_with_sub_categories(wanted.category))))
    if wanted.state == "low":
        found.append(Variant.stock_qty < Variant.reorder_level)
    found.append(Variant.is_active.is_(wanted.state != "inactive"))
    return found


def _with_sub_categories(name: str) -> Any:
    tree = select(Category.id).where(Category.name == name).cte(recursive=True)
    return select(tree.union_all(select(Category.id).where(Category.parent_id == tree.c.id)).c.id)


def _all(statement: Any) -> Sequence[Any]:
    found: Sequence[Any] = db.session.scalars(statement).all()
    return found


def _pairs(statement: Any) -> list[tuple[Any, Any]]:
    return [(row[0], row[1]) for row in db.session.execute(statement)]
