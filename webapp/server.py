"""The production server: Granian in WSGI mode, with the worker of background jobs beside it.

SIGKILL of Granian's main process would leave its workers serving, and a second server would share their port without
a word. So the port is tried before, and each child ends itself when its parent is gone.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from webapp import create_app

if TYPE_CHECKING:
    from flask import Flask

MOST_THREADS = 15  # connections that the pool of one worker gives out
MOST_WORKERS = 4
BACKLOG = 1024
LOOK_EVERY = 0.5
SECONDS_TO_STOP = 10


class PortTaken(Exception):
    """Another program listens there."""


def serve(host: str, port: int, *, database_url: str, workers: int, threads: int) -> None:
    """Serve until told to stop. 0 workers or threads mean the defaults; see that the port is free before."""
    server = Granian(
        "webapp.server:worker_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or default_workers(database_url),
        blocking_threads=threads or default_threads(),
        backlog=BACKLOG,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )
    with background_worker():
        server.serve()


def worker_app() -> Flask:
    """The application inside one web worker, which ends with its parent."""
    end_with_parent()
    return create_app()


def default_workers(database_url: str) -> int:
    """One on SQLite, where one process writes at a time; on a server one for each processor, up to four."""
    if sa.make_url(database_url).get_backend_name() == "sqlite":
        return 1
    return min(os.cpu_count() or 1, MOST_WORKERS)


def default_threads() -> int:
    """More than processors, since a request waits for the database most of its time."""
    return min(2 * (os.cpu_count() or 1) + 1, MOST_THREADS)


def refuse_taken_port(host: str, port: int) -> None:
    """Raise PortTaken when somebody answers at the address or it cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"Port {port} of {host} is taken: {error.strerror}. Choose another with --port.") from error


def end_with_parent() -> None:
    """End this process soon after its parent has ended, however that came about."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        os._exit(0)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


@contextmanager
def background_worker() -> Iterator[None]:
    """The worker of background jobs as a child process."""
    worker = subprocess.Popen([sys.executable, "-m", "webapp", "worker", "--end-with-parent"])
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(SECONDS_TO_STOP)
