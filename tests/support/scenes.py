"""Scenes that many tests begin with: played by the program's own services, and put back from then on.

A scene is kept when it is asked for a second time, and put back only where this process committed nothing since
the database was last put back: a test that prepares something else before has its scene played as ever.
Since rows of a scene carry times, each scene is kept for the hour of its clock.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Hashable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, inspect, select
from sqlalchemy.orm import scoped_session

from tests.support.databases import Database
from webapp.db import Base, db, in_transaction
from webapp.domain import clock

P = ParamSpec("P")
R = TypeVar("R")


class _Stage:
    """A database and the scenes it keeps."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._names: dict[Hashable, str] = {}
        self._answers: dict[str, _Written] = {}

    def play(self, make: Callable[[], Any], title: Hashable) -> Any:
        """What ``make`` answers, with the database as it leaves it."""
        key = (self.database.standing, title, f"{clock.now():%Y-%m-%d %H}")
        scene = self._names.get(key)
        if scene in self._answers:
            db.session.rollback()
            self.database.reset(scene)
            return self._answers[scene].read()
        answer = make()
        if scene is None:
            self._names[key] = f"scene_{len(self._names)}"
        else:
            self._answers[scene] = _Written(answer)
            self.database.keep(scene)
        return answer


_stages: dict[str | None, _Stage] = {}


def keep_scenes_of(database: Database) -> None:
    """From now on scenes on this database are put back rather than played again."""
    _stages[database.name] = _Stage(database)


@event.listens_for(Engine, "commit")
def _note_commit(connection: Connection) -> None:
    stage = _stages.get(connection.engine.url.database)
    if stage:
        stage.database.standing = None


def scene(make: Callable[P, R]) -> Callable[P, R]:
    """What ``make`` brings about, played or put back. It takes and answers rows and what can be pickled."""

    @wraps(make)
    def played(*args: P.args, **settings: P.kwargs) -> R:
        stage = _stages.get(db.engine.url.database)
        if stage is None or stage.database.standing is None or in_transaction():
            return make(*args, **settings)
        title = f"{make.__module__}.{make.__qualname__}", _Written((args, settings)).text
        answer: R = stage.play(lambda: make(*args, **settings), title)
        return answer

    return played


class _Written:
    """Something in writing: its rows as their primary keys, the session as nothing but itself."""

    def __init__(self, thing: object) -> None:
        self._keys: dict[type[Base], list[Any]] = {}
        written = io.BytesIO()
        pickler = pickle.Pickler(written)
        pickler.persistent_id = self._place_of  # type: ignore[method-assign]
        pickler.dump(thing)
        self.text = written.getvalue()

    def read(self) -> Any:
        """The same again, with the rows of this session."""
        rows = {(model, key): row for model, keys in self._keys.items() for key, row in _rows(model, keys)}
        unpickler = pickle.Unpickler(io.BytesIO(self.text))  # noqa: S301 - written by this process
        unpickler.persistent_load = rows.__getitem__  # type: ignore[method-assign]
        return unpickler.load()

    def _place_of(self, thing: object) -> tuple[type, Any] | None:
        if isinstance(thing, Base):
            key = _key(thing)
            self._keys.setdefault(type(thing), []).append(key)
            return type(thing), key
        return (scoped_session, None) if isinstance(thing, scoped_session) else None


def _rows(model: type[Base], keys: list[Any]) -> Iterator[tuple[Any, Base]]:
    (column,) = inspect(model).primary_key
    rows = db.session.scalars(select(model).where(column.in_(keys)))
    return ((_key(row), row) for row in rows)


def _key(row: Base) -> Any:
    return inspect(row).identity[0]  # type: ignore[index]  # it is stored, so it has one
