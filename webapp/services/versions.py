"""Stale forms: comparing the version a form brings back, and saying what both sides wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.db import Versioned, db
from webapp.domain.errors import StaleVersion
from webapp.domain.importing import fields
from webapp.models import Event, EventDocument
from webapp.services.audit import Document


def require_current(
    document: Document, version: int, label: str, *, now: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Refuse a change that was made on an older ``version`` of the (locked) document. Raises StaleVersion.

    ``now`` holds the document's present values and ``wanted`` those of the change, by field; the details name the
    present version and, for every field that differs, both values as a form would show them.
    """
    if not isinstance(document, Versioned):
        raise TypeError(f"{type(document).__name__} carries no version.")
    if document.version == version:
        return
    both = {
        field: {"yours": fields.written(value), "now": fields.written(now[field])}
        for field, value in wanted.items()
        if field in now and now[field] != value
    }
    raise StaleVersion(
        f"{label} was changed{_by_whom(document)} since you opened it. Nothing of yours was saved yet.",
        {"version": document.version, "fields": both},
    )


def _by_whom(document: Document) -> str:
    event = db.session.scalars(
        select(Event)
        .join(EventDocument)
        .where(EventDocument.kind == document.document_kind, EventDocument.document_id == document.id)
        .order_by(Event.id.desc())
        .limit(1)
        .options(joinedload(Event.actor))
    ).first()
    return f" by {event.actor.name}" if event and event.actor else ""
