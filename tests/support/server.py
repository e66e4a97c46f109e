"""The real server, as an operator starts it, in a process group of its own so that it can be ended or killed whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
SECONDS_TO_START = 30.0
SECONDS_TO_STOP = 10.0
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class LiveServer:
    """A running server and where it writes."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End the server and its children at once, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(SECONDS_TO_STOP)

    def stop(self) -> None:
        """Ask the server to end, and see to it that the whole group is gone."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(SECONDS_TO_STOP)
        self.kill()


@contextlib.contextmanager
def running_server(
    database_url: str, folder: Path, *options: str, environment: Mapping[str, str] = NOTHING
) -> Iterator[LiveServer]:
    """The server on a migrated database and a free port; ``folder`` takes its log, its mails and all it keeps."""
    server = start_server(database_url, folder, *options, environment=environment)
    try:
        yield server
    finally:
        server.stop()


def start_server(
    database_url: str, folder: Path, *options: str, port: int | None = None, environment: Mapping[str, str] = NOTHING
) -> LiveServer:
    """Start the server and wait until it answers. Raises RuntimeError with its log when it does not."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    log = folder / "server.log"
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_hex(32),
        "INSTANCE_PATH": str(folder / "instance"),  # the checkout's own belongs to whoever runs the program there
        "MAIL_URL": f"file:{folder / 'mail'}",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "webapp", "run", "--host", HOST, "--port", str(port), *options]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = LiveServer(f"http://{HOST}:{port}", process, log)
    _wait_until_it_answers(server)
    return server


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(server: LiveServer) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.process.poll() is None:
        if _is_healthy(server.url):
            return
        time.sleep(0.05)
    server.kill()
    raise RuntimeError(f"The server did not start:\n{server.log.read_text(errors='replace')}")


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False
