"""The limits by category as the pages of the settings show them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import Category, DiscountLimit, User


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit with its category and whom it names: a role, or a person by e-mail."""

    category: str
    holder: str
    percent: Decimal
    role: Role | None
    email: str


def all_limits() -> list[LimitRow]:
    """Every limit, by category; roles first, then people."""
    rows = [_row(limit) for limit in _limits()]
    return sorted(rows, key=lambda row: (row.category, row.role is None, row.holder))


def limits_of(user: User) -> list[LimitRow]:
    """The limits that name one person, by category."""
    return sorted((_row(one) for one in _limits(DiscountLimit.user_id == user.id)), key=lambda row: row.category)


def category_names() -> list[str]:
    """Every category that a limit can name."""
    return list(db.session.scalars(select(Category.name).order_by(Category.name)))


def _limits(*conditions: object) -> list[DiscountLimit]:
    statement = select(DiscountLimit).options(joinedload(DiscountLimit.category), joinedload(DiscountLimit.user))
    return list(db.session.scalars(statement.where(*conditions)))  # type: ignore[arg-type]


def _row(limit: DiscountLimit) -> LimitRow:
    holder = limit.user.name if limit.user else limit.role.label if limit.role else ""
    return LimitRow(
        limit.category.name, holder, limit.percent, limit.role, limit.user.email if limit.user is not None else ""
    )
