"""Settings from the environment, with defaults that run the embedded program.

``DATABASE_URL`` · ``READ_DATABASE_URL`` · ``SECRET_KEY`` · ``TRUSTED_HOSTS`` (names, split by commas) ·
``PROXY_HOPS`` · ``MAIL_URL`` · ``WEB_WORKERS`` · ``WEB_THREADS`` · ``METRICS`` (``1`` opens ``/metrics``) ·
``INSTANCE_PATH`` (the folder of everything the program keeps beside the database; ``instance/`` when unset).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEY_BYTES = 32
SHORTEST_KEY = 32
FEWEST_DIFFERENT_CHARACTERS = 10
OWN_DATABASE = "counterfoil.db"
MEGABYTE = 1024 * 1024
MIGRATIONS = str(Path(__file__).parent.parent / "migrations")


class BadSetting(Exception):
    """A setting that the program must not start with; the message says which and what to do."""


def instance_folder(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> str | None:
    """The folder of the instance, absolute; None leaves the choice to Flask, which takes ``instance/``."""
    chosen = given.get("INSTANCE_PATH") or environ.get("INSTANCE_PATH")
    return os.path.abspath(chosen) if chosen else None  # noqa: PTH100 - Flask takes text


def settings(instance_path: str, given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Everything the program can be told, as Flask configuration; what is ``given`` goes before the environment.

    Raises BadSetting.
    """
    instance = Path(instance_path)
    instance.mkdir(parents=True, exist_ok=True)
    found = _from_environment(instance, environ) | dict(given)
    if not found.get("TESTING"):
        refuse_weak_key(found["SECRET_KEY"])
    return found | {"SQLALCHEMY_DATABASE_URI": database_url(found["DATABASE_URL"])}


def _from_environment(instance: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "DATABASE_URL": environ.get("DATABASE_URL") or f"sqlite:///{instance / OWN_DATABASE}",
        "READ_DATABASE_URL": database_url(environ.get("READ_DATABASE_URL", "")),
        "SECRET_KEY": environ.get("SECRET_KEY") or stored_key(instance / "secret_key"),
        "TRUSTED_HOSTS": _names(environ.get("TRUSTED_HOSTS", "")),
        "PROXY_HOPS": _whole_number(environ, "PROXY_HOPS"),
        "MAIL_URL": environ.get("MAIL_URL") or f"file:{instance / 'mail'}",
        "WEB_WORKERS": _whole_number(environ, "WEB_WORKERS"),
        "WEB_THREADS": _whole_number(environ, "WEB_THREADS"),
        "METRICS": environ.get("METRICS", "") not in ("", "0"),
        "MAX_CONTENT_LENGTH": 20 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 4 * MEGABYTE,
        "WTF_CSRF_TIME_LIMIT": None,  # the token lives and dies with the session it belongs to
        "WTF_CSRF_CHECK_DEFAULT": False,  # webapp.security checks it, in the same place as the sender's site
    }


def database_url(url: str) -> str:
    """The same address with the driver we install: ``postgresql://`` becomes ``postgresql+psycopg://``."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def stored_key(path: Path) -> str:
    """The key kept in ``path``; made there once, readable by its owner alone."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(KEY_BYTES)
        file.write(key)
    return key


def refuse_weak_key(key: str) -> None:
    """Raise BadSetting for a key that could be guessed."""
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_DIFFERENT_CHARACTERS:
        raise BadSetting(
            f"SECRET_KEY is too weak: it needs at least {SHORTEST_KEY} random characters. "
            "Leave it unset to have one made in the instance folder."
        )


def _names(text: str) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] or None


def _whole_number(environ: Mapping[str, str], name: str) -> int:
    """The setting as a number; 0, which means the default, when it is unset."""
    text = environ.get(name, "").strip()
    if text and not (text.isascii() and text.isdecimal()):
        raise BadSetting(f"{name} must be a whole number, not “{text}”.")
    return int(text or 0)
