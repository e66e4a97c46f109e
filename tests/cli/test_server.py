"""The server as an operator meets it: taken ports, and what is left after a crash."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import Database
from tests.support.server import HOST, free_port, running_server, start_server
from webapp import server

pytestmark = pytest.mark.engines("sqlite")

SECONDS_FOR_CHILDREN = 10


def test_a_taken_port_is_refused_before_anything_is_served() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(server.PortTaken, match="Choose another with --port"):
            server.refuse_taken_port(HOST, taken.getsockname()[1])
    server.refuse_taken_port(HOST, free_port())


def test_sqlite_has_one_web_worker_and_postgresql_as_many_as_processors() -> None:
    assert server.default_workers("sqlite:////tmp/x.db") == 1
    assert 1 <= server.default_workers("postgresql+psycopg://h/db") <= 4
    assert 3 <= server.default_threads() <= 15


def test_when_the_main_process_is_killed_its_workers_end_too(
    new_database: Callable[[str], Database], engine: str, tmp_path: Path
) -> None:
    running = start_server(new_database(engine).url, tmp_path)
    try:
        assert answers(running.url)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(SECONDS_FOR_CHILDREN)
        deadline = time.monotonic() + SECONDS_FOR_CHILDREN
        while answers(running.url) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not answers(running.url)
    finally:
        running.kill()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own server
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def test_a_server_on_an_empty_database_can_make_its_tables_first(engine: str, tmp_path: Path) -> None:
    empty = f"sqlite:///{tmp_path / 'new.sqlite'}"
    with running_server(empty, tmp_path, "--upgrade") as running:
        with urllib.request.urlopen(f"{running.url}/set-up", timeout=5) as page:  # noqa: S310 - our own server
            assert page.status == 200
        assert "Set-up token for the first page" in running.log.read_text()


@pytest.mark.engines("postgresql")
def test_a_server_at_rest_keeps_no_transaction_open(database: Database, tmp_path: Path) -> None:
    with running_server(database.url, tmp_path):
        database.wait_until_quiet()
