"""Tax codes with dated rates, and which code a customer's tax class turns an item's code into."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, Versioned
from webapp.domain.tax import rate_on


class TaxCode(Versioned, Base):
    """An EN 16931 category (S, Z, E, AE, K, G, O …) with its rates over time."""

    __tablename__ = "tax_codes"
    document_kind: ClassVar[str] = "tax_code"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(sa.String(3))
    exemption_reason: Mapped[str] = mapped_column(default="")

    rates: Mapped[list[TaxRate]] = relationship(
        back_populates="tax_code", cascade="all, delete-orphan", order_by="TaxRate.valid_from", lazy="selectin"
    )

    @property
    def number(self) -> str:
        return self.code

    def rate_on(self, day: date) -> Decimal:
        """The rate in percent on ``day``. Raises Refused when none is valid yet."""
        return rate_on([(rate.valid_from, rate.percent) for rate in self.rates], day)


class TaxRate(Base):
    __tablename__ = "tax_rates"

    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Percent)

    tax_code: Mapped[TaxCode] = relationship(back_populates="rates")

    __table_args__ = (sa.CheckConstraint("percent >= 0 AND percent <= 1000000", name="percent"),)


class TaxClassRule(Base):
    """For customers of ``tax_class``, items of ``item_tax_code`` are taxed by ``tax_code``."""

    __tablename__ = "tax_class_rules"

    tax_class: Mapped[str] = mapped_column(primary_key=True)
    item_tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), primary_key=True)
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
