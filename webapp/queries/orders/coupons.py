"""The coupons that an order carries."""

from __future__ import annotations

from sqlalchemy import select

from webapp.db import db
from webapp.models import Promotion, PromotionUse


def coupons_of(order_id: int) -> list[str]:
    """The codes of the coupons that an order carries."""
    return list(
        db.session.scalars(
            select(Promotion.coupon)
            .join(PromotionUse, PromotionUse.promotion_id == Promotion.id)
            .where(PromotionUse.order_id == order_id, Promotion.coupon.is_not(None))
            .order_by(Promotion.coupon)
        )
    )
