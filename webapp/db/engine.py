"""The engines: their connections, tuned alike for both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.sql.compiler import InsertmanyvaluesSentinelOpts

from webapp.db.base import db
from webapp.db.many_rows import update_rows_together

PREPARED_STATEMENTS = 1000  # the driver keeps 100; the way from order to cash takes more


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
