"""The company's settings."""

from __future__ import annotations

from webapp.db import db
from webapp.models import Company


def company() -> Company | None:
    """The one row of settings; None before the first set-up."""
    return db.session.get(Company, 1)
