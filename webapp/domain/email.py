"""E-mail addresses, as far as a program can judge them before writing to them."""

from __future__ import annotations

import re

from webapp.domain.errors import BadInput

LONGEST = 254
_ADDRESS = re.compile(r"[^@\s\x00-\x1f<>\"',;]+@[^@\s\x00-\x1f<>\"',;]+")


def check_email(address: str, *, field: str = "email") -> str:
    """``address`` without blanks around it. Raises BadInput unless it is one plain address without a display name."""
    typed = address.strip()
    if not _ADDRESS.fullmatch(typed) or len(typed) > LONGEST:
        raise BadInput("Enter an e-mail address like name@example.com.", field=field)
    return typed
