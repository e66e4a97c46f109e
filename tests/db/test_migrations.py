"""A change of tables keeps rows, triggers and constraints, up and down, on a database that is in use.

The change is one that only this test makes: a column on tables that posted documents, orders and events stand in.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import DBAPIError

from tests.support.factories import (
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from webapp.config import MIGRATIONS
from webapp.db import Base, db
from webapp.models.triggers import REFUSAL, trigger_names
from webapp.queries.invariants import run_all

CHANGED = ("orders", "invoices", "events")
CHANGE = """
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = {newest!r}


def upgrade() -> None:
    for table in {tables!r}:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("tried", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in {tables!r}:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("tried")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The program's migrations and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    newest = max(path.name.split("_")[0] for path in (folder / "versions").glob("[0-9]*.py"))
    (folder / "versions" / "9999_tried.py").write_text(CHANGE.format(newest=newest, tables=CHANGED))
    return folder


@pytest.fixture
def books(own_app: Flask) -> Flask:
    """A database of its own with an order that was shipped, billed and posted."""
    make_company()
    staff = make_staff()
    make_customer()
    make_item()
    put_in_stock("A-1", 10, actor=staff.warehouse)
    make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)
    db.session.remove()
    return own_app


def rows() -> dict[str, list[Any]]:
    """Every row of every table, without the column that comes and goes."""
    found = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            key = [column.name for column in table.primary_key]
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            statement = f"SELECT {names} FROM {table.name} ORDER BY {', '.join(key)}"
            found[table.name] = [tuple(map(str, row)) for row in connection.execute(sa.text(statement))]
    return found


def guards() -> tuple[set[str], dict[str, set[str | None]]]:
    """The names of the triggers, and of the CHECK constraints of each table."""
    inspector = sa.inspect(db.engine)
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[db.engine.dialect.name]
    with db.engine.connect() as connection:
        triggers = set(connection.scalars(sa.text(catalogue)))
    checks = {table: {one["name"] for one in inspector.get_check_constraints(table)} for table in Base.metadata.tables}
    return triggers, checks


def test_up_and_down_and_up_again_keeps_rows_triggers_and_checks(books: Flask, migrations: Path) -> None:
    before, guarded = rows(), guards()
    assert before["invoices"]
    assert {name for name, _ in trigger_names()} <= guarded[0]

    for step in (upgrade, downgrade, upgrade):
        step(directory=str(migrations))
        assert rows() == before
        assert guards() == guarded
        assert ("tried" in {column["name"] for column in sa.inspect(db.engine).get_columns("orders")}) == (
            step is upgrade
        )

    assert not run_all()
    db.session.rollback()
    for statement in ("UPDATE invoices SET total = 0", "DELETE FROM events", "UPDATE order_lines SET quantity = 0"):
        with pytest.raises(DBAPIError, match=f"{REFUSAL}|ck_order_lines"):
            db.session.execute(sa.text(statement))
        db.session.rollback()
