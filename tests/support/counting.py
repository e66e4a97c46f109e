"""Counts the SQL statements of a read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import event

from webapp.db import db


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that are run inside the block, in a session of its own that knows nothing yet."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    db.session.rollback()
    with current_app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
