"""What tests ask of the books: journals, events and documents read anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.models import Account, Event, EventDocument, Invoice, Journal, JournalLine, Order


def journal_of(document: Any, kind: str | None = None) -> dict[str, tuple[Decimal, Decimal]]:
    """The journal of a document (of one kind): document and base amount by the account's purpose."""
    rows = db.session.execute(
        select(Account.purpose, JournalLine.amount, JournalLine.base_amount)
        .join(JournalLine, JournalLine.account_code == Account.code)
        .join(Journal, JournalLine.journal_id == Journal.id)
        .where(
            Journal.document_kind == document.document_kind,
            Journal.document_id == document.id,
            Journal.kind == (kind or document.document_kind),
        )
    )
    return {str(purpose): (amount, base) for purpose, amount, base in rows}


def events_on(document: Any) -> list[str]:
    """What happened to a document, the oldest first."""
    return list(
        db.session.scalars(
            select(Event.action)
            .join(EventDocument, EventDocument.event_id == Event.id)
            .where(EventDocument.kind == document.document_kind, EventDocument.document_id == document.id)
            .order_by(Event.id)
        )
    )


def order_called(number: str) -> Order:
    """The order as it is now."""
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def invoice_called(number: str) -> Invoice:
    """The invoice as it is now."""
    return db.session.scalars(select(Invoice).where(Invoice.invoice_number == number)).one()
