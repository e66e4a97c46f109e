"""The company's settings and its business day."""

from __future__ import annotations

from datetime import date

from webapp.db import db
from webapp.domain import clock
from webapp.models import Company


def company() -> Company | None:
    """The one row of settings; None before the first set-up."""
    return db.session.get(Company, 1)


def today() -> date:
    """The business date: today in the company's time zone; in UTC before there is one."""
    ours = company()
    return clock.today(ours.time_zone if ours else "UTC")
