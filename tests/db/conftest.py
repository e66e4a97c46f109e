"""A database whose schema a test may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.applications import application
from tests.support.databases import Database
from webapp.db import db


@pytest.fixture
def own_app(new_database: Callable[[str], Database], engine: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database of its own; its context is pushed."""
    with application(new_database(engine).url, tmp_path / "instance") as app, app.app_context():
        yield app
        db.session.remove()
