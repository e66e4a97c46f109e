"""The one owner of transactions.

``atomic`` is the only place that commits. The outermost block commits, nested blocks join it, and any error
undoes everything. ``transaction`` wraps a function in such a block and runs it again, from the start, when the database
asks for it (serialization failure, deadlock, busy). ``webapp.services.commands`` makes the commands of it.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.db.base import Base, db
from webapp.domain.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.2  # seconds between attempts

RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
LOCK_TIMEOUT = "55P03"
SQLITE_BUSY = 5

_writer = threading.RLock()  # SQLite waits for a lock by sleeping; one writer at a time in this process waits less


UNIT = "unit of work"  # where a session keeps the open one


@dataclass
class UnitOfWork:
    """What one writing transaction collects until it commits; the next attempt begins with an empty one."""

    level: int = 0
    """How many commands are inside one another now: the outermost writes the event, the others become its steps."""
    steps: list[tuple[StrEnum, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    """What inner commands did: the action, its documents, its details."""
    moves: list[tuple[Any, StrEnum | None, StrEnum]] = field(default_factory=list)
    """Documents that changed their state: from (None: it began) and to."""
    key_id: int | None = None
    """The idempotency key under which all of it happens."""
    held: dict[tuple[type[Base], int], Any] = field(default_factory=dict)
    """Rows that nobody else can change meanwhile, by their model and id."""
    numbered: dict[tuple[type[Base], str], Any] = field(default_factory=dict)
    """Those of them that are called by a number."""
    kept: list[Any] = field(default_factory=list)
    """All rows read so far: the identity map is weak, and would have them read again once nobody points to them."""
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    """What is left to be done as the last thing of the transaction."""
    is_doomed: bool = False
    """Whether a nested block failed, even though somebody caught its error."""


@event.listens_for(db.session, "loaded_as_persistent")
def _keep(session: Session, row: Any) -> None:
    found: UnitOfWork | None = session.info.get(UNIT)
    if found is not None:
        found.kept.append(row)


def in_transaction() -> bool:
    """Whether a writing transaction is open in this session."""
    return db.session().info.get(UNIT) is not None


@contextmanager
def atomic() -> Iterator[Session]:
    """One writing transaction: the outermost block commits, nested ones join, any error undoes all.

    A nested block that failed dooms the outermost even when somebody caught its error. Raises RuntimeError
    when rows were changed outside a command.
    """
    session = db.session()
    if in_transaction():
        try:
            yield session
        except BaseException:
            unit().is_doomed = True
            raise
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("Rows were changed outside a command.")
    with _sole_writer():
        session.rollback()  # ends the page's read, so that what was loaded is read again under the lock
        session.info[UNIT] = UnitOfWork()
        try:
            session.connection(execution_options={"write": True})
            yield session
            if unit().is_doomed:
                raise RuntimeError("A nested command failed and its error was swallowed.")
            for work in unit().before_commit:
                work()
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.info[UNIT]


@contextmanager
def _sole_writer() -> Iterator[None]:
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with _writer:
        yield


def unit() -> UnitOfWork:
    """The open transaction's unit of work. Raises KeyError outside of one."""
    found: UnitOfWork = db.session().info[UNIT]
    return found


def before_commit(work: Callable[[], None]) -> None:
    """Have ``work`` done inside this transaction as the last thing; what it raises undoes everything."""
    unit().before_commit.append(work)


def transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` as one transaction, or inside the caller's; the outermost runs again when told to.

    Raises Busy when the row stays locked or every attempt met a conflict.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with atomic():
                    return function(*args, **kwargs)
            except DBAPIError as error:
                if in_transaction():
                    raise
                if _lock_timed_out(error):
                    raise Busy("Somebody else is working on this document. Try again in a moment.") from error
                if not is_retryable(error):
                    raise
                if attempt == ATTEMPTS:
                    raise Busy("Too many people are changing this at once. Try again in a moment.") from error
                time.sleep(random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))  # noqa: S311 - spreads retries, no secret
        raise AssertionError("unreachable")

    return run


@contextmanager
def nested() -> Iterator[None]:
    """Inside a command: what it records is the event when it is the outermost, a step of that event otherwise."""
    work = unit()
    work.level += 1
    try:
        yield
    finally:
        work.level -= 1


def is_retryable(error: DBAPIError) -> bool:
    """Whether the database says that the same transaction may well succeed when run again."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return (error.orig.sqlite_errorcode & 0xFF) == SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES


def _lock_timed_out(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == LOCK_TIMEOUT


def read_once() -> None:
    """End the session's read transaction, so that the next query sees what others have committed."""
    if not in_transaction():
        db.session().rollback()
