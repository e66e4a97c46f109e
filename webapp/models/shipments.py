"""Shipments of orders, their packages, and returns."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Quantity, Versioned, enum_column
from webapp.domain.states import ShipmentState
from webapp.models.states import Stateful

if TYPE_CHECKING:
    from webapp.models.orders import Order, OrderLine
    from webapp.models.people import User
    from webapp.models.stock import Allocation, Location


class Shipment(Stateful, Versioned, Base):
    """Goods of one order leaving one location."""

    __tablename__ = "shipments"
    document_kind: ClassVar[str] = "shipment"
    document_name: ClassVar[str] = "Shipment"

    id: Mapped[Id]
    shipment_number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[ShipmentState] = mapped_column(enum_column(ShipmentState))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    shipping_address: Mapped[dict[str, Any]]
    carrier: Mapped[str] = mapped_column(default="")
    tracking_number: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    picked_at: Mapped[datetime | None]
    picked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    packed_at: Mapped[datetime | None]
    packed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    shipped_at: Mapped[datetime | None]
    shipped_on: Mapped[date | None]
    shipped_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    order: Mapped[Order] = relationship()
    location: Mapped[Location] = relationship()
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    lines: Mapped[list[ShipmentLine]] = relationship(
        back_populates="shipment", order_by="ShipmentLine.id", cascade="all, delete-orphan"
    )
    packages: Mapped[list[Package]] = relationship(back_populates="shipment", order_by="Package.id")

    __table_args__ = (sa.Index(None, "state", "id"),)

    @property
    def number(self) -> str:
        return self.shipment_number


class ShipmentLine(Base):
    """What of one order line goes out; ``quantity`` is the sum of the allocations it took hold of (base units)."""

    __tablename__ = "shipment_lines"

    id: Mapped[Id]
    shipment_id: Mapped[int] = mapped_column(sa.ForeignKey("shipments.id"))
    order_line_id: Mapped[int] = mapped_column(sa.ForeignKey("order_lines.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    returned_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    shipment: Mapped[Shipment] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine] = relationship()
    allocations: Mapped[list[Allocation]] = relationship(order_by="Allocation.id", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("shipment_id", "order_line_id"),
        sa.CheckConstraint("quantity >= 0", name="quantity"),
        sa.CheckConstraint("returned_qty >= 0 AND returned_qty <= quantity", name="returned"),
    )


class Package(Base):
    """A parcel; weight in kilograms."""

    __tablename__ = "packages"

    id: Mapped[Id]
    shipment_id: Mapped[int] = mapped_column(sa.ForeignKey("shipments.id"), index=True)
    weight: Mapped[Decimal | None] = mapped_column(Quantity)
    tracking_number: Mapped[str] = mapped_column(default="")

    shipment: Mapped[Shipment] = relationship(back_populates="packages")


class Disposition(StrEnum):
    """What becomes of goods that came back."""

    RESTOCK = "RESTOCK"
    SCRAP = "SCRAP"
    QUARANTINE = "QUARANTINE"


class Return(Base):
    """Goods of one shipment received back."""

    __tablename__ = "returns"
    document_kind: ClassVar[str] = "return"

    id: Mapped[Id]
    return_number: Mapped[str] = mapped_column(unique=True)
    shipment_id: Mapped[int] = mapped_column(sa.ForeignKey("shipments.id"), index=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("locations.id"))
    reason: Mapped[str]
    received_on: Mapped[date]
    received_at: Mapped[datetime]
    received_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    shipment: Mapped[Shipment] = relationship()
    order: Mapped[Order] = relationship()
    location: Mapped[Location] = relationship()
    received_by: Mapped[User] = relationship()
    lines: Mapped[list[ReturnLine]] = relationship(back_populates="return_", order_by="ReturnLine.id")

    @property
    def number(self) -> str:
        return self.return_number


class ReturnLine(Base):
    """``unbilled_qty`` of the quantity had not been invoiced yet; the rest asks for a credit note."""

    __tablename__ = "return_lines"

    id: Mapped[Id]
    return_id: Mapped[int] = mapped_column(sa.ForeignKey("returns.id"), index=True)
    shipment_line_id: Mapped[int] = mapped_column(sa.ForeignKey("shipment_lines.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(sa.ForeignKey("order_lines.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unbilled_qty: Mapped[Decimal] = mapped_column(Quantity)
    disposition: Mapped[Disposition] = mapped_column(enum_column(Disposition))

    return_: Mapped[Return] = relationship(back_populates="lines")
    shipment_line: Mapped[ShipmentLine] = relationship()
    order_line: Mapped[OrderLine] = relationship()

    __table_args__ = (
        sa.CheckConstraint("quantity > 0 AND unbilled_qty >= 0 AND unbilled_qty <= quantity", name="quantity"),
    )
