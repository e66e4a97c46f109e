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

_PLACE = re.compile(r"%\((?P<name>\w+)\)s(?:::[A-Z][A-Z ]*[A-Z])?")
_CARRIED = frozenset({"VARCHAR", "TEXT", "BIGINT", "INTEGER", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE"})


def update_rows_together(engine: sa.Engine) -> None:
    """Let the engine update many rows in one statement."""

    @event.listens_for(engine, "do_executemany")
    def _execute(cursor: Any, statement: str, rows: Sequence[Mapping[str, Any]], context: Any) -> bool:
        together = _together(statement, _types(context))
        if together is None:
            return False
        cursor.execute(together, {name: [row[name] for row in rows] for name in rows[0]})
        return True


def _types(context: Any) -> tuple[tuple[str, str], ...]:
    """The name and the type in the database of each value, as the models declare it; none for SQL written by hand."""
    if context.compiled is None:
        return ()
    named = context.dialect.type_compiler_instance.process
    return tuple((name, named(bind.type).partition("(")[0]) for name, bind in context.compiled.binds.items())


@lru_cache(maxsize=500)
def _together(statement: str, types: tuple[tuple[str, str], ...]) -> str | None:
    """The statement over arrays, or None when it is no update by keys or carries other types."""
    head, found, keys = statement.partition(" WHERE ")
    kinds = dict(types)
    names = dict.fromkeys(place["name"] for place in _PLACE.finditer(statement))
    if not (found and head.startswith("UPDATE ") and "RETURNING" not in keys):
        return None
    if not all(kinds.get(name) in _CARRIED for name in names):
        return None
    arrays = ", ".join(f"%({name})s::{kinds[name]}[]" for name in names)
    change, where = (_PLACE.sub(lambda place: f"rows.{place['name']}", part) for part in (head, keys))
    return f"{change} FROM unnest({arrays}) AS rows({', '.join(names)}) WHERE {where}"
