"""The one owner of transactions.

``atomic`` is the only place that commits. The outermost block commits, nested blocks join it, and any error
undoes everything. ``command`` wraps a service function in such a block and runs it again, from the start,
when the database asks for it (serialization failure, deadlock, busy).
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.db.base import db
from webapp.domain.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.2  # seconds between attempts

RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
LOCK_TIMEOUT = "55P03"
SQLITE_BUSY = 5

_writer = threading.RLock()  # SQLite waits for a lock by sleeping; one writer at a time in this process waits less


@event.listens_for(db.session, "loaded_as_persistent")
def _keep(session: Session, row: Any) -> None:
    """The identity map is weak: what a transaction has read would be read again once nobody points to it."""
    if session.info.get("depth"):
        session.info["unit"].setdefault("kept", []).append(row)


def in_transaction() -> bool:
    """Whether a writing transaction is open in this session."""
    return bool(db.session().info.get("depth"))


@contextmanager
def atomic() -> Iterator[Session]:
    """One writing transaction: the outermost block commits, nested ones join, any error undoes all.

    A nested block that failed dooms the outermost even when somebody caught its error. Raises RuntimeError
    when rows were changed outside a command.
    """
    session = db.session()
    if session.info.get("depth"):
        try:
            yield session
        except BaseException:
            session.info["doomed"] = True
            raise
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("Rows were changed outside a command.")
    with _sole_writer():
        session.rollback()  # ends the page's read, so that what was loaded is read again under the lock
        session.info.update(depth=1, doomed=False, unit={})
        try:
            session.connection(execution_options={"write": True})
            yield session
            if session.info["doomed"]:
                raise RuntimeError("A nested command failed and its error was swallowed.")
            for work in session.info["unit"].get("before_commit", []):
                work()
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.update(depth=0, unit={})


@contextmanager
def _sole_writer() -> Iterator[None]:
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with _writer:
        yield


def unit() -> dict[str, Any]:
    """What the open transaction collects for its event (moves, steps); empty again in the next one."""
    notes: dict[str, Any] = db.session().info["unit"]
    return notes


def before_commit(work: Callable[[], None]) -> None:
    """Have ``work`` done inside this transaction as the last thing; what it raises undoes everything."""
    unit().setdefault("before_commit", []).append(work)


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


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A service that people and programs call: a transaction that knows whether a command called it.

    The outermost command writes the event; those it calls become steps of that event.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        notes = unit()
        notes["level"] = notes.get("level", 0) + 1
        try:
            return function(*args, **kwargs)
        finally:
            notes["level"] -= 1

    return transaction(run)


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
