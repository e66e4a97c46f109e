"""The company's settings, exchange rates, payment terms and methods, accounts and number series."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Percent, Price, Versioned, enum_column
from webapp.domain.documents.amounts import TaxRounding

if TYPE_CHECKING:
    from webapp.models.prices import PriceList
    from webapp.models.stock import Location


class ApprovalPolicy(StrEnum):
    """Whether orders within every limit approve themselves."""

    OFF = "OFF"
    UP_TO_AMOUNT = "UP_TO_AMOUNT"


class Company(Versioned, Base):
    """The one row of settings. Amounts are in the base currency."""

    __tablename__ = "company"
    document_kind: ClassVar[str] = "company"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    street: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(sa.String(2))
    tax_id: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    bank_details: Mapped[str] = mapped_column(default="")
    base_currency: Mapped[str] = mapped_column(sa.String(3))
    time_zone: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en_GB")
    paper: Mapped[str] = mapped_column(default="A4")
    tax_rounding: Mapped[TaxRounding] = mapped_column(enum_column(TaxRounding), default=TaxRounding.DOCUMENT)
    approval_policy: Mapped[ApprovalPolicy] = mapped_column(enum_column(ApprovalPolicy), default=ApprovalPolicy.OFF)
    approval_policy_amount: Mapped[Decimal | None] = mapped_column(Money)
    approval_policy_version: Mapped[int] = mapped_column(default=1)
    margin_floor_percent: Mapped[Decimal | None] = mapped_column(Percent)
    release_holds_on_payment: Mapped[bool] = mapped_column(default=False)
    split_locations: Mapped[bool] = mapped_column(default=False)
    quote_days: Mapped[int] = mapped_column(default=30)
    credit_note_approval_above: Mapped[Decimal | None] = mapped_column(Money)
    books_closed_until: Mapped[date | None]
    invoice_footer: Mapped[str] = mapped_column(default="")
    default_price_list_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("price_lists.id", use_alter=True, name="fk_company_default_price_list_id")
    )
    default_location_id: Mapped[int | None] = mapped_column(sa.ForeignKey("locations.id"))

    default_price_list: Mapped[PriceList | None] = relationship(foreign_keys=[default_price_list_id])
    default_location: Mapped[Location | None] = relationship(foreign_keys=[default_location_id])

    __table_args__ = (
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("paper IN ('A4', 'Letter')", name="paper"),
        sa.CheckConstraint("margin_floor_percent >= 0 AND margin_floor_percent <= 1000000", name="margin_floor"),
    )

    @property
    def number(self) -> str:
        return self.name


class ExchangeRate(Base):
    """What one unit of ``currency`` is worth in the base currency from a day on."""

    __tablename__ = "exchange_rates"

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Price)

    __table_args__ = (sa.CheckConstraint("rate > 0", name="rate"),)


class CashRounding(Base):
    """Totals in ``currency`` are rounded to whole multiples of ``unit``, since no smaller coin is paid."""

    __tablename__ = "cash_rounding"

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    unit: Mapped[Decimal] = mapped_column(Money)

    __table_args__ = (sa.CheckConstraint("unit > 0", name="unit"),)


class PaymentTerm(Base):
    """When an invoice is due: days, then perhaps the month's end, then extra days or a fixed day."""

    __tablename__ = "payment_terms"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    net_days: Mapped[int]
    end_of_month: Mapped[bool] = mapped_column(default=False)
    extra_days: Mapped[int] = mapped_column(default=0)
    fixed_day: Mapped[int | None]

    __table_args__ = (
        sa.CheckConstraint("net_days >= 0 AND extra_days >= 0", name="days"),
        sa.CheckConstraint("fixed_day >= 1 AND fixed_day <= 31", name="fixed_day"),
    )


class PaymentMethod(Base):
    __tablename__ = "payment_methods"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    needs_reference: Mapped[bool] = mapped_column(default=False)
    account_code: Mapped[str] = mapped_column(sa.ForeignKey("accounts.code"))
    is_active: Mapped[bool] = mapped_column(default=True)


class Account(Base):
    """A ledger account; ``purpose`` is how posting finds it."""

    __tablename__ = "accounts"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    purpose: Mapped[str | None] = mapped_column(unique=True)


class NumberSeries(Base):
    """The last number given out in a series and year ("INV", 2026)."""

    __tablename__ = "number_series"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(default=0)


class TableView(Base):
    """A list's filters, sort and columns that a user saved under a name; it is only an address."""

    __tablename__ = "table_views"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    path: Mapped[str]
    query: Mapped[str]
    name: Mapped[str]
