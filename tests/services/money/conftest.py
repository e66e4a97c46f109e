"""A desk with everything a bill needs, on a Monday morning in May."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.factories import Staff, make_desk
from webapp.domain import clock

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def staff(session) -> Iterator[Staff]:
    """Everybody of the desk; the clock stands."""
    with clock.set_to(MONDAY):
        yield make_desk()
