"""What else counts for the same lines as a promotion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from webapp.db import db
from webapp.models import (
    Item,
    Promotion,
    PromotionState,
    Variant,
)
from webapp.pages.promotions.lists import SCOPES, listed
from webapp.queries.items.category_trees import with_sub_categories
from webapp.queries.promotions.rules import rule_of


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another promotion that counts for the same customers and items, and what then happens."""

    promotion: Promotion
    terms: str
    shared: str
    outcome: str


def conflicts_of(promotion: Promotion) -> list[Conflict]:
    """The published promotions that may meet this one on a line; a fixed number of statements."""
    others = db.session.scalars(
        select(Promotion)
        .where(Promotion.state == PromotionState.PUBLISHED, Promotion.id != promotion.id, *_same_days(promotion))
        .order_by(Promotion.priority, Promotion.id)
        .options(SCOPES)
    ).all()
    groups = _groups_of([promotion, *others])
    meeting = [one for one in others if _same_people(promotion, one, groups)]
    items = _items_of([promotion, *meeting])
    found = []
    for one in meeting:
        shared = _shared(promotion, one, items)
        if shared:
            found.append(Conflict(one, rule_of(one).terms, shared, _outcome(promotion, one)))
    return found


def _outcome(promotion: Promotion, other: Promotion) -> str:
    if promotion.stackable and other.stackable:
        first = min((promotion, other), key=lambda one: (one.priority, one.id))
        return f"Both count, {first.name} first."
    return "Only one counts: what is cheaper for the customer."


def _same_days(promotion: Promotion) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if promotion.valid_to is not None:
        found.append(or_(Promotion.valid_from.is_(None), Promotion.valid_from <= promotion.valid_to))
    if promotion.valid_from is not None:
        found.append(or_(Promotion.valid_to.is_(None), Promotion.valid_to >= promotion.valid_from))
    return found


def _same_people(promotion: Promotion, other: Promotion, groups: dict[int, int | None]) -> bool:
    (mine, my_groups), (theirs, their_groups) = _people(promotion), _people(other)
    if not (mine or my_groups) or not (theirs or their_groups):
        return True
    return bool(
        mine & theirs
        or my_groups & their_groups
        or any(groups.get(one) in their_groups for one in mine)
        or any(groups.get(one) in my_groups for one in theirs)
    )


def _people(promotion: Promotion) -> tuple[set[int], set[int]]:
    return (
        {one.customer_id for one in promotion.scopes if one.customer_id is not None},
        {one.group_id for one in promotion.scopes if one.group_id is not None},
    )


def _groups_of(promotions: Iterable[Promotion]) -> dict[int, int | None]:
    """The group of every customer that the promotions name."""
    return {
        one.customer.id: one.customer.group_id
        for promotion in promotions
        for one in promotion.scopes
        if one.customer is not None
    }


def _items_of(promotions: Sequence[Promotion]) -> dict[int, dict[int, str]]:
    """By promotion the items it is for, by id with their names; one that is for all items is left out."""
    below = with_sub_categories()
    wanted: dict[int, tuple[set[int], set[int]]] = {}
    for promotion in promotions:
        variants = {one.variant_id for one in promotion.scopes if one.variant_id is not None}
        categories = {one.category_id for one in promotion.scopes if one.category_id is not None}
        if variants or categories:
            wanted[promotion.id] = variants, set().union(*(below[one] for one in categories))
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Variant.id, Variant.sku, Item.category_id).join(Item, Item.id == Variant.item_id).order_by(Variant.sku)
    ).all()
    return {
        promotion_id: {row.id: row.sku for row in rows if row.id in variants or row.category_id in categories}
        for promotion_id, (variants, categories) in wanted.items()
    }


def _shared(promotion: Promotion, other: Promotion, items: dict[int, dict[int, str]]) -> str:
    """The items both are for, in words; empty when there is none."""
    limits = [items[one.id] for one in (promotion, other) if one.id in items]
    if not limits:
        return "all items"
    shared = set.intersection(*(set(one) for one in limits))
    return listed([sku for variant_id, sku in limits[0].items() if variant_id in shared])
