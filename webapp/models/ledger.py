"""The receivables ledger: balanced journals that never change."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base, Id, Money


class Journal(Base):
    """One posting, written with the document it belongs to (``document_kind`` and ``document_id``)."""

    __tablename__ = "journals"

    id: Mapped[Id]
    kind: Mapped[str]
    posted_on: Mapped[date] = mapped_column(index=True)
    document_kind: Mapped[str]
    document_id: Mapped[int]
    document_number: Mapped[str]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    posted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    posted_at: Mapped[datetime]

    lines: Mapped[list[JournalLine]] = relationship(back_populates="journal", order_by="JournalLine.id")

    __table_args__ = (sa.Index(None, "document_kind", "document_id"),)


class JournalLine(Base):
    """A debit (positive) or credit (negative) in the document's currency and in the base currency."""

    __tablename__ = "journal_lines"

    id: Mapped[Id]
    journal_id: Mapped[int] = mapped_column(sa.ForeignKey("journals.id"), index=True)
    account_code: Mapped[str] = mapped_column(sa.ForeignKey("accounts.code"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[Decimal] = mapped_column(Money)
    base_amount: Mapped[Decimal] = mapped_column(Money)

    journal: Mapped[Journal] = relationship(back_populates="lines")

    __table_args__ = (sa.Index(None, "account_code", "customer_id"),)
