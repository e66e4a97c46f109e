"""Tax codes with dated rates, what they are made of, and which code a customer turns an item's code into."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, Versioned
from webapp.domain.taxes.categories import rate_on
from webapp.domain.taxes.parts import TaxPart, combined_percent


class TaxCode(Versioned, Base):
    """An EN 16931 category (S, Z, E, AE, K, G, O …) with its rates over time.

    A code may be made of other codes, its parts; then their rates count and not its own. Whoever asks for the rates of
    many codes loads them with ``webapp.queries.taxes.codes.WITH_RATES``.
    """

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
    parts: Mapped[list[TaxCodePart]] = relationship(
        foreign_keys="TaxCodePart.tax_code_id", cascade="all, delete-orphan", order_by="TaxCodePart.position"
    )

    @property
    def number(self) -> str:
        return self.code

    def rate_on(self, day: date) -> Decimal:
        """The rate in percent on ``day``, of its parts together if it has any. Raises Refused before the first."""
        if self.parts:
            return combined_percent(self.parts_on(day))
        return rate_on([(rate.valid_from, rate.percent) for rate in self.rates], day)

    def parts_on(self, day: date) -> tuple[TaxPart, ...]:
        """The taxes it is made of, each at its rate of ``day``; none for a plain code. Raises as ``rate_on``."""
        return tuple(
            TaxPart(one.part.category, one.part.rate_on(day), one.part.name, one.on_previous) for one in self.parts
        )

    @property
    def exemption_reasons(self) -> dict[str, str]:
        """By category why no tax is charged, its own and those of its parts."""
        codes = [self, *(one.part for one in self.parts)]
        return {code.category: code.exemption_reason for code in codes if code.exemption_reason}


class TaxRate(Base):
    __tablename__ = "tax_rates"

    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Percent)

    tax_code: Mapped[TaxCode] = relationship(back_populates="rates")

    __table_args__ = (sa.CheckConstraint("percent >= 0 AND percent <= 1000000", name="percent"),)


class TaxCodePart(Base):
    """One of the plain codes that a code is made of, in order; ``on_previous``: the parts before it are taxed too."""

    __tablename__ = "tax_code_parts"

    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), index=True)
    on_previous: Mapped[bool] = mapped_column(default=False)

    part: Mapped[TaxCode] = relationship(foreign_keys=[part_code_id])

    __table_args__ = (
        sa.UniqueConstraint("tax_code_id", "part_code_id"),
        sa.CheckConstraint("part_code_id <> tax_code_id", name="other_code"),
    )


class TaxClassRule(Base):
    """For customers of ``tax_class`` who are delivered to in ``country``, items of ``item_tax_code`` are taxed by
    ``tax_code``; without a country for every one that has no rule of its own."""

    __tablename__ = "tax_class_rules"

    tax_class: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2), primary_key=True, default="")
    item_tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"), primary_key=True)
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
