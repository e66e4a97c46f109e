"""Payment terms: when an invoice falls due, and how it is cut into instalments."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from webapp.domain.errors import BadInput
from webapp.domain.money import spread

MOST_DAYS = 1000
LAST_DAY = 31
DECEMBER = 12


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """``net_days`` after the issue date, then to the end of that month if so, then ``extra_days`` more or on to the
    next ``fixed_day`` of a month (1 to 31), not both. Raises BadInput for days that cannot be."""

    net_days: int
    end_of_month: bool = False
    extra_days: int = 0
    fixed_day: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.net_days <= MOST_DAYS:
            raise BadInput(f"Net days must be between 0 and {MOST_DAYS}.", field="net_days")
        if not 0 <= self.extra_days <= MOST_DAYS:
            raise BadInput(f"Extra days must be between 0 and {MOST_DAYS}.", field="extra_days")
        if self.fixed_day is not None and not 1 <= self.fixed_day <= LAST_DAY:
            raise BadInput(f"The fixed day must be between 1 and {LAST_DAY}.", field="fixed_day")
        if self.fixed_day is not None and self.extra_days:
            raise BadInput("Give extra days or a fixed day, not both.", field="extra_days")


def due_date(terms: PaymentTerms, issue_date: date) -> date:
    """When an invoice issued on ``issue_date`` falls due."""
    day = issue_date + timedelta(days=terms.net_days)
    if terms.end_of_month:
        day = _day_in_month(day.year, day.month, LAST_DAY)
    if terms.fixed_day is not None:
        return _next_fixed_day(day, terms.fixed_day)
    return day + timedelta(days=terms.extra_days)


def split_instalments(total: Decimal, percentages: Sequence[Decimal], currency: str) -> list[Decimal]:
    """``total`` cut by ``percentages`` that sum to 100; the parts sum to it exactly. Raises BadInput."""
    if not percentages or min(percentages) <= 0 or sum(percentages) != Decimal(100):
        raise BadInput("The instalments must sum to 100 %.", field="instalments")
    return spread(total, percentages, currency)


def _next_fixed_day(day: date, fixed_day: int) -> date:
    """The next ``fixed_day`` from ``day`` on, which itself counts; a missing 31st is the last day of the month."""
    this_month = _day_in_month(day.year, day.month, fixed_day)
    if this_month >= day:
        return this_month
    year, month = (day.year + 1, 1) if day.month == DECEMBER else (day.year, day.month + 1)
    return _day_in_month(year, month, fixed_day)


def _day_in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
