"""A company with people and the least master data, for tests of commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.support import web
from tests.support.factories import Staff, make_desk
from webapp.domain import clock
from webapp.domain.permissions import Role
from webapp.models import User

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def admin(system: User) -> User:
    """An administrator."""
    return web.add_user(Role.ADMIN, email="ada@example.com", name="Ada Admin")


@pytest.fixture
def manager(system: User) -> User:
    """A sales manager."""
    return web.add_user(Role.SALES_MANAGER, email="steven@example.com", name="Steven Buchanan")


@pytest.fixture
def seller(system: User) -> User:
    """A salesperson."""
    return web.add_user(Role.SALES)


@pytest.fixture
def staff(session: Session) -> Iterator[Staff]:
    """Everybody of a desk with everything a bill needs, on a Monday morning in May; the clock stands."""
    with clock.set_to(MONDAY):
        yield make_desk()
