"""Promotions, what and whom they are for, and which orders hold a use of one whose uses are limited."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Percent, Price, Quantity, Versioned, enum_column, unique_where
from webapp.domain.promotions.terms import Benefit

if TYPE_CHECKING:
    from webapp.models.customers import Customer, CustomerGroup
    from webapp.models.items import Category, Variant
    from webapp.models.orders import Order


class PromotionState(StrEnum):
    """Only a published promotion counts for new prices; orders keep what an ended one gave them."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ENDED = "ENDED"


class Promotion(Versioned, Base):
    """A rule on top of the price of the lists, from one day to another, both included.

    ``percent`` is taken off, or ``unit_amount`` is taken off each base unit or is what one costs, in ``currency``, or
    ``free_quantity`` comes free for every ``buy_quantity``; quantities count base units. With ``coupon`` it counts only
    on orders that carry the code. ``uses`` counts the orders that hold one of the ``max_uses``.
    """

    __tablename__ = "promotions"
    document_kind: ClassVar[str] = "promotion"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[PromotionState] = mapped_column(enum_column(PromotionState), default=PromotionState.DRAFT)
    benefit: Mapped[Benefit] = mapped_column(enum_column(Benefit))
    percent: Mapped[Decimal | None] = mapped_column(Percent)
    unit_amount: Mapped[Decimal | None] = mapped_column(Price)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    min_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    max_quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    min_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    over_lines: Mapped[bool] = mapped_column(default=False)
    buy_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    free_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    free_variant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("variants.id"))
    stackable: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)
    coupon: Mapped[str | None] = mapped_column(unique=True)
    max_uses: Mapped[int | None]
    max_uses_per_customer: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    free_variant: Mapped[Variant | None] = relationship()
    scopes: Mapped[list[PromotionScope]] = relationship(
        back_populates="promotion", cascade="all, delete-orphan", order_by="PromotionScope.id"
    )

    __table_args__ = (
        sa.Index(None, "state", "valid_to"),
        sa.CheckConstraint("percent > 0 AND percent <= 1000000", name="percent"),
        sa.CheckConstraint("unit_amount >= 0", name="unit_amount"),
        sa.CheckConstraint("valid_to >= valid_from", name="dates"),
        sa.CheckConstraint("min_quantity >= 0 AND min_amount >= 0 AND max_quantity >= min_quantity", name="thresholds"),
        sa.CheckConstraint("buy_quantity >= 0 AND free_quantity >= 0", name="free_goods"),
        sa.CheckConstraint(
            "uses >= 0 AND uses <= max_uses AND max_uses > 0 AND max_uses_per_customer > 0",
            name="uses",
        ),
        sa.CheckConstraint(
            "(benefit = 'PERCENT') = (percent IS NOT NULL)"
            " AND (benefit IN ('AMOUNT', 'FIXED_PRICE')) = (unit_amount IS NOT NULL)"
            " AND (benefit = 'FREE_GOODS') = (buy_quantity > 0) AND (benefit = 'FREE_GOODS') = (free_quantity > 0)",
            name="benefit_fields",
        ),
        sa.CheckConstraint("currency IS NOT NULL OR (unit_amount IS NULL AND min_amount = 0)", name="currency"),
    )

    @property
    def number(self) -> str:
        return self.code

    @property
    def is_limited(self) -> bool:
        """Whether an order has to hold a use of it."""
        return self.max_uses is not None or self.max_uses_per_customer is not None or self.coupon is not None


class PromotionScope(Base):
    """One item, category (with its sub-categories), customer or customer group that a promotion is for.

    Without a scope of items or categories it is for all items, without one of customers or groups for everybody.
    """

    __tablename__ = "promotion_scopes"

    id: Mapped[Id]
    promotion_id: Mapped[int] = mapped_column(sa.ForeignKey("promotions.id"), index=True)
    variant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("variants.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer_groups.id"), index=True)

    promotion: Mapped[Promotion] = relationship(back_populates="scopes")

    @property
    def key(self) -> tuple[str, int]:
        """The column that is set, and its value."""
        columns = ("variant_id", "category_id", "customer_id", "group_id")
        return next((name, getattr(self, name)) for name in columns if getattr(self, name) is not None)

    variant: Mapped[Variant | None] = relationship()
    category: Mapped[Category | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    group: Mapped[CustomerGroup | None] = relationship()

    __table_args__ = (
        unique_where("uq_promotion_scopes_variant", "variant_id IS NOT NULL", "promotion_id", "variant_id"),
        unique_where("uq_promotion_scopes_category", "category_id IS NOT NULL", "promotion_id", "category_id"),
        unique_where("uq_promotion_scopes_customer", "customer_id IS NOT NULL", "promotion_id", "customer_id"),
        unique_where("uq_promotion_scopes_group", "group_id IS NOT NULL", "promotion_id", "group_id"),
        sa.CheckConstraint(
            "(CASE WHEN variant_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN category_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_kind",
        ),
    )


class PromotionUse(Base):
    """That an order holds a use of a limited promotion, or carries its coupon; it is given back with the order."""

    __tablename__ = "promotion_uses"

    promotion_id: Mapped[int] = mapped_column(sa.ForeignKey("promotions.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), primary_key=True, index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    taken_at: Mapped[datetime]

    promotion: Mapped[Promotion] = relationship()
    order: Mapped[Order] = relationship()

    __table_args__ = (sa.Index(None, "promotion_id", "customer_id"),)
