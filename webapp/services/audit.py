"""The audit trail: one event for each outermost command, one more for each hold it places or ends.

``record`` is the last line of every command. Called inside another command it leaves a step, which the
outermost command's event carries. Changes of state are noted by the documents themselves (``move_to``).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Protocol

from sqlalchemy import insert

from webapp.db import db, table_of, unit
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.models import Event, EventDocument, StateChange, User

INSERT_EVENT = insert(table_of(Event)).returning(Event.id)
INSERT_DOCUMENTS = insert(table_of(EventDocument)).returning(EventDocument.event_id)
INSERT_MOVES = insert(table_of(StateChange)).returning(StateChange.id)
"""Built once, since every command runs them; what returns something is one statement for all its rows."""

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Document(Protocol):
    """Whatever can have a history: orders, invoices, customers, users …"""

    document_kind: ClassVar[str]
    id: Any

    @property
    def number(self) -> str: ...


def record(
    action: Action,
    *documents: Document,
    actor: User,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write what the running command did to ``documents``, or add it as a step to the outer command's event."""
    details = _details(before, after)
    if unit().get("level", 0) > 1:
        unit().setdefault("steps", []).append((action, documents, details))
        return
    db.session.flush()
    steps = unit().pop("steps", [])
    if steps:
        details["steps"] = [{"action": step.value, **more} for step, _, more in steps]
    touched = {(d.document_kind, d.id): d for _, step_documents, _ in steps for d in step_documents}
    touched |= {(d.document_kind, d.id): d for d in documents}
    moves = unit().pop("moves", [])
    event_id = _write_event(action, list(touched.values()), actor=actor, reason=reason, details=details, is_main=True)
    _write_moves(event_id, moves)


def record_hold(
    action: Action, *documents: Document, actor: User, reason: str, after: Mapping[str, Any] | None = None
) -> None:
    """Write that a hold was placed or ended, beside the event of the command that did it."""
    db.session.flush()
    _write_event(action, documents, actor=actor, reason=reason, details=_details(None, after), is_main=False)


def _write_event(
    action: Action,
    documents: Any,
    *,
    actor: User,
    reason: str,
    details: dict[str, Any],
    is_main: bool,
) -> int:
    connection = db.session.connection()
    event_id: int = connection.execute(
        INSERT_EVENT,
        {
            "at": clock.now(),
            "actor_id": actor.id,
            "action": action.value,
            "is_main": is_main,
            "reason": reason,
            "details": details,
            "request_id": request_id.get(),
            "idempotency_key_id": unit().get("key_id"),
        },
    ).scalar_one()
    if documents:
        connection.execute(
            INSERT_DOCUMENTS,
            [
                {
                    "event_id": event_id,
                    "kind": document.document_kind,
                    "document_id": document.id,
                    "number": document.number,
                }
                for document in documents
            ],
        )
    return event_id


def _write_moves(event_id: int, moves: list[Any]) -> None:
    if not moves:
        return
    db.session.connection().execute(
        INSERT_MOVES,
        [
            {
                "event_id": event_id,
                "kind": document.document_kind,
                "document_id": document.id,
                "old": old.value if old else None,
                "new": new.value,
            }
            for document, old, new in moves
        ],
    )


def _details(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if before is not None:
        details["before"] = jsonable(before)
    if after is not None:
        details["after"] = jsonable(after)
    return details


def jsonable(value: Any) -> Any:
    """``value`` as JSON can carry it: decimals and dates as text, exactly."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
