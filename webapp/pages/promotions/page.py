"""Promotions as pages show them: the list, one with what it is for, and what else counts for the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.errors import NotFound
from webapp.models import (
    Customer,
    Order,
    Promotion,
    PromotionState,
    PromotionUse,
    User,
)
from webapp.pages.history import history_of
from webapp.pages.promotions.conflicts import Conflict, conflicts_of
from webapp.pages.promotions.lists import SCOPES, PromotionView, view_of
from webapp.pages.timeline import Entry
from webapp.queries.company import company, today
from webapp.queries.visibility import visible

MOST_ORDERS = 20
MOST_CHOICES = 200


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
        view=view_of(promotion, today()),
        conflicts=conflicts_of(promotion),
        orders=_orders_holding(promotion, user),
        history=history_of(
            Promotion.document_kind,
            promotion.id,
            promotion.currency or (ours.base_currency if ours else "EUR"),
            viewer=user,
        ),
    )


# -- words --------------------------------------------------------------------------------------------------------


# -- who and what it meets ----------------------------------------------------------------------------------------


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
