"""Plants an error behind the guards' back, asks every invariant, and takes it all back.

Everything happens in one transaction that is never committed: triggers, CHECKs and unique indexes are off only in it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from webapp.db import db
from webapp.queries.invariants import run_all

CHECKS = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'public'::regnamespace
"""
UNIQUE = """
    SELECT indexname FROM pg_indexes
    WHERE schemaname = 'public' AND indexname LIKE 'uq_%' AND indexdef LIKE '% WHERE %'
"""


def reported(*statements: str, **values: Any) -> set[str]:
    """The codes of the invariants that report after the SQL ``statements``; nothing of it is kept."""
    assert run_all() == [], "the books were wrong before"
    connection = db.session.connection()
    embedded = connection.dialect.name == "sqlite"
    try:
        triggers = _lift_sqlite(connection) if embedded else _lift_postgresql(connection)
        for statement in statements:
            connection.execute(text(statement), values)
        for trigger in triggers:
            connection.exec_driver_sql(trigger)
        db.session.expire_all()
        return {offence.invariant for offence in run_all()}
    finally:
        db.session.rollback()
        if embedded:
            connection = db.session.connection()
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
            db.session.rollback()


def _lift_sqlite(connection: Connection) -> list[str]:
    """Switch the guards off; answers the statements that put the triggers back."""
    connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    partial = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'uq_%' AND sql LIKE '% WHERE %'"
    ).fetchall()
    for (name,) in partial:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    return [sql for _, sql in triggers]


def _lift_postgresql(connection: Connection) -> list[str]:
    for table, name in connection.execute(text(CHECKS)).all():
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    for (name,) in connection.execute(text(UNIQUE)).all():
        connection.execute(text(f'DROP INDEX "{name}"'))
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    return []
