"""Credit checks with their numbers, and the holds they place."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money, enum_column, unique_where
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.states import HoldState

if TYPE_CHECKING:
    from webapp.models.customers import Customer
    from webapp.models.orders import Order
    from webapp.models.people import User


class CheckStage(StrEnum):
    """The step of the order at which credit was checked."""

    CONFIRM = "CONFIRM"
    ALLOCATE = "ALLOCATE"
    SHIP = "SHIP"
    AMEND = "AMEND"
    RECHECK = "RECHECK"


class StoredCreditCheck(Base):
    """One credit check made by a command, with every number it weighed (customer's currency)."""

    __tablename__ = "credit_checks"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    stage: Mapped[CheckStage] = mapped_column(enum_column(CheckStage))
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    approved: Mapped[bool]
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    outstanding_balance: Mapped[Decimal] = mapped_column(Money)
    open_orders: Mapped[Decimal] = mapped_column(Money)
    available_credit: Mapped[Decimal | None] = mapped_column(Money)
    order_amount: Mapped[Decimal] = mapped_column(Money)
    overdue_amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    overdue_days: Mapped[int] = mapped_column(default=0)
    message: Mapped[str]
    covered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_holds.id"))


class CreditHold(Base):
    """Stops one order until somebody releases or rejects it.

    A release stays good while the order's total is at most ``up_to_amount`` and the date at most ``until``,
    until ``release_ended_at``. A rejected hold keeps the order blocked until it is ``superseded_at`` a new check.
    """

    __tablename__ = "credit_holds"
    document_kind: ClassVar[str] = "credit_hold"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    state: Mapped[HoldState] = mapped_column(enum_column(HoldState))
    kind: Mapped[HoldReason] = mapped_column(enum_column(HoldReason))
    stage: Mapped[CheckStage | None] = mapped_column(enum_column(CheckStage))
    reason: Mapped[str]
    excess: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    check_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("credit_checks.id", use_alter=True, name="fk_credit_holds_check_id")
    )
    applied_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    applied_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(default="")
    decider_roles: Mapped[list[Any]] = mapped_column(default=list)
    up_to_amount: Mapped[Decimal | None] = mapped_column(Money)
    until: Mapped[date | None]
    single_step: Mapped[bool] = mapped_column(default=False)
    release_ended_at: Mapped[datetime | None]
    release_end_reason: Mapped[str] = mapped_column(default="")
    superseded_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="holds")
    customer: Mapped[Customer] = relationship()
    applied_by: Mapped[User] = relationship(foreign_keys=[applied_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    check: Mapped[StoredCreditCheck | None] = relationship(foreign_keys=[check_id])

    __table_args__ = (
        unique_where("uq_credit_holds_one_open", "state = 'OPEN'", "order_id"),
        sa.Index(None, "state", "id"),
        sa.CheckConstraint("state = 'OPEN' OR decided_at IS NOT NULL", name="decided"),
    )

    @property
    def number(self) -> str:
        return self.order.number
