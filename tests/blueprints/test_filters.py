"""How figures and dates read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask

from webapp import filters
from webapp.domain import clock

pytestmark = pytest.mark.engines("sqlite")

NOON = datetime(2026, 5, 7, 10, 0, 33, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader(app: Flask):
    with app.app_context(), clock.set_to(NOON):
        filters.use_formats("en_GB", "Europe/Berlin")
        yield


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (lambda: filters.money(Decimal("1240"), "EUR"), "1,240.00"),
        (lambda: filters.money(Decimal("-0.01"), "EUR"), "−0.01"),
        (lambda: filters.money(Decimal("1240"), "JPY"), "1,240"),
        (lambda: filters.money(Decimal("1.234"), "KWD"), "1.234"),
        (lambda: filters.money(Decimal("123456789012345.67"), "EUR"), "123,456,789,012,345.67"),
        (lambda: filters.money(None, "EUR"), "–"),
        (lambda: filters.amount(Decimal("-5"), "EUR"), "EUR\N{NO-BREAK SPACE}−5.00"),
        (lambda: filters.price(Decimal("7.350000")), "7.35"),
        (lambda: filters.price(Decimal("0.012500")), "0.0125"),
        (lambda: filters.quantity(Decimal("1200.000000")), "1,200"),
        (lambda: filters.quantity(Decimal("2.500000")), "2.5"),
        (lambda: filters.quantity(12), "12"),
        (lambda: filters.percent(Decimal("12.5000")), "12.5\N{NO-BREAK SPACE}%"),
        (lambda: filters.day(date(2026, 5, 8)), "Fri 8 May 2026"),
        (lambda: filters.short_day(date(2026, 5, 8)), "8 May"),
        (lambda: filters.short_day(date(2025, 5, 8)), "8 May 2025"),
        (lambda: filters.moment(datetime(2026, 5, 7, 7, 12, tzinfo=UTC)), "today 09:12"),
        (lambda: filters.moment(datetime(2026, 5, 6, 21, 59, tzinfo=UTC)), "yesterday 23:59"),
        (lambda: filters.moment(datetime(2026, 5, 5, 22, 30, tzinfo=UTC)), "yesterday 00:30"),
        (lambda: filters.moment(datetime(2026, 5, 1, 10, 0, tzinfo=UTC)), "1 May 12:00"),
        (lambda: filters.exact(NOON), "7 May 2026 12:00:33 CEST"),
        (lambda: filters.initials("Nancy van Davolio"), "ND"),
        (lambda: filters.initials("Cher"), "C"),
    ],
)
def test_a_figure_reads_as_the_reader_writes_it(shown, expected: str) -> None:
    assert shown() == expected


def test_another_reader_sees_their_own_marks() -> None:
    filters.use_formats("de_DE", "Europe/Berlin")
    assert filters.money(Decimal("1240.5"), "EUR") == "1.240,50"
    assert filters.day(date(2026, 5, 8)) == "Fr. 8 Mai 2026"
