"""Events: who did what to which documents, and every change of state. Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id

if TYPE_CHECKING:
    from webapp.models.people import User


class Event(Base):
    """One outermost command (``is_main``), or one hold it placed or ended.

    ``details`` holds before and after values and, as ``steps``, the commands it ran inside itself.
    """

    __tablename__ = "events"

    id: Mapped[Id]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    action: Mapped[str]
    is_main: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str] = mapped_column(default="")
    idempotency_key_id: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"))

    actor: Mapped[User | None] = relationship()
    documents: Mapped[list[EventDocument]] = relationship(back_populates="event")
    changes: Mapped[list[StateChange]] = relationship(back_populates="event", order_by="StateChange.id")

    __table_args__ = (
        sa.Index(None, "action", "id"),
        sa.Index(
            "uq_events_idempotency_key",
            "idempotency_key_id",
            unique=True,
            sqlite_where=sa.text("is_main = 1 AND idempotency_key_id IS NOT NULL"),
            postgresql_where=sa.text("is_main AND idempotency_key_id IS NOT NULL"),
        ),
    )


class EventDocument(Base):
    """A document the event is shown on; ``number`` is what it was called then."""

    __tablename__ = "event_documents"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str]

    event: Mapped[Event] = relationship(back_populates="documents")

    __table_args__ = (sa.Index(None, "kind", "document_id", "event_id"),)


class StateChange(Base):
    """A document went from ``old`` (None: it began) to ``new``."""

    __tablename__ = "state_changes"

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), index=True)
    kind: Mapped[str]
    document_id: Mapped[int]
    old: Mapped[str | None]
    new: Mapped[str]

    event: Mapped[Event] = relationship(back_populates="changes")

    __table_args__ = (sa.Index(None, "kind", "document_id", "id"),)
