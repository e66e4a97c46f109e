"""Invariants of promotions: the uses they count are those that orders hold."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from webapp.models import Promotion, PromotionUse
from webapp.queries.invariants.registry import Breaking, rows_break


@rows_break("I21")
def uses_are_those_that_orders_hold() -> Iterable[Breaking]:
    """The count on a promotion, which keeps its limit, equals the orders that hold a use of it."""
    held = (
        select(PromotionUse.promotion_id, func.count().label("orders")).group_by(PromotionUse.promotion_id).subquery()
    )
    orders = func.coalesce(held.c.orders, 0)
    statement = (
        select(Promotion.code, Promotion.uses, orders)
        .outerjoin(held, held.c.promotion_id == Promotion.id)
        .where(Promotion.uses != orders)
        .order_by(Promotion.id)
    )
    yield Breaking(statement, "promotion {0}", "counts {1} uses, orders hold {2}")
