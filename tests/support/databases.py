"""Migrated databases for the tests: made once a run as a template, copied for each worker, cleaned between tests.

Tests commit for real, since a fixture that rolls back would hide what the transaction owner does. Cleaning puts the
database back to what the migrations left: on SQLite by copying the template over it, on PostgreSQL by a function that
empties the tables that hold rows and fills those again to which the migrations had given rows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from tests.support import postgres

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("sqlite", "postgresql")

SECONDS_TO_SETTLE = 10.0
OTHERS_AT_WORK = """
    SELECT state, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND state <> 'idle'
"""

REMEMBER_AND_RESET = """
CREATE SCHEMA pristine;

DO $$
DECLARE
    kept record;
    filled boolean;
BEGIN
    FOR kept IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I)', kept.name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE pristine.%1$I AS TABLE public.%1$I', kept.name);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION pristine.reset() RETURNS void LANGUAGE plpgsql
    SET session_replication_role = replica  -- no triggers, no foreign keys: posted rows can be removed
    SET lock_timeout = '10s'
AS $$
DECLARE
    used record;
    filled boolean;
    columns text;
BEGIN
    FOR used IN
        SELECT tablename AS name, to_regclass(format('pristine.%I', tablename)) IS NOT NULL AS has_rows
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I)', used.name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM public.%1$I', used.name);
        END IF;
        IF used.has_rows THEN
            SELECT string_agg(quote_ident(column_name), ', ') INTO columns FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = used.name AND is_generated = 'NEVER';
            EXECUTE format('INSERT INTO public.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM pristine.%1$I',
                           used.name, columns);
        END IF;
    END LOOP;
END $$;
"""


class Database(Protocol):
    """One database that a test may fill as it likes."""

    @property
    def url(self) -> str:
        """What ``DATABASE_URL`` is set to."""

    def reset(self) -> None:
        """Put back exactly what the migrations left."""

    def wait_until_quiet(self) -> None:
        """Wait for what a server still writes for a page that is closed already."""

    def close(self) -> None:
        """Give back what cleaning needed; the database goes with the run."""


@dataclass(frozen=True)
class SqliteDatabase:
    """A file, with the template it was copied from."""

    path: Path
    template: Path

    @property
    def url(self) -> str:
        return sqlite_url(self.path)

    def reset(self) -> None:
        """SQLite's own copy takes its locks, so that a connection left open sees a change, not a torn file."""
        source, target = sqlite3.connect(self.template), sqlite3.connect(self.path, timeout=10)
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)

    def wait_until_quiet(self) -> None:
        """The copy is one transaction: what is written before it goes, and what began before it cannot end after it."""

    def close(self) -> None:
        """A file needs nothing."""


class PostgresDatabase:
    """A database on the run's server, with the connection that cleans it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._cleaner = psycopg.connect(url, autocommit=True)

    def reset(self) -> None:
        self._cleaner.execute("SELECT pristine.reset()")

    def wait_until_quiet(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while others := self._cleaner.execute(OTHERS_AT_WORK).fetchall():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Somebody still works on {self.url}: {others}")
            time.sleep(0.01)

    def close(self) -> None:
        self._cleaner.close()


class TestRun:
    """What one run of pytest shares between its workers: a folder, a PostgreSQL server and the templates."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, engine: str, name: str) -> Database:
        """A new database of this engine, as the migrations left it. Names are unique in the run."""
        if engine == "sqlite":
            return self._copy_sqlite(name)
        return self._copy_postgresql(name)

    def _copy_sqlite(self, name: str) -> Database:
        template = self.folder / "template.sqlite"
        with self._once(template.with_suffix(".migrated")) as first:
            if first:
                migrate(sqlite_url(template))
                _fold_journal(template)
        database = SqliteDatabase(self.folder / f"{name}.sqlite", template)
        database.reset()
        return database

    def _copy_postgresql(self, name: str) -> Database:
        server = self._postgres_server()
        template = self._named("template")
        with self._once(self.folder / "postgresql.migrated") as first:
            if first:
                url = postgres.create_database(server, template)
                migrate(url)
                with psycopg.connect(url) as connection:
                    connection.execute(REMEMBER_AND_RESET)
            # PostgreSQL copies a template for one at a time
            url = postgres.create_database(server, self._named(name), template=template)
        return PostgresDatabase(url)

    def drop_from_lent_server(self) -> None:
        """Leave nothing behind on a server that is not the run's own."""
        server = os.environ.get("TEST_DATABASE_URL")
        if server and (self.folder / "postgresql.migrated").exists():
            with psycopg.connect(server) as connection:
                pattern = self._named("").replace("_", r"\_") + "%"
                rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall()
            for (name,) in rows:
                postgres.drop_database(server, name)

    def _named(self, name: str) -> str:
        return f"counterfoil_{self.folder.name}_{name}".replace("-", "_").lower()

    def _postgres_server(self) -> str:
        lent = os.environ.get("TEST_DATABASE_URL")
        if lent:
            return lent
        address = self.folder / "postgresql.url"
        with self._once(self.folder / "postgresql.started") as first:
            if first:
                _start_keeper(self.folder)
        return address.read_text()

    @contextlib.contextmanager
    def _once(self, done: Path) -> Iterator[bool]:
        """One worker at a time; true for the first of the run, until it succeeded."""
        with (self.folder / "turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema, by the command an operator uses."""
    environment = dict(os.environ, DATABASE_URL=url, SECRET_KEY=secrets.token_hex(32))
    command = [sys.executable, "-m", "webapp", "db", "upgrade"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The migrations failed on {url}:\n{done.stdout}{done.stderr}")


def _fold_journal(path: Path) -> None:
    """Put everything into the one file, so that it can be copied without its journal."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _start_keeper(folder: Path) -> None:
    """Start the process that keeps the server as long as the run lives; it has written the address by then."""
    command = [sys.executable, "-m", "tests.support.keeper", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"PostgreSQL for the tests did not start:\n{done.stderr}")
