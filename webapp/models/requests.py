"""Idempotency keys of requests, and the outbox of messages that wait to leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Id


class IdempotencyKey(Base):
    """A key of one user, what it was used for, and the outcome, written in the transaction of the effect."""

    __tablename__ = "idempotency_keys"

    id: Mapped[Id]
    key: Mapped[str]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))

    __table_args__ = (sa.UniqueConstraint("user_id", "key"),)


class OutboxMessage(Base):
    """Something to send after the fact: written with the fact, sent by the worker, leased while it works."""

    __tablename__ = "outbox"

    id: Mapped[Id]
    kind: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")

    __table_args__ = (sa.Index(None, "sent_at", "not_before"),)
