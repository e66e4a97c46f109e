from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from webapp.domain import clock

NEW_YEAR = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


def test_the_clock_runs_in_utc():
    assert clock.now().tzinfo is UTC
    assert abs(datetime.now(UTC) - clock.now()) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("UTC", date(2025, 12, 31)),
        ("Europe/Berlin", date(2026, 1, 1)),
        ("America/New_York", date(2025, 12, 31)),
        ("Pacific/Kiritimati", date(2026, 1, 1)),
    ],
)
def test_today_is_the_date_in_the_companys_zone(zone, today):
    with clock.set_to(NEW_YEAR):
        assert clock.today(zone) == today


def test_a_clock_that_was_set_runs_on_afterwards_even_after_an_error():
    with clock.set_to(NEW_YEAR):
        with pytest.raises(ZeroDivisionError):
            fail_a_day_later()
        assert clock.now() == NEW_YEAR
    assert clock.now() != NEW_YEAR


def fail_a_day_later():
    with clock.set_to(NEW_YEAR + timedelta(days=1)):
        assert clock.now() == NEW_YEAR + timedelta(days=1)
        raise ZeroDivisionError
