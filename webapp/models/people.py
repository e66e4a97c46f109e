"""Users, their roles, their log-ins and their API tokens."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Percent, Versioned, enum_column
from webapp.domain.permissions import Permission, Role, default_max_discount, permissions_of


class User(Versioned, Base):
    """A person, or the system itself (``is_system``), who acts in the program."""

    __tablename__ = "users"
    document_kind: ClassVar[str] = "user"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_system: Mapped[bool] = mapped_column(default=False)
    own_max_discount: Mapped[Decimal | None] = mapped_column(Percent)
    own_customers_only: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str | None]
    theme: Mapped[str] = mapped_column(default="system")
    shortcuts: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    role_rows: Mapped[list[UserRole]] = relationship(
        back_populates="user", cascade="all, delete-orphan", lazy="selectin", order_by="UserRole.role"
    )

    __table_args__ = (sa.CheckConstraint("own_max_discount >= 0 AND own_max_discount <= 1000000", name="max_discount"),)

    @property
    def number(self) -> str:
        return self.email

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(row.role for row in self.role_rows)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the user's roles allow; the system may do everything, an inactive user nothing."""
        if self.is_system:
            return frozenset(Permission)
        return permissions_of(self.roles) if self.is_active else frozenset()

    @property
    def max_discount(self) -> Decimal:
        """The highest effective discount in percent this user may give without asking."""
        if self.is_system:
            return Decimal(100)
        return default_max_discount(self.roles) if self.own_max_discount is None else self.own_max_discount

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions


class UserRole(Base):
    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(enum_column(Role), primary_key=True)

    user: Mapped[User] = relationship(back_populates="role_rows")


class LoginSession(Base):
    """One log-in at the server; the cookie carries a secret of which only the hash is kept."""

    __tablename__ = "login_sessions"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")

    user: Mapped[User] = relationship(lazy="joined")


class LoginAttempt(Base):
    """A failed log-in, counted to slow guessing down."""

    __tablename__ = "login_attempts"

    id: Mapped[Id]
    email: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (sa.Index(None, "email", "at"), sa.Index(None, "address", "at"))


class ApiToken(Base):
    """A token acts as its user; it is shown once and only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")
