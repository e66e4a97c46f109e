"""The secret that proves, on the first run, that who fills in the set-up page may read the server's files.

No account and no password exists before the company does (OWASP ASVS 5.0 6.3.2); the token is made once, kept in the
instance folder for its owner's eyes, printed when the server starts, and good for nothing once there is a company.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

FILE = "set-up-token"


def token_in(instance: Path) -> str:
    """The token of this instance, made on first use with mode 0600."""
    path = instance / FILE
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def is_right(given: str, instance: Path) -> bool:
    """Whether ``given`` is the token, compared in constant time."""
    return hmac.compare_digest(given.strip().encode(), token_in(instance).encode())
