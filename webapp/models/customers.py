"""Customers and their addresses."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Versioned, enum_column
from webapp.domain.states import CustomerStatus

if TYPE_CHECKING:
    from webapp.models.company import PaymentTerm
    from webapp.models.people import User
    from webapp.models.prices import PriceList

NO_LIMIT = None


class CustomerGroup(Base):
    __tablename__ = "customer_groups"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    price_list_id: Mapped[int | None] = mapped_column(sa.ForeignKey("price_lists.id"))


class Customer(Versioned, Base):
    """Who buys. Limit, orders, invoices and payments are in the customer's one currency."""

    __tablename__ = "customers"
    document_kind: ClassVar[str] = "customer"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    contact: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    tax_id: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(sa.String(3))
    status: Mapped[CustomerStatus] = mapped_column(enum_column(CustomerStatus), default=CustomerStatus.OPEN)
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    extra_credit: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    extra_credit_until: Mapped[date | None]
    extra_credit_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    tolerated_days: Mapped[int] = mapped_column(default=0)
    tolerated_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    minimum_order_value: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    payment_terms_code: Mapped[str] = mapped_column(sa.ForeignKey("payment_terms.code"))
    price_list_id: Mapped[int | None] = mapped_column(sa.ForeignKey("price_lists.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer_groups.id"), index=True)
    tax_class: Mapped[str] = mapped_column(default="domestic")
    ship_complete: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)
    sales_rep_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    language: Mapped[str] = mapped_column(default="en")
    notes: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]

    addresses: Mapped[list[Address]] = relationship(back_populates="customer", order_by="Address.id")
    payment_terms: Mapped[PaymentTerm] = relationship()
    price_list: Mapped[PriceList | None] = relationship()
    group: Mapped[CustomerGroup | None] = relationship()
    sales_rep: Mapped[User | None] = relationship(foreign_keys=[sales_rep_id])
    extra_credit_by: Mapped[User | None] = relationship(foreign_keys=[extra_credit_by_id])

    __table_args__ = (
        sa.CheckConstraint("credit_limit >= 0", name="credit_limit"),
        sa.CheckConstraint("extra_credit >= 0", name="extra_credit"),
        sa.CheckConstraint("extra_credit = 0 OR extra_credit_until IS NOT NULL", name="extra_credit_until"),
        sa.CheckConstraint("tolerated_days >= 0 AND tolerated_amount >= 0", name="tolerance"),
        sa.CheckConstraint("minimum_order_value >= 0", name="minimum_order_value"),
    )

    @property
    def number(self) -> str:
        return self.code

    def limit_on(self, today: date) -> Decimal | None:
        """The credit limit valid on ``today``, a temporary extra included; None is no limit."""
        if self.credit_limit is None:
            return NO_LIMIT
        extra_counts = self.extra_credit_until is not None and today <= self.extra_credit_until
        return self.credit_limit + self.extra_credit if extra_counts else self.credit_limit

    def address(self, kind: AddressKind) -> Address | None:
        """The default address of a kind; without a delivery address the billing address serves."""
        of_kind = [address for address in self.addresses if address.kind is kind]
        chosen = next((address for address in of_kind if address.is_default), None) or next(iter(of_kind), None)
        if chosen is None and kind is AddressKind.SHIPPING:
            return self.address(AddressKind.BILLING)
        return chosen


class AddressKind(StrEnum):
    BILLING = "BILLING"
    SHIPPING = "SHIPPING"


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    kind: Mapped[AddressKind] = mapped_column(enum_column(AddressKind))
    name: Mapped[str]
    street: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(sa.String(2))
    is_default: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(back_populates="addresses")

    def as_dict(self) -> dict[str, Any]:
        """The words of the address, as orders and invoices keep them."""
        return {field: getattr(self, field) for field in ("name", "street", "postal_code", "city", "region", "country")}
