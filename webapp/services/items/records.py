"""Items: adding and changing them (each is a variant with a SKU), and the tree of their categories."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import exists, select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound, Refused
from webapp.domain.importing import fields
from webapp.domain.numbers import Number
from webapp.domain.permissions import Permission
from webapp.models import Category, Item, User, Variant
from webapp.queries.items.records import item_record, variant_ids, variants_by_sku
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.items.record_fields import ItemWriter
from webapp.services.trees import refuse_circle
from webapp.services.versions import require_current


@command(Permission.ITEMS_WRITE)
def add_item(*, cost: Decimal | None = None, actor: User, **values: Any) -> Variant:
    """Add an item; ``values`` names fields of ``webapp.domain.importing.records``. Prices are in the base currency.

    ``cost`` is what a unit costs until a receipt says otherwise. With ``item`` the variant joins the others of that
    name. Raises BadInput, Forbidden.
    """
    if variant_ids([str(values.get("sku") or "").strip()]):
        raise BadInput(f"There is an item {values['sku']} already.", field="sku")
    variant = ItemWriter([values], []).add(values)
    variant.average_cost = cost
    db.session.flush()
    audit.record(Action.ITEM_ADDED, variant, actor=actor, after=values)
    return variant


@command(Permission.ITEMS_WRITE)
def change_item(sku: str, /, *, version: int, actor: User, **changes: Any) -> Variant:
    """Change fields of an item; those not named stay. Cost follows from receipts and cannot be typed.

    Raises StaleVersion with both values, BadInput (tracking, unit and step once stock has moved), NotFound, Forbidden.
    """
    variant = _lock(sku)
    if changes.get("sku", sku) != sku:
        raise BadInput("A SKU stays what it is: documents and files name it.", field="sku")
    writer = ItemWriter([changes], [variant])
    change = writer.read_change(variant, changes)
    wanted = change.after if change else {}
    require_current(variant, version, f"Item {sku}", now=item_record(variant), wanted=wanted)
    if change:
        writer.write(variant, change)
        db.session.flush()
    before, after = (change.before, change.after) if change else ({}, {})
    audit.record(Action.ITEM_CHANGED, variant, actor=actor, before=before, after=after)
    return variant


def _lock(sku: str) -> Variant:
    ids = variant_ids([sku])
    if not ids:
        raise NotFound(f"There is no item {sku}.")
    locks.lock_variants(ids.values())
    return variants_by_sku([sku])[sku]


# --- categories ------------------------------------------------------------------------------------------------------


@command(Permission.ITEMS_WRITE)
def add_category(name: str, *, parent: str = "", margin_floor: Number | None = None, actor: User) -> Category:
    """Add a category, perhaps under another one; ``margin_floor`` in percent, None or empty: that of the category
    above. Raises BadInput, Forbidden."""
    name = _category_name(name)
    if _category(name) is not None:
        raise BadInput(f"There is a category {name} already.", field="name")
    category = Category(name=name, parent_id=_parent_id(parent), margin_floor_percent=_floor(margin_floor))
    db.session.add(category)
    audit.record(
        Action.CATEGORY_CHANGED,
        the_company(),
        actor=actor,
        after={"name": name, "parent": parent, "margin_floor": category.margin_floor_percent},
    )
    return category


@command(Permission.ITEMS_WRITE)
def change_category(
    name: str, *, new_name: str, parent: str = "", margin_floor: Number | None = None, actor: User
) -> Category:
    """Rename a category, move it under another, set or clear its margin floor in percent.

    Raises NotFound, BadInput (also for a circle), Forbidden.
    """
    category = _existing_category(name)
    new_name = _category_name(new_name)
    if new_name != name and _category(new_name) is not None:
        raise BadInput(f"There is a category {new_name} already.", field="name")
    floor_before = category.margin_floor_percent
    category.name, category.parent_id = new_name, _parent_id(parent)
    category.margin_floor_percent = _floor(margin_floor)
    refuse_circle(Category, category, "category")
    audit.record(
        Action.CATEGORY_CHANGED,
        the_company(),
        actor=actor,
        before={"name": name, "margin_floor": floor_before},
        after={"name": new_name, "parent": parent, "margin_floor": category.margin_floor_percent},
    )
    return category


@command(Permission.ITEMS_WRITE)
def remove_category(name: str, *, actor: User) -> None:
    """Remove a category nothing is in. Raises NotFound, Refused, Forbidden."""
    category = _existing_category(name)
    if db.session.scalar(select(exists().where(Item.category_id == category.id))):
        raise Refused(f"Items are in category {name}. Move them first.")
    if db.session.scalar(select(exists().where(Category.parent_id == category.id))):
        raise Refused(f"Category {name} has categories below it. Move them first.")
    db.session.delete(category)
    audit.record(Action.CATEGORY_CHANGED, the_company(), actor=actor, before={"name": name}, after={"name": None})


def _category_name(name: str) -> str:
    return str(fields.text(100, required=True)(name, "name"))


def _floor(margin_floor: Number | None) -> Decimal | None:
    found: Decimal | None = fields.optional(fields.percent)(margin_floor, "margin_floor")
    return found


def _category(name: str) -> Category | None:
    return db.session.scalar(select(Category).where(Category.name == name))


def _existing_category(name: str) -> Category:
    category = _category(name)
    if category is None:
        raise NotFound(f"There is no category {name}.")
    return category


def _parent_id(parent: str) -> int | None:
    if not parent:
        return None
    found = _category(parent)
    if found is None:
        raise BadInput(f"There is no category {parent}.", field="parent")
    return found.id
