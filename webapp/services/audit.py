"""The audit trail: one event for each outermost command, one more for each hold it places or ends.

``record`` is the last line of every command. Called inside another command it leaves a step, which the
outermost command's event carries. Changes of state are noted by the documents themselves (``move_to``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, ClassVar, Protocol

from sqlalchemy import ARRAY, BigInteger, String, bindparam, insert, text

from webapp.db import db, table_of, unit
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.models import Event, EventDocument, StateChange, User

INSERT_EVENT = insert(table_of(Event)).returning(Event.id)
INSERT_DOCUMENTS = insert(table_of(EventDocument)).returning(EventDocument.event_id)
INSERT_MOVES = insert(table_of(StateChange)).returning(StateChange.id)
"""Built once, since every command runs them; what returns something is one statement for all its rows."""

IN_ONE = text(
    "WITH event AS ("
    "INSERT INTO events (at, actor_id, action, is_main, reason, details, request_id, idempotency_key_id)"
    " VALUES (:at, :actor_id, :action, :is_main, :reason, :details, :request_id, :idempotency_key_id) RETURNING id"
    "), documents AS ("
    "INSERT INTO event_documents (event_id, kind, document_id, number)"
    " SELECT event.id, d.* FROM event, unnest(:kinds, :ids, :numbers) AS d"
    ") INSERT INTO state_changes (event_id, kind, document_id, old, new)"
    " SELECT event.id, m.* FROM event, unnest(:moved_kinds, :moved_ids, :olds, :news) AS m"
).bindparams(
    *(bindparam(column.name, type_=column.type) for column in table_of(Event).columns if column.name != "id"),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", "moved_ids")),
    *(bindparam(name, type_=ARRAY(String)) for name in ("kinds", "numbers", "moved_kinds", "olds", "news")),
)
"""All of it as one statement, which PostgreSQL can; SQLite takes no INSERT inside another."""

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Document(Protocol):
    """Whatever can have a history: orders, invoices, customers, users …"""

    document_kind: ClassVar[str]
    id: Any

    @property
    def number(self) -> str: ...


Move = tuple[Document, StrEnum | None, StrEnum]
"""A document, the state it left (None: it began), and the one it is in now."""


def record(
    action: Action,
    *documents: Document,
    actor: User,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write what the running command did to ``documents``, or add it as a step to the outer command's event."""
    details, work = _details(before, after), unit()
    if work.level > 1:
        work.steps.append((action, documents, details))
        return
    db.session.flush()
    steps, work.steps = work.steps, []
    if steps:
        details["steps"] = [{"action": step.value, **more} for step, _, more in steps]
    touched = {(d.document_kind, d.id): d for _, step_documents, _ in steps for d in step_documents}
    touched |= {(d.document_kind, d.id): d for d in documents}
    moves, work.moves = work.moves, []
    _write(_event(action, actor, reason, details, is_main=True), list(touched.values()), moves)


def record_hold(
    action: Action, *documents: Document, actor: User, reason: str, after: Mapping[str, Any] | None = None
) -> None:
    """Write that a hold was placed or ended, beside the event of the command that did it."""
    db.session.flush()
    _write(_event(action, actor, reason, _details(None, after), is_main=False), documents, [])


def _event(action: Action, actor: User, reason: str, details: dict[str, Any], *, is_main: bool) -> dict[str, Any]:
    return {
        "at": clock.now(),
        "actor_id": actor.id,
        "action": action.value,
        "is_main": is_main,
        "reason": reason,
        "details": details,
        "request_id": request_id.get(),
        "idempotency_key_id": unit().key_id,
    }


def _write(event: dict[str, Any], documents: Sequence[Document], moves: Sequence[Move]) -> None:
    """The event, what it is shown on, and the changes of state that belong to it."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(IN_ONE, event | _columns(documents, moves))
        return
    event_id = connection.execute(INSERT_EVENT, event).scalar_one()
    if documents:
        shown = [{"kind": d.document_kind, "document_id": d.id, "number": d.number} for d in documents]
        connection.execute(INSERT_DOCUMENTS, [{"event_id": event_id, **one} for one in shown])
    if moves:
        moved = [
            {"kind": d.document_kind, "document_id": d.id, "old": old and old.value, "new": new.value}
            for d, old, new in moves
        ]
        connection.execute(INSERT_MOVES, [{"event_id": event_id, **one} for one in moved])


def _columns(documents: Sequence[Document], moves: Sequence[Move]) -> dict[str, list[Any]]:
    return {
        "kinds": [document.document_kind for document in documents],
        "ids": [document.id for document in documents],
        "numbers": [document.number for document in documents],
        "moved_kinds": [document.document_kind for document, _, _ in moves],
        "moved_ids": [document.id for document, _, _ in moves],
        "olds": [old and old.value for _, old, _ in moves],
        "news": [new.value for _, _, new in moves],
    }


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
