"""One JSON line per event on standard error, each with the id of its request.

The same id is on the error page and in ``X-Request-Id``, so that a person's report finds its line.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Histogram

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

ID_BYTES = 9
SECONDS = Histogram("http_request_seconds", "Time to answer, by route and status.", ["endpoint", "method", "status"])


def logger(name: str) -> FilteringBoundLogger:
    """The log of one module."""
    log: FilteringBoundLogger = structlog.get_logger(name)
    return log


def init_logs(app: Flask) -> None:
    """Write structured lines and give each request its id."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if app.testing else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    """Name the request."""
    g.request_id = secrets.token_urlsafe(ID_BYTES)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def end(response: Response) -> Response:
    """Log what was asked, the answer's status and how long it took; never what was typed."""
    seconds = time.perf_counter() - g.began
    SECONDS.labels(request.endpoint, request.method, response.status_code).observe(seconds)
    logger(__name__).info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=int(seconds * 1000),
    )
    return response
