"""One statement for any number of rows: updates of many rows by their keys on PostgreSQL, and reads by many ids.

The session sends ``UPDATE lines SET picked = :picked WHERE lines.id = :id`` once for each row, in several turns on the
wire. Here the values travel as arrays, and the statement is the same for any number of rows, so that it stays prepared.
``among`` does so for reads: an ``IN`` of 500 parameters is taken apart and planned anew for every number of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

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


class IdList(sa.types.TypeDecorator[Any]):
    """Many ids as one parameter: an array on PostgreSQL, a JSON list on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.ARRAY(sa.BigInteger) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        ids = list(value)
        return ids if dialect.name == "postgresql" else json.dumps(ids)


class among(FunctionElement[bool]):  # noqa: N801 - it is written like the functions of SQL
    """``column IN`` the ids of one parameter: the same statement, planned once, however many they are."""

    type = sa.Boolean()
    name = "among"
    inherit_cache = True

    def __init__(self, column: Any, parameter: str) -> None:
        super().__init__(column, sa.bindparam(parameter, type_=IdList()))


@compiles(among, "postgresql")
def _among_array(element: among, compiler: Any, **options: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(ids, **options)})"


@compiles(among, "sqlite")
def _among_json(element: among, compiler: Any, **options: Any) -> str:
    column, ids = element.clauses
    listed = f"SELECT value FROM json_each({compiler.process(ids, **options)})"  # noqa: S608 - a parameter's name
    return f"{compiler.process(column, **options)} IN ({listed})"
