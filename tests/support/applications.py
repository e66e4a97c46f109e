"""Applications of the tests, and what they share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from tests.support.client import Browserlike
from webapp import create_app
from webapp.db import db


class _MemoryOfTemplates(BytecodeCache):
    """Keeps what Jinja made of the templates, so that a worker translates each once for all its applications."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket when the same text was translated before."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was translated."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_templates = _MemoryOfTemplates()


@contextmanager
def application(url: str, instance: Path, **settings: Any) -> Iterator[Flask]:
    """An application of the tests. Its connections are closed at the end: they would warn when they are collected."""
    given = {
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_hex(32),
        "INSTANCE_PATH": str(instance),
        "SQLITE_SYNCHRONOUS": "OFF",  # a test need not survive a power cut
        "TESTING": True,
    }
    app = create_app(given | settings)
    app.test_client_class = Browserlike
    app.jinja_env.bytecode_cache = _templates
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
