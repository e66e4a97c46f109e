"""One statement where SQLAlchemy would send one for each row: updates of many rows by their keys on PostgreSQL.

The session sends ``UPDATE lines SET picked = :picked WHERE lines.id = :id`` once for each row, in several turns on the
wire. Here the values travel as arrays, and the statement is the same for any number of rows, so that it stays prepared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

_PLACE = re.compile(r"%\((?P<name>\w+)\)s(?:::(?P<type>[A-Z][A-Z ]*[A-Z]))?")
_TEXT = "VARCHAR"  # what SQLAlchemy leaves without a type is text
_CARRIED = frozenset({_TEXT, "BIGINT", "INTEGER", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE"})


def update_rows_together(engine: sa.Engine) -> None:
    """Let the engine update many rows in one statement."""

    @event.listens_for(engine, "do_executemany")
    def _execute(cursor: Any, statement: str, rows: Sequence[Mapping[str, Any]], _context: Any) -> bool:
        together = _together(statement)
        if together is None:
            return False
        cursor.execute(together, {name: [row[name] for row in rows] for name in rows[0]})
        return True


@lru_cache(maxsize=500)
def _together(statement: str) -> str | None:
    """The statement over arrays, or None when it is no update by keys or carries other types."""
    head, found, keys = statement.partition(" WHERE ")
    places = {place["name"]: place["type"] or _TEXT for place in _PLACE.finditer(statement)}
    if not (found and head.startswith("UPDATE ") and "RETURNING" not in keys and set(places.values()) <= _CARRIED):
        return None
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in places.items())
    change, where = (_PLACE.sub(lambda place: f"rows.{place['name']}", part) for part in (head, keys))
    return f"{change} FROM unnest({arrays}) AS rows({', '.join(places)}) WHERE {where}"
