"""Promotions as pages show them: the list, one with what it is for, and what else counts for the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import (
    Customer,
    Item,
    Order,
    Promotion,
    PromotionScope,
    PromotionState,
    PromotionUse,
    User,
    Variant,
)
from webapp.queries.company import company, today
from webapp.queries.history import history_of
from webapp.queries.items.category_trees import with_sub_categories
from webapp.queries.paging import Page, page_of
from webapp.queries.promotions.rules import rule_of
from webapp.queries.timeline import Entry
from webapp.queries.visibility import visible

PER_PAGE = 40
MOST_SHARED_NAMED = 3
MOST_ORDERS = 20
MOST_CHOICES = 200
SCOPES = selectinload(Promotion.scopes).options(
    joinedload(PromotionScope.variant),
    joinedload(PromotionScope.category),
    joinedload(PromotionScope.customer),
    joinedload(PromotionScope.group),
)


@dataclass(frozen=True, slots=True)
class PromotionView:
    """A promotion with the words about it."""

    promotion: Promotion
    terms: str
    items: str
    people: str
    running: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another promotion that counts for the same customers and items, and what then happens."""

    promotion: Promotion
    terms: str
    shared: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PromotionPage:
    """One promotion with everything its author looks at before publishing it and after."""

    view: PromotionView
    conflicts: Sequence[Conflict]
    orders: Sequence[Order]
    history: Sequence[Entry]

    @property
    def promotion(self) -> Promotion:
        return self.view.promotion


def promotion_list(
    *, q: str = "", state: str = "", cursor: str | None = None
) -> tuple[Page[Promotion], list[PromotionView]]:
    """A page of promotions, the newest first. Raises BadInput for a bad cursor."""
    page = page_of(
        select(Promotion).where(*_fitting(q, state)).options(SCOPES), Promotion.id, cursor=cursor, limit=PER_PAGE
    )
    day = today()
    return page, [_view(one, day) for one in page.rows]


def promotions_page(*, cursor: str | None = None, limit: int) -> Page[Promotion]:
    """Promotions by code, for programs. Raises BadInput."""
    statement = select(Promotion).options(SCOPES, joinedload(Promotion.free_variant))
    return page_of(statement, Promotion.code, cursor=cursor, limit=limit, newest_first=False)


def find_promotion(code: str) -> Promotion:
    """The promotion called ``code`` with what it is for. Raises NotFound."""
    found = db.session.scalars(
        select(Promotion).where(Promotion.code == code).options(SCOPES, joinedload(Promotion.free_variant))
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no promotion {code}.")
    return found


def promotion_page(code: str, user: User) -> PromotionPage:
    """One promotion's page. Raises NotFound."""
    promotion = find_promotion(code)
    ours = company()
    return PromotionPage(
        view=_view(promotion, today()),
        conflicts=conflicts_of(promotion),
        orders=_orders_holding(promotion, user),
        history=history_of(
            Promotion.document_kind, promotion.id, promotion.currency or (ours.base_currency if ours else "EUR")
        ),
    )


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


# -- words --------------------------------------------------------------------------------------------------------


def _view(promotion: Promotion, day: date) -> PromotionView:
    scopes = promotion.scopes
    return PromotionView(
        promotion=promotion,
        terms=rule_of(promotion).gives,
        items=_listed(
            [one.variant.sku for one in scopes if one.variant] + [one.category.name for one in scopes if one.category]
        )
        or "all items",
        people=_listed(
            [one.customer.name for one in scopes if one.customer] + [one.group.name for one in scopes if one.group]
        )
        or "everybody",
        running=_running(promotion, day),
    )


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:MOST_SHARED_NAMED])
    more = len(words) - MOST_SHARED_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _running(promotion: Promotion, day: date) -> str:
    """Whether it counts today: draft, planned, running, over or ended."""
    if promotion.state is not PromotionState.PUBLISHED:
        return promotion.state.lower()
    if promotion.valid_from and day < promotion.valid_from:
        return "planned"
    return "over" if promotion.valid_to and day > promotion.valid_to else "running"


def _outcome(promotion: Promotion, other: Promotion) -> str:
    if promotion.stackable and other.stackable:
        first = min((promotion, other), key=lambda one: (one.priority, one.id))
        return f"Both count, {first.name} first."
    return "Only one counts: what is cheaper for the customer."


# -- who and what it meets ----------------------------------------------------------------------------------------


def _fitting(q: str, state: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if q:
        found.append(
            or_(
                Promotion.code.icontains(q, autoescape=True),
                Promotion.name.icontains(q, autoescape=True),
                Promotion.coupon.icontains(q, autoescape=True),
            )
        )
    if state in set(PromotionState):
        found.append(Promotion.state == PromotionState(state))
    return found


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
    return _listed([sku for variant_id, sku in limits[0].items() if variant_id in shared])


def _orders_holding(promotion: Promotion, user: User) -> Sequence[Order]:
    return db.session.scalars(
        select(Order)
        .join(PromotionUse, PromotionUse.order_id == Order.id)
        .where(
            PromotionUse.promotion_id == promotion.id,
            Order.customer_id.in_(select(Customer.id).where(visible(Customer, user))),
        )
        .order_by(Order.id.desc())
        .limit(MOST_ORDERS)
        .options(joinedload(Order.customer))
    ).all()


def promotion_choices() -> list[tuple[str, str]]:
    """The promotions that can be tried: drafts first, then those published, newest first."""
    rows = db.session.execute(
        select(Promotion.code, Promotion.name, Promotion.state)
        .where(Promotion.state != PromotionState.ENDED)
        .order_by(Promotion.state, Promotion.id.desc())
        .limit(MOST_CHOICES)
    )
    return [(code, f"{name}, {state.lower()}") for code, name, state in rows]
