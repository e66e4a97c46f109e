"""Promotions in a list, each with its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.models import (
    Promotion,
    PromotionScope,
    PromotionState,
)
from webapp.queries.company import today
from webapp.queries.paging import Page, page_of
from webapp.queries.promotions.rules import rule_of

MOST_NAMED = 3
PER_PAGE = 40


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


def promotion_list(
    *, q: str = "", state: str = "", cursor: str | None = None
) -> tuple[Page[Promotion], list[PromotionView]]:
    """A page of promotions, the newest first. Raises BadInput for a bad cursor."""
    page = page_of(
        select(Promotion).where(*_fitting(q, state)).options(SCOPES), Promotion.id, cursor=cursor, limit=PER_PAGE
    )
    day = today()
    return page, [view_of(one, day) for one in page.rows]


def promotions_page(*, cursor: str | None = None, limit: int) -> Page[Promotion]:
    """Promotions by code, for programs. Raises BadInput."""
    statement = select(Promotion).options(SCOPES, joinedload(Promotion.free_variant))
    return page_of(statement, Promotion.code, cursor=cursor, limit=limit, newest_first=False)


def view_of(promotion: Promotion, day: date) -> PromotionView:
    scopes = promotion.scopes
    return PromotionView(
        promotion=promotion,
        terms=rule_of(promotion).gives,
        items=listed(
            [one.variant.sku for one in scopes if one.variant] + [one.category.name for one in scopes if one.category]
        )
        or "all items",
        people=listed(
            [one.customer.name for one in scopes if one.customer] + [one.group.name for one in scopes if one.group]
        )
        or "everybody",
        running=_running(promotion, day),
    )


def listed(words: list[str]) -> str:
    shown = ", ".join(words[:MOST_NAMED])
    more = len(words) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _running(promotion: Promotion, day: date) -> str:
    """Whether it counts today: draft, planned, running, over or ended."""
    if promotion.state is not PromotionState.PUBLISHED:
        return promotion.state.lower()
    if promotion.valid_from and day < promotion.valid_from:
        return "planned"
    return "over" if promotion.valid_to and day > promotion.valid_to else "running"


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
