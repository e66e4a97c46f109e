"""Where checks are registered, and what an offending row looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from webapp.db import db


@dataclass(frozen=True, slots=True)
class Offence:
    """One row that breaks an invariant, in a sentence."""

    invariant: str
    subject: str
    message: str


Check = Callable[[], Iterable[Offence]]
CHECKS: dict[str, list[Check]] = {}
"""Every check by its code ("I1"); one code may have a check in several areas."""


def invariant(code: str) -> Callable[[Check], Check]:
    """Register a check under its code."""

    def register(check: Check) -> Check:
        CHECKS.setdefault(code, []).append(check)
        return check

    return register


def rows(statement: Any) -> list[Any]:
    """All rows of ``statement``."""
    return list(db.session.execute(statement).all())
