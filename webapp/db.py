"""The database: session, column types, and the one owner of transactions.

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
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, cast

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import InsertmanyvaluesSentinelOpts

from webapp.domain.errors import BadInput, Busy
from webapp.many_rows import update_rows_together

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.2  # seconds between attempts

RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
LOCK_TIMEOUT = "55P03"
SQLITE_BUSY = 5
LARGEST = 10**18  # units of storage: several of them can be added within 64 bits
PREPARED_STATEMENTS = 1000  # the driver keeps 100; the way from order to cash takes more

_writer = threading.RLock()  # SQLite waits for a lock by sleeping; one writer at a time in this process waits less


# -- Column types ------------------------------------------------------------------------------------------


class TooLarge(BadInput, sa.exc.DontWrapMixin):
    """A sum has outgrown its column; SQLAlchemy hands it on as it is, so that it is answered as the refusal it is."""


class Scaled(sa.types.TypeDecorator[Decimal]):
    """A Decimal stored as a BIGINT number of 10**-scale units, alike on both engines.

    Refuses floats, more decimals than the scale and values beyond the column; ``+``, ``-`` and ``SUM`` keep
    the type, multiplying and averaging in SQL are refused, and so is mixing two scales.
    """

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        self.scale = scale
        super().__init__()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
            raise TypeError(f"An exact Decimal is needed here, not {type(value).__name__}.")
        units = Decimal(value).scaleb(self.scale)
        if not units.is_finite() or units != units.to_integral_value():
            raise BadInput(f"{value} has more than {self.scale} decimals.")
        if abs(units) > LARGEST:
            raise TooLarge(f"{Decimal(value):f} is too large to be stored.")
        return int(units)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def coerce_compared_value(self, op: Any, value: Any) -> sa.types.TypeEngine[Any]:
        _refuse_products(op)
        return self

    class Comparator(sa.types.TypeDecorator.Comparator[Decimal]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            _refuse_products(op)
            for operand in other:
                kind = getattr(operand, "type", None)
                if isinstance(kind, Scaled) and kind.scale != self.type.scale:  # type: ignore[attr-defined]
                    raise sa.exc.ArgumentError("Amounts of different scales cannot meet in SQL.")
            return super().operate(op, *other, **kwargs)

        def _adapt_expression(self, op: Any, other_comparator: Any) -> tuple[Any, Any]:
            if op in (operators.add, operators.sub):
                return op, self.type
            return super()._adapt_expression(op, other_comparator)

    comparator_factory = Comparator


def _refuse_products(op: Any) -> None:
    if op in (operators.mul, operators.truediv, operators.floordiv, operators.mod):
        raise sa.exc.ArgumentError("Multiply and divide amounts in Python, not in SQL.")


class Amount(Scaled):
    """An amount of money: always a whole number of its currency's minor units."""

    cache_ok = True


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime; naive ones are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("A timestamp needs its time zone.")
        return value.astimezone(UTC).replace(tzinfo=None if dialect.name == "sqlite" else UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Money = Amount(4)
Price = Scaled(6)
Quantity = Scaled(6)
Percent = Scaled(4)


def enum_column(enum: type[StrEnum]) -> sa.Enum:
    """A text column that a CHECK made from ``enum`` keeps to its members."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        name=enum.__name__.lower(),
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


def unique_where(name: str, condition: str, *columns: str) -> sa.Index:
    """A unique index over only the rows of ``condition``, on both engines."""
    where = sa.text(condition)
    return sa.Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Id = Annotated[int, mapped_column(BigId, primary_key=True)]


# -- Models' base and the session ----------------------------------------------------------------------------


NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints carry names so that both engines, migrations and refusals can speak of them."""


class Base(DeclarativeBase):
    """Every table's base."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            int: BigId,
            str: sa.Text(),
            datetime: UtcDateTime(),
            dict[str, Any]: sa.JSON(),
            list[Any]: sa.JSON(),
        },
    )


def table_of(model: type[Base]) -> sa.Table:
    """The table under a model, for the few statements that every command runs: without the mapper they cost a third."""
    return cast(sa.Table, model.__table__)


class Versioned:
    """Carries the number that a form brings back; commands that change what a form shows bump it."""

    version: Mapped[int] = mapped_column(default=1)

    def bump(self) -> None:
        self.version += 1


db = SQLAlchemy(model_class=Base, session_options={"autoflush": True})


@event.listens_for(db.session, "loaded_as_persistent")
def _keep(session: Session, row: Any) -> None:
    """The identity map is weak: what a transaction has read would be read again once nobody points to it."""
    if session.info.get("depth"):
        session.info["unit"].setdefault("kept", []).append(row)


def init_db(app: Flask) -> None:
    """Bind the session to the application's database and tune its connections."""
    url = sa.make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "postgresql":
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {}).setdefault(
            "connect_args",
            {
                "options": "-c lock_timeout=3000 -c statement_timeout=15000"
                " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
            },
        )
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _tune_sqlite(db.engine, synchronous=app.config.get("SQLITE_SYNCHRONOUS", "FULL"))
        else:
            _tune_postgresql(db.engine)


class _Connection(psycopg.Connection[Any]):
    """Keeps its prepared statements through a rollback, as the server does: pages end with one, and make no tables."""

    def rollback(self) -> None:
        if self.pgconn.status != psycopg.pq.ConnStatus.OK:
            super().rollback()
        elif self.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.pgconn.exec_(b"ROLLBACK")


def _tune_postgresql(engine: sa.Engine) -> None:
    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> _Connection:
        connection = _Connection.connect(*arguments, **named)
        connection.prepared_max = PREPARED_STATEMENTS
        return connection

    update_rows_together(engine)


def _tune_sqlite(engine: sa.Engine, *, synchronous: str) -> None:
    if engine.url.database and engine.url.database != ":memory:":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(engine.url.database, timeout=10) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    # SQLite numbers the rows of one INSERT in their order, so their ids can come back from a single statement
    engine.dialect.insertmanyvalues_implicit_sentinel = InsertmanyvaluesSentinelOpts.ANY_AUTOINCREMENT

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("busy_timeout=5000", "foreign_keys=ON", f"synchronous={synchronous}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


# -- Transactions ----------------------------------------------------------------------------------------------


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
