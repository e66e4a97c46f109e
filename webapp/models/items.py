"""Items, their variants (what is sold and stocked), units and categories."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Percent, Price, Quantity, Versioned, enum_column
from webapp.domain.states import Tracking

if TYPE_CHECKING:
    from webapp.models.taxes import TaxCode


class Category(Base):
    """A group of items; ``margin_floor_percent`` holds for it and below instead of the company's, None: as above."""

    __tablename__ = "categories"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)
    margin_floor_percent: Mapped[Decimal | None] = mapped_column(Percent)

    __table_args__ = (
        sa.CheckConstraint("margin_floor_percent >= 0 AND margin_floor_percent <= 1000000", name="margin_floor"),
    )


class Item(Base):
    """What variants have in common: name and category."""

    __tablename__ = "items"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(index=True)
    description: Mapped[str] = mapped_column(default="")
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)

    category: Mapped[Category | None] = relationship()
    variants: Mapped[list[Variant]] = relationship(back_populates="item", order_by="Variant.sku")


class Variant(Versioned, Base):
    """A thing with a SKU. Quantities are in its base unit; prices and cost in the company's base currency."""

    __tablename__ = "variants"
    document_kind: ClassVar[str] = "item"

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("items.id"), index=True)
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    unit: Mapped[str] = mapped_column(default="pcs")
    quantity_step: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(1))
    tracking: Mapped[Tracking] = mapped_column(enum_column(Tracking), default=Tracking.NONE)
    base_price: Mapped[Decimal | None] = mapped_column(Price)
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
    stock_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    stock_value: Mapped[Decimal | None] = mapped_column(Money, default=Decimal(0))
    average_cost: Mapped[Decimal | None] = mapped_column(Price)
    reorder_level: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    minimum_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    multiple_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    item: Mapped[Item] = relationship(back_populates="variants")
    tax_code: Mapped[TaxCode] = relationship()
    conversions: Mapped[list[UnitConversion]] = relationship(
        back_populates="variant", cascade="all, delete-orphan", order_by="UnitConversion.unit"
    )

    __table_args__ = (
        sa.CheckConstraint("base_price >= 0", name="base_price"),
        sa.CheckConstraint("quantity_step > 0", name="quantity_step"),
        sa.CheckConstraint("stock_qty >= 0", name="stock_qty"),
        sa.CheckConstraint("stock_qty <> 0 OR stock_value = 0", name="stock_value"),
        sa.CheckConstraint(
            "reorder_level >= 0 AND minimum_quantity >= 0 AND multiple_quantity >= 0", name="quantities"
        ),
    )

    @property
    def number(self) -> str:
        return self.sku

    def factor_of(self, unit: str) -> Decimal | None:
        """How many base units one ``unit`` is; None when the variant does not come in it."""
        if unit == self.unit:
            return Decimal(1)
        return next((row.factor for row in self.conversions if row.unit == unit), None)


class UnitConversion(Base):
    __tablename__ = "unit_conversions"

    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    factor: Mapped[Decimal] = mapped_column(Quantity)

    variant: Mapped[Variant] = relationship(back_populates="conversions")

    __table_args__ = (sa.CheckConstraint("factor > 0", name="factor"),)
