"""What the database's refusals mean to a person: by constraint name, by error code, on both engines."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.db import Base
from webapp.domain.errors import Busy

CONFLICT, UNPROCESSABLE, UNAVAILABLE = 409, 422, 503

SENTENCES: dict[str, str] = {
    "uq_users_email": "This e-mail address belongs to another user already.",
    "uq_login_sessions_token_hash": "This browser is logged in already. Load the page again.",
}
"""What a broken constraint means to a person, by its name. A constraint without a sentence has a general one."""

CHECK_SENTENCE = "One of the values lies outside what can be stored."
UNIQUE_SENTENCE = "Somebody else saved the same thing a moment ago. Load the page again to see it."
REFERENCE_SENTENCE = "Something that this refers to does not exist, or is still in use."

SQLSTATE_SENTENCES = {
    "55P03": "Somebody else is working on this. Try again in a moment.",
    "40001": "Too many people are changing this at once. Try again in a moment.",
    "40P01": "Too many people are changing this at once. Try again in a moment.",
    "57014": "This took too long and was stopped; nothing was saved. Try again with less at once.",
    "25P03": "This waited too long and was stopped; nothing was saved. Try again.",
    "57P01": "The database was restarted. Try again in a moment.",
    "57P03": "The database is starting. Try again in a moment.",
    "53100": "The database's disk is full. Reading works; nothing can be saved until there is room.",
    "53300": "The database has too many visitors. Try again in a moment.",
    "25006": "The database can only be read right now. Try again in a moment.",
}
CONNECTION_LOST = "08"
OUT_OF_RANGE = frozenset({"22003", "22021", "22P05"})
CHECK_VIOLATION, UNIQUE_VIOLATION, TRIGGER_REFUSED = "23514", "23505", "P0001"

SQLITE_OVERFLOW = "integer overflow"
SQLITE_SENTENCES = {
    sqlite3.SQLITE_BUSY: SQLSTATE_SENTENCES["55P03"],
    sqlite3.SQLITE_LOCKED: SQLSTATE_SENTENCES["55P03"],
    sqlite3.SQLITE_FULL: SQLSTATE_SENTENCES["53100"],
    sqlite3.SQLITE_READONLY: SQLSTATE_SENTENCES["25006"],
    sqlite3.SQLITE_IOERR: "The database's disk did not answer; nothing was saved. Try again.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened right now. Try again in a moment.",
}


@dataclass(frozen=True)
class Refusal:
    """What is answered, in whatever form the asker reads."""

    status: int
    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None


def refusal_of(error: DBAPIError) -> Refusal | None:
    """The refusal that a database error stands for; None for one that is a mistake of ours."""
    if isinstance(error, IntegrityError):
        return _of_constraint(error)
    if isinstance(error.orig, sqlite3.Error):
        if str(error.orig) == SQLITE_OVERFLOW:
            return Refusal(UNPROCESSABLE, CHECK_SENTENCE)
        return _not_now(SQLITE_SENTENCES.get(getattr(error.orig, "sqlite_errorcode", -1) & 0xFF))
    return _of_sqlstate(getattr(error.orig, "sqlstate", None) or "", error)


def _of_sqlstate(state: str, error: DBAPIError) -> Refusal | None:
    if state in OUT_OF_RANGE:
        return Refusal(UNPROCESSABLE, CHECK_SENTENCE)
    if state == TRIGGER_REFUSED:
        return Refusal(CONFLICT, _first_line(error))
    if error.connection_invalidated or state.startswith(CONNECTION_LOST):
        return _not_now(SQLSTATE_SENTENCES["57P01"])
    return _not_now(SQLSTATE_SENTENCES.get(state))


def _not_now(sentence: str | None) -> Refusal | None:
    return Refusal(UNAVAILABLE, sentence, retry_after=Busy.retry_after) if sentence else None


def constraint_name(error: IntegrityError) -> str:
    """The broken constraint's name. SQLite names the columns of a unique one, which lead to the name."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name or ""
    _, _, rest = str(error.orig).partition(" failed: ")
    name = rest.removeprefix("index ").strip("'")
    return _unique_names().get(name, name)


def _of_constraint(error: IntegrityError) -> Refusal:
    name = constraint_name(error)
    kind = str(error.orig)
    state = getattr(error.orig, "sqlstate", "")
    if state == CHECK_VIOLATION or kind.startswith("CHECK "):
        return Refusal(UNPROCESSABLE, SENTENCES.get(name, CHECK_SENTENCE))
    if state == UNIQUE_VIOLATION or kind.startswith("UNIQUE "):
        return Refusal(CONFLICT, SENTENCES.get(name, UNIQUE_SENTENCE))
    if " constraint failed" in kind or state:
        return Refusal(CONFLICT, SENTENCES.get(name, REFERENCE_SENTENCE))
    return Refusal(CONFLICT, _first_line(error))  # a trigger's own sentence


def _unique_names() -> dict[str, str]:
    """``table.column, table.column`` as SQLite reports it, to the constraint's or index's name."""
    names = {}
    for table in Base.metadata.tables.values():
        indexes: list[Index | UniqueConstraint] = [index for index in table.indexes if index.unique]
        uniques = [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
        for rule in indexes + uniques:
            names[", ".join(f"{table.name}.{column.name}" for column in rule.columns)] = str(rule.name)
    return names


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0]
