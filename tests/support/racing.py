"""Runs the same thing in several threads at once, each with a session of its own, behind a barrier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from webapp.db import db

WORKERS = 8


def race(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Run every work at the same moment; answers what each gave back, or the exception it raised."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        with app.app_context():
            barrier.wait(timeout=30)
            try:
                return work()
            except Exception as error:  # noqa: BLE001 - what a racer meets is what the test asks about
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works, timeout=120))


def workers(app: Flask, tasks: Sequence[Callable[[], Any]], *, count: int = WORKERS) -> list[Any]:
    """Let ``count`` workers take the tasks one after another, all starting together."""
    lock, left = threading.Lock(), list(enumerate(tasks))
    results: list[Any] = [None] * len(tasks)

    def work() -> None:
        while True:
            with lock:
                if not left:
                    return
                place, task = left.pop(0)
            try:
                results[place] = task()
            except Exception as error:  # noqa: BLE001 - as above
                results[place] = error
            finally:
                db.session.remove()

    failed = [one for one in race(app, *[work] * count) if one is not None]
    assert not failed, failed
    return results
