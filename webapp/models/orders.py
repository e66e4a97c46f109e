"""Orders (a quote is an order in state QUOTE), their lines and charges."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Percent, Price, Quantity, Versioned, enum_column
from webapp.domain.documents.amounts import TaxRounding
from webapp.domain.orders.counts import LineCounts
from webapp.domain.states import OrderState
from webapp.models.states import Stateful

if TYPE_CHECKING:
    from webapp.models.approvals import Approval
    from webapp.models.credit import CreditHold
    from webapp.models.customers import Customer
    from webapp.models.items import Variant
    from webapp.models.people import User
    from webapp.models.promotions import Promotion
    from webapp.models.stock import Location


class Order(Stateful, Versioned, Base):
    """A customer's order from quote to closed, in the customer's currency, with stored totals.

    ``to_ship_amount`` and ``to_bill_amount`` are the order's parts C and B of the customer's exposure (tax included),
    kept by the commands that change what they follow from. Where ``prices_include_tax``, prices, discounts, subtotals
    and charges are gross. ``rounding_amount`` is what cash rounding is expected to add to net and tax; each invoice
    rounds anew.
    """

    __tablename__ = "orders"
    document_kind: ClassVar[str] = "order"
    document_name: ClassVar[str] = "Order"

    id: Mapped[Id]
    order_number: Mapped[str | None] = mapped_column(unique=True)
    quote_number: Mapped[str | None] = mapped_column(unique=True)
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[OrderState] = mapped_column(enum_column(OrderState))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    order_date: Mapped[date]
    requested_date: Mapped[date | None]
    valid_until: Mapped[date | None]
    customer_reference: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("locations.id"))
    ship_complete: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)
    payment_terms_code: Mapped[str] = mapped_column(sa.ForeignKey("payment_terms.code"))
    tax_class: Mapped[str]
    tax_rounding: Mapped[TaxRounding] = mapped_column(enum_column(TaxRounding))
    prices_include_tax: Mapped[bool] = mapped_column(default=False)
    billing_address: Mapped[dict[str, Any]]
    shipping_address: Mapped[dict[str, Any]]
    order_discount_percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    order_discount_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    subtotal: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    net_total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    tax_total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    rounding_unit: Mapped[Decimal | None] = mapped_column(Money)
    rounding_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    to_ship_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    to_bill_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    submitted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship()
    location: Mapped[Location] = relationship()
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    submitted_by: Mapped[User | None] = relationship(foreign_keys=[submitted_by_id])
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.line_number", cascade="all, delete-orphan"
    )
    charges: Mapped[list[OrderCharge]] = relationship(
        back_populates="order", order_by="OrderCharge.id", cascade="all, delete-orphan"
    )
    holds: Mapped[list[CreditHold]] = relationship(back_populates="order", order_by="CreditHold.id")
    approvals: Mapped[list[Approval]] = relationship(back_populates="order", order_by="Approval.id")

    __table_args__ = (
        sa.CheckConstraint("order_number IS NOT NULL OR quote_number IS NOT NULL", name="numbered"),
        sa.CheckConstraint("state = 'QUOTE' OR state = 'CANCELLED' OR order_number IS NOT NULL", name="order_number"),
        sa.CheckConstraint("order_discount_percent >= 0 AND order_discount_percent <= 1000000", name="order_discount"),
        sa.CheckConstraint("to_ship_amount >= 0 AND to_bill_amount >= 0", name="open_amounts"),
        sa.Index(None, "customer_id", "state"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "order_date", "id"),
        sa.Index(None, "customer_id", "customer_reference"),
        sa.Index(None, "created_by_id", "id"),
    )

    @property
    def number(self) -> str:
        """The order number, or while it is a quote the quote number."""
        return self.order_number or self.quote_number or ""

    @property
    def label(self) -> str:
        return f"{'Order' if self.order_number else 'Quote'} {self.number}"

    def line(self, line_number: int) -> OrderLine | None:
        return next((line for line in self.lines if line.line_number == line_number), None)


class OrderLine(Base):
    """One line. All quantities count base units of the variant; ``unit_price`` is for ``price_base`` base units.

    ``list_price`` is what the lists gave, ``derived_price`` that after promotions, ``unit_price`` what counts;
    ``derivation`` tells each step between. A line with ``free_with_id`` came free with a promotion and follows it.
    ``tax_parts`` are the taxes that make up its tax, with their amounts, where they are several.
    """

    __tablename__ = "order_lines"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"))
    line_number: Mapped[int]
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"), index=True)
    item_name: Mapped[str]
    unit: Mapped[str]
    price_base: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(1))
    unit_price: Mapped[Decimal] = mapped_column(Price)
    list_price: Mapped[Decimal | None] = mapped_column(Price)
    derived_price: Mapped[Decimal | None] = mapped_column(Price)
    price_source: Mapped[str]
    price_typed: Mapped[bool] = mapped_column(default=False)
    price_typed_by: Mapped[str] = mapped_column(default="")
    free_with_id: Mapped[int | None] = mapped_column(sa.ForeignKey("promotions.id"), index=True)
    derivation: Mapped[list[Any]]
    discount_percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    entered_limit: Mapped[Decimal] = mapped_column(Percent)
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
    tax_category: Mapped[str] = mapped_column(sa.String(3))
    tax_percent: Mapped[Decimal] = mapped_column(Percent)
    tax_parts: Mapped[list[Any]] = mapped_column(default=list)
    subtotal: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    discount_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    order_discount_share: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    net_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    tax_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    quantity: Mapped[Decimal] = mapped_column(Quantity)
    allocated_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    picked_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    packed_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    shipped_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    cancelled_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    cancel_reason: Mapped[str] = mapped_column(default="")
    returned_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    returned_unbilled_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    invoiced_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    drafted_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    credited_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    rebill_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    order: Mapped[Order] = relationship(back_populates="lines")
    variant: Mapped[Variant] = relationship()
    entered_by: Mapped[User] = relationship()
    free_with: Mapped[Promotion | None] = relationship()

    @property
    def counts(self) -> LineCounts:
        """The line's counts, as the rules of ``webapp.domain.orders.counts`` take them."""
        return LineCounts(
            ordered=self.quantity,
            allocated=self.allocated_qty,
            picked=self.picked_qty,
            packed=self.packed_qty,
            shipped=self.shipped_qty,
            cancelled=self.cancelled_qty,
            returned=self.returned_qty,
            invoiced=self.invoiced_qty,
            drafted=self.drafted_qty,
            credited=self.credited_qty,
            returned_unbilled=self.returned_unbilled_qty,
            rebill=self.rebill_qty,
        )

    __table_args__ = (
        sa.UniqueConstraint("order_id", "line_number"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price"),
        sa.CheckConstraint("discount_percent >= 0 AND discount_percent <= 1000000", name="discount"),
        sa.CheckConstraint(
            "allocated_qty >= 0 AND shipped_qty >= 0 AND cancelled_qty >= 0"
            " AND allocated_qty + shipped_qty + cancelled_qty <= quantity",
            name="fulfilment",
        ),
        sa.CheckConstraint(
            "picked_qty >= 0 AND packed_qty >= 0 AND packed_qty <= picked_qty AND picked_qty <= allocated_qty",
            name="picking",
        ),
        sa.CheckConstraint(
            "invoiced_qty >= 0 AND drafted_qty >= 0 AND credited_qty >= 0 AND credited_qty <= invoiced_qty"
            " AND rebill_qty >= 0 AND rebill_qty <= credited_qty"
            " AND invoiced_qty + drafted_qty - credited_qty <= shipped_qty",
            name="billing",
        ),
        sa.CheckConstraint(
            "returned_unbilled_qty >= 0 AND returned_unbilled_qty <= returned_qty AND returned_qty <= shipped_qty",
            name="returns",
        ),
    )


class OrderCharge(Base):
    """A document charge such as freight (negative: an allowance), with its own tax; not spread over lines.

    ``named_tax_code_id`` is the code it was entered with, ``tax_code_id`` what customer and country turn it into.
    """

    __tablename__ = "order_charges"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    kind: Mapped[str]
    description: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Money)
    named_tax_code_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tax_codes.id"))
    tax_code_id: Mapped[int] = mapped_column(sa.ForeignKey("tax_codes.id"))
    tax_category: Mapped[str] = mapped_column(sa.String(3))
    tax_percent: Mapped[Decimal] = mapped_column(Percent)
    tax_parts: Mapped[list[Any]] = mapped_column(default=list)
    tax_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    invoiced_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    drafted_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    order: Mapped[Order] = relationship(back_populates="charges")


class Comment(Base):
    """A note on an order, by whom and when."""

    __tablename__ = "comments"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]
    text: Mapped[str]

    user: Mapped[User] = relationship()
