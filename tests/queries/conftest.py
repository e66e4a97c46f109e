"""A founded company with the least master data, for tests of reads."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.support import masters, web
from tests.support.scenes import scene
from webapp.models import User


@pytest.fixture
@scene
def system(session: Session) -> User:
    """A founded company with a tax code, a warehouse and a price list; its system's user."""
    web.found_company()
    return masters.stock_the_shelves()
