"""Keeps one PostgreSQL for a run of the tests: ``python -m tests.support.keeper FOLDER``.

The controller of the run holds a lock on ``FOLDER/alive``. The kernel gives it back when the controller ends, however
it ends; then the server is stopped and its files are removed. So a run that is killed leaves no server behind.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from tests.support.postgres import running_postgres


def main(folder: Path) -> None:
    """Return to the caller as soon as the server answers; a child goes on and keeps it until the run is over."""
    with running_postgres() as server:
        (folder / "postgresql.url").write_text(server.url)
        if os.fork():
            os._exit(0)  # without the clean-up of this block, which is the child's
        _let_go_of_the_caller()
        with (folder / "alive").open() as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)


def _let_go_of_the_caller() -> None:
    """The worker that asked for the server may end before the run does, and waits for the end of our output."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nothing, stream.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
