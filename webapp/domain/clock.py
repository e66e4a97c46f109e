"""The one clock. Commands ask it for the time; tests and the demo loader set it.

Timestamps are aware UTC datetimes; ``today`` is a date in the zone that the caller names (the company's).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """The present moment in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today(zone: str) -> date:
    """The business date in the time zone ``zone`` (IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let the clock stand at ``moment`` inside the block."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
