"""Static files: hashed names from the build's manifest, served by WhiteNoise with headers that never expire.

``make assets`` writes ``static/build/`` with names like ``base.3f2a91c0.css`` and ``manifest.json``, which maps the
plain name to the hashed one.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise

from webapp.web.security import HEADERS, STRICT_TRANSPORT

STATIC = Path(__file__).parents[1] / "static" / "build"
HASHED = re.compile(r"\.[0-9a-f]{8,}\.\w+(\.map)?$")
PREFIX = "/static/"


class AssetsMissing(Exception):
    """The static files were not built, or lack one that a page names."""


class Assets:
    """Plain names of static files and their addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        """The address of ``name`` ("base.css", "icons.svg"). Raises AssetsMissing."""
        try:
            return PREFIX + self._names[name]
        except KeyError:
            raise AssetsMissing(f"{name} is not among the static files. Run “make assets”.") from None

    @cached_property
    def _names(self) -> dict[str, str]:
        manifest = self._folder / "manifest.json"
        try:
            names: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise AssetsMissing("The static files are not built yet. Run “make assets”.") from None
        return names


def init_static_files(app: Flask) -> None:
    """Serve the built files under /static/ and give templates ``asset(name)``."""
    app.jinja_env.globals["asset"] = Assets(STATIC).url
    served = WhiteNoise(
        app.wsgi_app,
        max_age=0,
        allow_all_origins=False,
        immutable_file_test=lambda _path, url: bool(HASHED.search(url)),
        add_headers_function=_add_headers,
    )
    if STATIC.is_dir():
        served.add_files(str(STATIC), prefix=PREFIX)
    app.wsgi_app = served  # type: ignore[method-assign]


def _add_headers(headers: Any, _path: str, _url: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Strict-Transport-Security"] = STRICT_TRANSPORT
