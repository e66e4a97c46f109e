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
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

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

PRISTINE = "pristine"
"""What the migrations left."""

KEEP_AND_RESET = """
CREATE SCHEMA scenes;
CREATE TABLE scenes.contents (scene text, name text, columns text, PRIMARY KEY (scene, name));

CREATE FUNCTION scenes.keep(kept text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    filled boolean;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', kept);
    FOR one IN
        SELECT relname AS name, string_agg(quote_ident(attname), ', ') AS columns
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
            AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        GROUP BY relname
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one.name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE %I.%I AS SELECT %s FROM public.%I', kept, one.name, one.columns, one.name);
            INSERT INTO scenes.contents VALUES (kept, one.name, one.columns);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION scenes.reset(wanted text) RETURNS void LANGUAGE plpgsql
    SET session_replication_role = replica  -- no triggers, no foreign keys: posted rows can be removed
    SET lock_timeout = '10s'
AS $$
DECLARE
    used record;
    filled boolean;
BEGIN
    FOR used IN
        SELECT tablename AS name, columns
        FROM pg_tables LEFT JOIN scenes.contents ON scene = wanted AND name = tablename
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', used.name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM public.%I', used.name);
        END IF;
        IF used.columns IS NOT NULL THEN
            EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %I.%I',
                           used.name, used.columns, used.columns, wanted, used.name);
        END IF;
    END LOOP;
END $$;

SELECT scenes.keep('pristine');
"""


class Database(ABC):
    """One database that a test may fill as it likes."""

    standing: str | None = PRISTINE
    """What it holds by name; None since somebody has committed something else."""

    @property
    @abstractmethod
    def url(self) -> str:
        """What ``DATABASE_URL`` is set to."""

    @property
    def name(self) -> str:
        """What the engine calls it: the path of a file, or the name on the server."""
        return urlsplit(self.url).path[1:]

    def reset(self, to: str = PRISTINE) -> None:
        """Put back exactly what the migrations left, or what was kept under that name."""
        self._put_back(to)
        self.standing = to

    def keep(self, name: str) -> None:
        """Keep what the database holds now, to be put back by this name."""
        self._take_down(name)
        self.standing = name

    @abstractmethod
    def _put_back(self, name: str) -> None: ...

    @abstractmethod
    def _take_down(self, name: str) -> None: ...

    @abstractmethod
    def wait_until_quiet(self) -> None:
        """Wait for what a server still writes for a page that is closed already."""

    @abstractmethod
    def close(self) -> None:
        """Give back what cleaning needed; the database goes with the run."""


class SqliteDatabase(Database):
    """A file, with the template it was copied from."""

    def __init__(self, path: Path, template: Path) -> None:
        self._path, self._template = path, template

    @property
    def url(self) -> str:
        return sqlite_url(self._path)

    def _put_back(self, name: str) -> None:
        _copy(self._kept(name), self._path)

    def _take_down(self, name: str) -> None:
        _copy(self._path, self._kept(name))

    def _kept(self, name: str) -> Path:
        return self._template if name == PRISTINE else self._path.with_suffix(f".{name}")

    def wait_until_quiet(self) -> None:
        """The copy is one transaction: what is written before it goes, and what began before it cannot end after it."""

    def close(self) -> None:
        """A file needs nothing."""


class PostgresDatabase(Database):
    """A database on the run's server, with the connection that cleans it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cleaner = psycopg.connect(url, autocommit=True)

    @property
    def url(self) -> str:
        return self._url

    def _put_back(self, name: str) -> None:
        self._cleaner.execute("SELECT scenes.reset(%s)", [name])

    def _take_down(self, name: str) -> None:
        self._cleaner.execute("SELECT scenes.keep(%s)", [name])

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
                    connection.execute(KEEP_AND_RESET)
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


def _copy(of: Path, to: Path) -> None:
    """SQLite's own copy takes its locks, so that a connection left open sees a change, not a torn file."""
    source, target = sqlite3.connect(of), sqlite3.connect(to, timeout=10)
    with contextlib.closing(source), contextlib.closing(target):
        source.backup(target)


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
