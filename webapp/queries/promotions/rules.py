"""The promotions that may count for an order, as the rules of ``webapp.domain.promotions.choice`` take them.

One statement where no promotion is published, else a fixed number however many lines and promotions there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from webapp.db import db
from webapp.db.many_rows import among
from webapp.domain.constants import ZERO
from webapp.domain.promotions.terms import PromotionRule
from webapp.models import Customer, Item, OrderLine, Promotion, PromotionScope, PromotionState, PromotionUse, Variant
from webapp.queries.items.category_trees import with_sub_categories

NOBODY = -1  # the order or group of a question that names none


@dataclass(frozen=True, slots=True)
class LiveRules:
    """The rules, those among them of which an order has to hold a use, and the category of each item."""

    rules: tuple[PromotionRule, ...] = ()
    limited: frozenset[int] = frozenset()
    coupons: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    categories: Mapping[int, int | None] = field(default_factory=dict)


_OF_ITEMS = or_(PromotionScope.variant_id.is_not(None), PromotionScope.category_id.is_not(None))
_OF_PEOPLE = or_(PromotionScope.customer_id.is_not(None), PromotionScope.group_id.is_not(None))
_SCOPED = PromotionScope.promotion_id == Promotion.id
_IS_HELD = exists().where(PromotionUse.promotion_id == Promotion.id, PromotionUse.order_id == bindparam("order_id"))

LIVE = select(
    Promotion.id, Promotion.name, Promotion.benefit, Promotion.percent, Promotion.unit_amount, Promotion.currency,
    Promotion.valid_from, Promotion.valid_to, Promotion.min_quantity, Promotion.max_quantity, Promotion.min_amount,
    Promotion.over_lines, Promotion.buy_quantity, Promotion.free_quantity, Promotion.free_variant_id,
    Promotion.stackable, Promotion.priority, Promotion.coupon, Promotion.max_uses, Promotion.max_uses_per_customer,
    Promotion.uses, (~exists().where(_SCOPED, _OF_ITEMS)).label("all_items"), _IS_HELD.label("is_held"),
).where(
    or_(
        and_(
            or_(Promotion.state == PromotionState.PUBLISHED, among(Promotion.id, "carried")),
            or_(Promotion.valid_from.is_(None), Promotion.valid_from <= bindparam("day")),
            or_(Promotion.valid_to.is_(None), Promotion.valid_to >= bindparam("day")),
        ),
        among(Promotion.id, "tried"),
    ),
    or_(Promotion.coupon.is_(None), _IS_HELD, among(Promotion.id, "tried")),
    or_(
        ~exists().where(_SCOPED, _OF_PEOPLE),
        exists().where(
            _SCOPED,
            or_(
                PromotionScope.customer_id == bindparam("customer_id"),
                PromotionScope.group_id == bindparam("group_id"),
            ),
        ),
    ),
)  # fmt: skip
"""Built once, since every change of an order asks it."""

SCOPES = select(PromotionScope.promotion_id, PromotionScope.variant_id, PromotionScope.category_id).where(
    among(PromotionScope.promotion_id, "promotion_ids")
)
ITEM_SCOPES = SCOPES.where(
    or_(
        among(PromotionScope.variant_id, "variant_ids"),
        PromotionScope.category_id.is_not(None),
    )
)
ORDER_SCOPES = SCOPES.where(
    or_(
        PromotionScope.variant_id.in_(select(OrderLine.variant_id).where(OrderLine.order_id == bindparam("order_id"))),
        PromotionScope.category_id.is_not(None),
    )
)
CATEGORIES_OF = (
    select(Variant.id, Item.category_id).join(Item, Item.id == Variant.item_id).where(among(Variant.id, "variant_ids"))
)
USES_OF_CUSTOMER = (
    select(PromotionUse.promotion_id, func.count())
    .where(
        among(PromotionUse.promotion_id, "promotion_ids"),
        PromotionUse.customer_id == bindparam("customer_id"),
    )
    .group_by(PromotionUse.promotion_id)
)


def live_rules(
    customer: Customer,
    variant_ids: Collection[int],
    *,
    on: date,
    order_id: int | None = None,
    carried: Iterable[int] = (),
    tried: Iterable[int] = (),
) -> LiveRules:
    """The published promotions for this customer on the price date ``on``.

    A coupon's promotion is among them when the order ``order_id`` holds it. Those that lines ``carried`` before count
    also after they were ended; those ``tried`` count whatever their state, dates and coupon.
    """
    rows = db.session.execute(
        LIVE,
        {
            "day": on,
            "order_id": order_id or NOBODY,
            "customer_id": customer.id,
            "group_id": customer.group_id or NOBODY,
            "carried": list(carried),
            "tried": list(tried),
        },
    ).all()
    if not rows:
        return LiveRules()
    ids = [row.id for row in rows]
    variants, categories = _item_scopes(
        db.session.execute(ITEM_SCOPES, {"promotion_ids": ids, "variant_ids": list(variant_ids)})
    )
    used = _used(customer, [row.id for row in rows if row.max_uses_per_customer is not None])
    return LiveRules(
        rules=tuple(_rule(row, variants[row.id], categories[row.id], _barred(row, used)) for row in rows),
        limited=frozenset(row.id for row in rows if _is_limited(row)),
        coupons=frozenset(row.id for row in rows if row.coupon is not None),
        held=frozenset(row.id for row in rows if row.is_held),
        categories=dict(db.session.execute(CATEGORIES_OF, {"variant_ids": list(variant_ids)}).all()),
    )


@dataclass(frozen=True, slots=True)
class ItemScope:
    """The items and categories, sub-categories included, that a promotion is for."""

    variants: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()

    def holds(self, variant_id: int, category_id: int | None) -> bool:
        """Whether an item is among them."""
        return variant_id in self.variants or category_id in self.categories


def scopes_on_order(promotion_ids: list[int], order_id: int) -> dict[int, ItemScope]:
    """By promotion what it is for, of the items only those that an order has."""
    if not promotion_ids:
        return {}
    variants, categories = _item_scopes(
        db.session.execute(ORDER_SCOPES, {"promotion_ids": promotion_ids, "order_id": order_id})
    )
    return {one: ItemScope(variants[one], categories[one]) for one in promotion_ids}


def rule_of(promotion: Promotion) -> PromotionRule:
    """A promotion as the rules take it, without what it is for; its terms are those of the page."""
    return _rule(promotion, frozenset(), frozenset(), "")


def _rule(row: Any, variants: frozenset[int], categories: frozenset[int], barred: str) -> PromotionRule:
    """From a promotion, or a row of its columns."""
    return PromotionRule(
        rule_id=row.id,
        name=row.name,
        benefit=row.benefit,
        value=next((value for value in (row.percent, row.unit_amount) if value is not None), ZERO),
        currency=row.currency,
        all_items=getattr(row, "all_items", True),
        variants=variants,
        categories=categories,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        min_quantity=row.min_quantity,
        max_quantity=row.max_quantity,
        min_amount=row.min_amount,
        over_lines=row.over_lines,
        buy_quantity=row.buy_quantity,
        free_quantity=row.free_quantity,
        free_variant=row.free_variant_id,
        stackable=row.stackable,
        priority=row.priority,
        barred=barred,
    )


def _is_limited(row: Any) -> bool:
    return row.max_uses is not None or row.max_uses_per_customer is not None


def _barred(row: Any, used: Mapping[int, int]) -> str:
    """Why an order that holds no use yet cannot take one; empty when it can."""
    if row.is_held:
        return ""
    if row.max_uses is not None and row.uses >= row.max_uses:
        return "It has been used up."
    if row.max_uses_per_customer is not None and used.get(row.id, 0) >= row.max_uses_per_customer:
        return "This customer has used it as often as it allows."
    return ""


def _used(customer: Customer, promotion_ids: list[int]) -> dict[int, int]:
    if not promotion_ids:
        return {}
    values = {"promotion_ids": promotion_ids, "customer_id": customer.id}
    return dict(db.session.execute(USES_OF_CUSTOMER, values).all())


def _item_scopes(
    found: Iterable[Any],
) -> tuple[dict[int, frozenset[int]], dict[int, frozenset[int]]]:
    """By promotion the items and the categories it is for; a category brings its sub-categories along."""
    variants: dict[int, set[int]] = defaultdict(set)
    categories: dict[int, set[int]] = defaultdict(set)
    for promotion_id, variant_id, category_id in found:
        if variant_id is not None:
            variants[promotion_id].add(variant_id)
        if category_id is not None:
            categories[promotion_id].add(category_id)
    below = with_sub_categories() if categories else {}
    return (
        defaultdict(frozenset, {key: frozenset(ids) for key, ids in variants.items()}),
        defaultdict(
            frozenset, {key: frozenset().union(*(below[one] for one in ids)) for key, ids in categories.items()}
        ),
    )
