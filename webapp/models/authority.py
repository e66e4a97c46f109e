"""Maximum discounts that hold for a category of items, beside the general ones of roles and people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, enum_column
from webapp.domain.permissions import Role

if TYPE_CHECKING:
    from webapp.models.items import Category
    from webapp.models.people import User


class DiscountLimit(Base):
    """The highest discount in percent that a role, or one person, may give in a category and below it."""

    __tablename__ = "discount_limits"

    id: Mapped[Id]
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("categories.id", ondelete="CASCADE"))
    role: Mapped[Role | None] = mapped_column(enum_column(Role))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    percent: Mapped[Decimal] = mapped_column(Percent)

    category: Mapped[Category] = relationship()
    user: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("category_id", "role"),
        sa.UniqueConstraint("category_id", "user_id"),
        sa.CheckConstraint("(role IS NULL) <> (user_id IS NULL)", name="holder"),
        sa.CheckConstraint("percent >= 0 AND percent <= 1000000", name="percent"),
    )
