"""Requests for approval of orders and of discounts, and what became of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, enum_column, unique_where
from webapp.domain.states import ApprovalState

if TYPE_CHECKING:
    from webapp.models.orders import Order, OrderLine
    from webapp.models.people import User


class ApprovalKind(StrEnum):
    ORDER = "ORDER"
    DISCOUNT = "DISCOUNT"


class Approval(Base):
    """Somebody asked; somebody else, or the policy named in ``policy``, decided.

    ``fingerprint`` is what was asked for; a later change beyond it voids the approval.
    """

    __tablename__ = "approvals"

    id: Mapped[Id]
    kind: Mapped[ApprovalKind] = mapped_column(enum_column(ApprovalKind))
    state: Mapped[ApprovalState] = mapped_column(enum_column(ApprovalState))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    order_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("order_lines.id", ondelete="SET NULL"), index=True)
    percent: Mapped[Decimal | None] = mapped_column(Percent)
    fingerprint: Mapped[dict[str, Any]]
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    request_reason: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(default="")
    decider_roles: Mapped[list[Any]] = mapped_column(default=list)
    decider_limit: Mapped[Decimal | None] = mapped_column(Percent)
    policy: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="approvals")
    order_line: Mapped[OrderLine | None] = relationship()
    requested_by: Mapped[User] = relationship(foreign_keys=[requested_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    __table_args__ = (
        sa.Index(None, "state", "id"),
        unique_where("uq_approvals_open_order", "state = 'OPEN' AND kind = 'ORDER'", "order_id"),
        unique_where("uq_approvals_open_line", "state = 'OPEN' AND kind = 'DISCOUNT'", "order_line_id"),
        sa.CheckConstraint("state NOT IN ('APPROVED', 'DECLINED') OR decided_at IS NOT NULL", name="decided"),
        sa.CheckConstraint("state <> 'APPROVED' OR decided_by_id IS NOT NULL OR policy IS NOT NULL", name="decider"),
    )
