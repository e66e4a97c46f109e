"""The company's settings, its business day and its exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.models import Company, ExchangeRate


def company() -> Company | None:
    """The one row of settings; None before the first set-up."""
    return db.session.get(Company, 1)


def today() -> date:
    """The business date: today in the company's time zone; in UTC before there is one."""
    ours = company()
    return clock.today(ours.time_zone if ours else "UTC")


def rates_on(day: date) -> dict[str, Decimal]:
    """What one unit of each currency is worth in the base currency on ``day``; those without a rate are left out."""
    rows = db.session.execute(
        select(ExchangeRate.currency, ExchangeRate.rate)
        .where(ExchangeRate.valid_from <= day)
        .order_by(ExchangeRate.valid_from)
    )
    ours = company()
    return dict(rows.all()) | ({ours.base_currency: Decimal(1)} if ours else {})
