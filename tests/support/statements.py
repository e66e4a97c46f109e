"""Counts the statements that a piece of work sends to the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from flask import current_app
from sqlalchemy import event

from webapp.db import db


@contextlib.contextmanager
def sent_statements() -> Iterator[list[str]]:
    """The statements sent inside the block, in order; one sent for many rows counts once."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@contextlib.contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that a read sends inside the block, in a session of its own that knows nothing yet."""
    db.session.rollback()
    with current_app.app_context(), sent_statements() as statements:
        yield statements


def count_statements(work: Callable[[], Any]) -> int:
    """How many statements ``work`` sends; the application context is the caller's.

    On SQLite inserts are not counted: it has no wire, and gets each inserted row as a statement of its own.
    """
    with sent_statements() as seen:
        work()
    every = db.engine.dialect.name == "postgresql"
    return sum(every or not statement.startswith("INSERT") for statement in seen)
