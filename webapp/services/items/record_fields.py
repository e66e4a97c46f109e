"""What may stand in an item's record, and putting it there: shared by the commands for one and for many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.importing.records import item_table
from webapp.models import Category, Item, StockMovement, TaxCode, UnitConversion, Variant
from webapp.queries.batches import chunks
from webapp.queries.items.records import item_record
from webapp.services.changes import Change

PLAIN = (
    "name", "unit", "base_price", "tracking", "barcode", "quantity_step", "reorder_level", "minimum_quantity",
    "multiple_quantity", "is_active",
)  # fmt: skip
"""Fields that are columns of the variant under their own name."""

FIXED_BY_STOCK = ("tracking", "unit", "quantity_step")
"""What every movement was counted by: it cannot change once stock has moved."""

READERS = item_table()


class ItemWriter:
    """Checks and writes items' records. What the rows refer to is looked up once, for all of them.

    ``rows`` are what will be written, so that barcodes, shared items and movements are asked for in a few statements.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], known: Iterable[Variant]) -> None:
        rows = list(rows)
        self._tax_codes = dict(_pairs(select(TaxCode.code, TaxCode.id)))
        self._categories = {category.name: category for category in db.session.scalars(select(Category))}
        self._items = self._named_items(_texts(rows, "item"))
        self._barcodes = self._owners_of(_texts(rows, "barcode"))
        self._moved = _moved([variant.id for variant in known])

    def add(self, values: Mapping[str, Any]) -> Variant:
        """A new variant in the session, with its item. Raises BadInput."""
        record = fields.read_whole(READERS, values)
        self._check(record["sku"], record)
        variant = Variant(sku=record["sku"], created_at=clock.now(), conversions=[])
        variant.item = self._item(record["item"], record["name"])
        self._write(variant, record)
        db.session.add(variant)
        return variant

    def read_change(self, variant: Variant, values: Mapping[str, Any]) -> Change | None:
        """What ``values`` would change, checked; None when nothing. Raises BadInput."""
        record = fields.read(READERS, values)
        before = item_record(variant)
        if record.get("item") == record.get("name", variant.name):
            record["item"] = ""
        after = {field: value for field, value in record.items() if before[field] != value}
        if not after:
            return None
        self._check(variant.sku, after)
        self._check_fixed(variant, after)
        return Change({field: before[field] for field in after}, after)

    def write(self, variant: Variant, change: Change) -> None:
        """Put a change, checked before, into the variant and its item."""
        if "item" in change.after:
            variant.item = self._item(change.after["item"], change.after.get("name", variant.name))
        elif "name" in change.after and variant.item.name == variant.name:
            variant.item.name = change.after["name"]
        self._write(variant, change.after)
        variant.bump()

    def _check(self, sku: str, record: Mapping[str, Any]) -> None:
        wrong: dict[str, str] = {}
        if "tax_code" in record and record["tax_code"] not in self._tax_codes:
            wrong["tax_code"] = f"There is no tax code {record['tax_code']}."
        barcode = record.get("barcode")
        owner = self._barcodes.get(barcode, sku) if barcode else sku
        if owner != sku:
            wrong["barcode"] = f"Barcode {barcode} belongs to {owner}."
        fields.refuse_all(wrong)
        if barcode:
            self._barcodes[barcode] = sku

    def _check_fixed(self, variant: Variant, after: Mapping[str, Any]) -> None:
        for field in FIXED_BY_STOCK:
            if field in after and variant.id in self._moved:
                words = {"tracking": "kind of tracking", "unit": "unit", "quantity_step": "smallest quantity"}[field]
                raise BadInput(
                    f"Stock of {variant.sku} has moved, so its {words} stays. Add a new item instead.", field=field
                )

    def _write(self, variant: Variant, record: Mapping[str, Any]) -> None:
        for field in PLAIN:
            if field in record:
                setattr(variant, field, record[field])
        if "tax_code" in record:
            variant.tax_code_id = self._tax_codes[record["tax_code"]]
        if "category" in record:
            variant.item.category = self._category(record["category"])
        if "description" in record:
            variant.item.description = record["description"]
        if "units" in record:
            _write_units(variant, record["units"])

    def _item(self, shared: str, own: str) -> Item:
        """The item several variants share by its name, or a new one for this variant alone."""
        if not shared:
            item = Item(name=own, description="")
            self._items.setdefault(own, item)
            return item
        return self._items.setdefault(shared, Item(name=shared, description=""))

    def _category(self, name: str) -> Category | None:
        """The category called ``name``, made when nobody has used the name before."""
        return self._categories.setdefault(name, Category(name=name)) if name else None

    @staticmethod
    def _named_items(names: list[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for part in chunks(names):
            for item in db.session.scalars(select(Item).where(Item.name.in_(part)).order_by(Item.id.desc())):
                found[item.name] = item
        return found

    @staticmethod
    def _owners_of(barcodes: list[str]) -> dict[str, str]:
        statements = (
            select(Variant.barcode, Variant.sku).where(Variant.barcode.in_(part)) for part in chunks(barcodes)
        )
        return {barcode: sku for statement in statements for barcode, sku in _pairs(statement)}


def _write_units(variant: Variant, units: Mapping[str, Any]) -> None:
    rows = {row.unit: row for row in variant.conversions}
    for unit in rows.keys() - units.keys():
        variant.conversions.remove(rows[unit])
    for unit, factor in units.items():
        if unit in rows:
            rows[unit].factor = factor
        else:
            variant.conversions.append(UnitConversion(unit=unit, factor=factor))


def _moved(variant_ids: list[int]) -> set[int]:
    return {
        found
        for part in chunks(variant_ids)
        for found in db.session.scalars(
            select(StockMovement.variant_id).where(StockMovement.variant_id.in_(part)).distinct()
        )
    }


def _pairs(statement: Any) -> list[tuple[Any, Any]]:
    return [(left, right) for left, right in db.session.execute(statement)]


def _texts(rows: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return list(dict.fromkeys(str(row[field]).strip() for row in rows if row.get(field)))
