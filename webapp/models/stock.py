"""Locations, stock levels, batches, serials, movements and allocations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, Price, Quantity, Versioned, enum_column, unique_where
from webapp.domain.states import AllocationState

if TYPE_CHECKING:
    from webapp.models.items import Variant
    from webapp.models.orders import OrderLine
    from webapp.models.people import User


BATCH_PLACE = "batch_id IS NOT NULL"
SERIAL_PLACE = "serial_id IS NOT NULL AND on_hand_qty > 0"


class Location(Versioned, Base):
    """A warehouse, or a bin inside one."""

    __tablename__ = "locations"
    document_kind: ClassVar[str] = "location"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Location | None] = relationship(remote_side="Location.id")

    @property
    def number(self) -> str:
        return self.code


class StockLevel(Base):
    """What lies at one location of one variant. Changed only together with movements and allocations."""

    __tablename__ = "stock_levels"

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"))
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    on_hand_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    allocated_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    variant: Mapped[Variant] = relationship()
    location: Mapped[Location] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("variant_id", "location_id"),
        sa.CheckConstraint("allocated_qty >= 0 AND allocated_qty <= on_hand_qty", name="never_oversold"),
    )


class Batch(Base):
    __tablename__ = "batches"

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"))
    number: Mapped[str]
    expires_on: Mapped[date | None]
    received_at: Mapped[datetime]

    variant: Mapped[Variant] = relationship()

    __table_args__ = (sa.UniqueConstraint("variant_id", "number"),)


class Lot(Base):
    """The part of a stock level that is one batch or one serial number; ``quarantined`` takes it off sale."""

    __tablename__ = "lots"

    id: Mapped[Id]
    level_id: Mapped[int] = mapped_column(sa.ForeignKey("stock_levels.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("batches.id"), index=True)
    serial_id: Mapped[int | None] = mapped_column(sa.ForeignKey("serials.id"), index=True)
    quarantined: Mapped[bool] = mapped_column(default=False)
    on_hand_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    allocated_qty: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    level: Mapped[StockLevel] = relationship()
    batch: Mapped[Batch | None] = relationship()
    serial: Mapped[Serial | None] = relationship()

    __table_args__ = (
        unique_where("uq_lots_batch", "batch_id IS NOT NULL", "level_id", "batch_id", "quarantined"),
        unique_where("uq_lots_serial", SERIAL_PLACE, "serial_id"),
        sa.CheckConstraint("allocated_qty >= 0 AND allocated_qty <= on_hand_qty", name="never_oversold"),
        sa.CheckConstraint("serial_id IS NULL OR on_hand_qty <= 1000000", name="one_serial"),
    )


class Serial(Base):
    __tablename__ = "serials"

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"))
    number: Mapped[str]
    received_at: Mapped[datetime]

    variant: Mapped[Variant] = relationship()

    __table_args__ = (sa.UniqueConstraint("variant_id", "number"),)


class MovementKind(StrEnum):
    RECEIPT = "RECEIPT"
    ADJUSTMENT = "ADJUSTMENT"
    COUNT = "COUNT"
    TRANSFER_OUT = "TRANSFER_OUT"
    TRANSFER_IN = "TRANSFER_IN"
    SHIPMENT = "SHIPMENT"
    RETURN = "RETURN"
    SCRAP = "SCRAP"


class StockMovement(Base):
    """One change of on-hand stock, for ever. ``unit_cost`` and ``value`` are in the base currency; None is unknown."""

    __tablename__ = "stock_movements"

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(sa.ForeignKey("variants.id"))
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("locations.id"), index=True)
    kind: Mapped[MovementKind] = mapped_column(enum_column(MovementKind))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("batches.id"), index=True)
    serial_id: Mapped[int | None] = mapped_column(sa.ForeignKey("serials.id"), index=True)
    unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    value: Mapped[Decimal | None] = mapped_column(Money)
    moved_on: Mapped[date]
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    order_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("order_lines.id"), index=True)
    shipment_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shipment_lines.id"), index=True)
    return_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("return_lines.id"), index=True)

    variant: Mapped[Variant] = relationship()
    location: Mapped[Location] = relationship()
    batch: Mapped[Batch | None] = relationship()
    serial: Mapped[Serial | None] = relationship()
    user: Mapped[User] = relationship()

    __table_args__ = (
        sa.CheckConstraint("quantity <> 0", name="quantity"),
        sa.Index(None, "variant_id", "location_id", "id"),
    )


class Allocation(Base):
    """Stock reserved for an order line at one location (and batch or serial). At most one open shipment holds it."""

    __tablename__ = "allocations"

    id: Mapped[Id]
    order_line_id: Mapped[int] = mapped_column(sa.ForeignKey("order_lines.id"))
    level_id: Mapped[int] = mapped_column(sa.ForeignKey("stock_levels.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("lots.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    state: Mapped[AllocationState] = mapped_column(enum_column(AllocationState))
    shipment_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shipment_lines.id"), index=True)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    order_line: Mapped[OrderLine] = relationship()
    level: Mapped[StockLevel] = relationship()
    lot: Mapped[Lot | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.Index(None, "order_line_id", "state"),
        unique_where("uq_allocations_open_serial", "state = 'OPEN'", "serial_id"),
    )

    serial_id: Mapped[int | None] = mapped_column(sa.ForeignKey("serials.id"))
