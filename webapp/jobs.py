"""The worker of background jobs: delivers what waits in the outbox, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from webapp.db import read_once
from webapp.domain.errors import Busy
from webapp.services.mail import mailer
from webapp.services.once import forget_old_keys
from webapp.services.outbox import Deliver, deliver_next

SECONDS_BETWEEN_LOOKS = 1.0
LOOKS_BETWEEN_CLEANINGS = 3600

log = structlog.get_logger(__name__)


def work(app: Flask, stop: threading.Event) -> None:
    """Do what is due, look again every second, and clean up every hour."""
    deliver = mailer(app.config["MAIL_URL"])
    looks_until_cleaning = 0
    with app.app_context():
        while not stop.is_set():
            if not looks_until_cleaning:
                _survive(forget_old_keys)
                looks_until_cleaning = LOOKS_BETWEEN_CLEANINGS
            looks_until_cleaning -= 1
            _survive(lambda: work_off(deliver, stop))
            stop.wait(SECONDS_BETWEEN_LOOKS)


def work_off(deliver: Deliver, stop: threading.Event) -> int:
    """Deliver everything that is due now, until told to stop; answers how many messages were tried."""
    tried = 0
    while not stop.is_set() and deliver_next(deliver):
        tried += 1
    return tried


def _survive(job: Callable[[], object]) -> None:
    """Run a job; a database that is busy or away is logged, and the next look tries again."""
    try:
        job()
    except (Busy, DBAPIError) as error:
        read_once()
        log.warning("job_postponed", error=str(error))
