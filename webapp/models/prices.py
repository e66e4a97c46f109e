"""Price lists with dated quantity breaks, and prices agreed with one customer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, Price, Quantity, Versioned, enum_column
from webapp.domain.pricing.lists import Basis, Rounding

if TYPE_CHECKING:
    from webapp.models.customers import Customer
    from webapp.models.items import Variant


class PriceList(Versioned, Base):
    """Prices in one currency, net or, with ``prices_include_tax``, gross; what the list does not name comes from its
    basis, changed by percent.

    Computed prices take an ending (``rounding_ending`` in steps of ``rounding_step``; None is no rounding), and every
    price stays between floor and cap over the item's cost, in percent of it. A list that is not in use is a draft or
    put away: no order uses it, though lists that rest on it do.
    """

    __tablename__ = "price_lists"
    document_kind: ClassVar[str] = "price_list"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str] = mapped_column(sa.String(3))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("price_lists.id"))
    basis: Mapped[Basis] = mapped_column(enum_column(Basis), default=Basis.ROWS)
    percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    prices_include_tax: Mapped[bool] = mapped_column(default=False)
    rounding: Mapped[Rounding] = mapped_column(enum_column(Rounding), default=Rounding.UP)
    rounding_step: Mapped[Decimal | None] = mapped_column(Price)
    rounding_ending: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    floor_over_cost_percent: Mapped[Decimal | None] = mapped_column(Percent)
    cap_over_cost_percent: Mapped[Decimal | None] = mapped_column(Percent)
    is_active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[PriceList | None] = relationship(remote_side="PriceList.id")

    __table_args__ = (
        sa.CheckConstraint("(basis = 'LIST') = (parent_id IS NOT NULL)", name="parent"),
        sa.CheckConstraint("rounding_step > 0", name="rounding_step"),
        sa.CheckConstraint(
            "rounding_ending >= 0 AND rounding_ending < COALESCE(rounding_step, 1)", name="rounding_ending"
        ),
        sa.CheckConstraint("floor_over_cost_percent <= cap_over_cost_percent", name="over_cost"),
    )

    @property
    def number(self) -> str:
        return self.code


class ListPrice(Base):
    """One row of a list: from ``min_quantity`` base units on, between two days, both included."""

    __tablename__ = "list_prices"

    id: Mapped[Id]
    price_list_id: Mapped[int] = mapped_column(sa.ForeignKey("price_lists.id"))
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"), index=True)
    min_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    unit_price: Mapped[Decimal] = mapped_column(Price)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    price_list: Mapped[PriceList] = relationship()
    variant: Mapped[Variant] = relationship()

    __table_args__ = (
        sa.Index(None, "price_list_id", "variant_id"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price"),
        sa.CheckConstraint("min_quantity >= 0", name="min_quantity"),
        sa.CheckConstraint("valid_to >= valid_from", name="dates"),
    )


class CustomerPrice(Base):
    """A price agreed with one customer, in the customer's currency."""

    __tablename__ = "customer_prices"

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"), index=True)
    min_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    unit_price: Mapped[Decimal] = mapped_column(Price)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    customer: Mapped[Customer] = relationship()
    variant: Mapped[Variant] = relationship()

    __table_args__ = (
        sa.Index(None, "customer_id", "variant_id"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price"),
        sa.CheckConstraint("min_quantity >= 0", name="min_quantity"),
        sa.CheckConstraint("valid_to >= valid_from", name="dates"),
    )
