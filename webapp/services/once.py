"""One effect for one key, however often the request arrives.

The key is inserted first, in the transaction of the effect, so that a second request waits for the first and
then finds its outcome; when the work fails, the key goes with it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from webapp.db import db, transaction, unit
from webapp.domain import clock
from webapp.domain.errors import KeyInFlight, KeyReused
from webapp.models import IdempotencyKey, User
from webapp.services.audit import jsonable

KEPT = timedelta(days=30)
LONGEST_WAIT = 3.0
IN_FLIGHT = "The same request is still being worked on. Try again in a moment."

_flying: set[tuple[int, str]] = set()
_landed = threading.Condition()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the work left: data that can be stored, and whether this request only repeated an earlier one."""

    data: dict[str, Any]
    replayed: bool


def fingerprint(*parts: Any) -> str:
    """A digest of what the request says (method, path, fields), to tell a repeat from a reuse."""
    text = json.dumps(jsonable(parts), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def once(key: str | None, user: User, digest: str, work: Callable[[], Mapping[str, Any]]) -> Outcome:
    """Run ``work`` at most once for ``key`` and answer its outcome; without a key simply run it.

    ``work`` answers a mapping that JSON can carry. Raises KeyReused when the key came with another ``digest``,
    KeyInFlight when the first request is still running after the lock timeout.
    """
    if not key:
        return Outcome(jsonable(work()), replayed=False)
    with _one_at_a_time(key, user.id):
        return _once(key, user, digest, work)


@contextmanager
def _one_at_a_time(key: str, user_id: int) -> Iterator[None]:
    """Let one request of a key go on in this process; the others wait as long as PostgreSQL waits for a lock.

    On SQLite all writers stand in one queue whose wait has no end that a repeat could be told of; between processes
    the row of the key does it. Raises KeyInFlight.
    """
    mine = (user_id, key)
    with _landed:
        if not _landed.wait_for(lambda: mine not in _flying, timeout=LONGEST_WAIT):
            raise KeyInFlight(IN_FLIGHT)
        _flying.add(mine)
    try:
        yield
    finally:
        with _landed:
            _flying.discard(mine)
            _landed.notify_all()


@transaction
def _once(key: str, user: User, digest: str, work: Callable[[], Mapping[str, Any]]) -> Outcome:
    key_id = _claim(key, user.id, digest)
    if key_id is None:
        return _replay(key, user.id, digest)
    unit().key_id = key_id
    data = jsonable(work())
    db.session.execute(update(IdempotencyKey).where(IdempotencyKey.id == key_id).values(outcome=data))
    return Outcome(data, replayed=False)


def _claim(key: str, user_id: int, digest: str) -> int | None:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    try:
        return db.session.execute(
            dialect.insert(IdempotencyKey)
            .values(key=key, user_id=user_id, fingerprint=digest, created_at=clock.now())
            .on_conflict_do_nothing(index_elements=["user_id", "key"])
            .returning(IdempotencyKey.id)
        ).scalar_one_or_none()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise KeyInFlight(IN_FLIGHT) from error
        raise


def _replay(key: str, user_id: int, digest: str) -> Outcome:
    stored = db.session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.outcome).where(
            IdempotencyKey.user_id == user_id, IdempotencyKey.key == key
        )
    ).one()
    if stored.fingerprint != digest:
        raise KeyReused("This idempotency key was already used for another request.")
    return Outcome(stored.outcome or {}, replayed=True)


@transaction
def forget_old_keys() -> int:
    """Delete keys older than 30 days; answers how many."""
    result = db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]
