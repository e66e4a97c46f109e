"""A test client whose requests stand alone, as on a server."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.db import db


class Browserlike(FlaskClient):
    """Each request gets an application context and a database session of its own, also inside a test that has one.

    The test's own session ends its reading before the request, so that what it reads next is what the request left.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request."""
        if has_app_context():
            _end_reading()
        return Context().run(super().open, *args, **kwargs)


def _end_reading() -> None:
    if db.session.new or db.session.dirty or db.session.deleted:
        raise AssertionError("The test changed rows that a request would not see: commit them first.")
    db.session.rollback()
