"""Runs migrations on either engine.

SQLite changes tables by copying them, so here it has a connection of its own with foreign keys off (with them on,
a copied parent deletes its children by cascade), and every row is checked against them before the end. Triggers
are dropped before and created anew after, since a copied table loses them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

import webapp.models  # noqa: F401 - the tables of the metadata
from webapp.db import Base, Scaled, UtcDateTime, db
from webapp.models import triggers


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Migrations name plain types, so that they stay true when the program's own types change."""
    if kind == "type" and isinstance(item, Scaled):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run_migrations() -> None:
    engine = _engine()
    with engine.connect() as connection:
        embedded = connection.dialect.name == "sqlite"
        connection.execution_options(write=True)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=embedded,
            render_item=render_item,
            compare_type=False,
            transaction_per_migration=False,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            _drop_triggers(connection)
            context.run_migrations()
            _create_triggers(connection)
            if embedded:
                _check_foreign_keys(connection)
    if engine is not db.engine:
        engine.dispose()


def _engine() -> sa.Engine:
    url = sa.make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() != "sqlite":
        return db.engine
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    sa.event.listen(engine, "connect", _sqlite_connect)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA busy_timeout=5000")


def _drop_triggers(connection: sa.Connection) -> None:
    there = set(sa.inspect(connection).get_table_names())
    for (_, table), statement in zip(
        triggers.trigger_names(), triggers.drop_statements(connection.dialect.name), strict=True
    ):
        if table in there:
            connection.execute(sa.text(statement))


def _create_triggers(connection: sa.Connection) -> None:
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    if not {table for _, table in triggers.trigger_names()} <= there:
        return
    columns = {table: [column["name"] for column in inspector.get_columns(table)] for table in triggers.SETTLEMENT}
    for statement in triggers.create_statements(connection.dialect.name, columns):
        connection.execute(sa.text(statement))


def _check_foreign_keys(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"The migration left rows without their parents: {broken[:5]}")


run_migrations()
