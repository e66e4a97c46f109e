"""How figures and dates read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from webapp import formats
from webapp.domain import clock

NOON = datetime(2026, 5, 7, 10, 0, 33, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader():
    with clock.set_to(NOON):
        formats.use_formats("en_GB", "Europe/Berlin")
        yield
    formats.forget_formats()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (lambda: formats.money(Decimal("1240"), "EUR"), "1,240.00"),
        (lambda: formats.money(Decimal("-0.01"), "EUR"), "−0.01"),
        (lambda: formats.money(Decimal("1240"), "JPY"), "1,240"),
        (lambda: formats.money(Decimal("1.234"), "KWD"), "1.234"),
        (lambda: formats.money(Decimal("123456789012345.67"), "EUR"), "123,456,789,012,345.67"),
        (lambda: formats.money(None, "EUR"), "–"),
        (lambda: formats.amount(Decimal("-5"), "EUR"), "EUR\N{NO-BREAK SPACE}−5.00"),
        (lambda: formats.price(Decimal("7.350000")), "7.35"),
        (lambda: formats.price(Decimal("0.012500")), "0.0125"),
        (lambda: formats.quantity(Decimal("1200.000000")), "1,200"),
        (lambda: formats.quantity(Decimal("2.500000")), "2.5"),
        (lambda: formats.quantity(12), "12"),
        (lambda: formats.percent(Decimal("12.5000")), "12.5\N{NO-BREAK SPACE}%"),
        (lambda: formats.day(date(2026, 5, 8)), "Fri 8 May 2026"),
        (lambda: formats.short_day(date(2026, 5, 8)), "8 May"),
        (lambda: formats.short_day(date(2025, 5, 8)), "8 May 2025"),
        (lambda: formats.moment(datetime(2026, 5, 7, 7, 12, tzinfo=UTC)), "today 09:12"),
        (lambda: formats.moment(datetime(2026, 5, 6, 21, 59, tzinfo=UTC)), "yesterday 23:59"),
        (lambda: formats.moment(datetime(2026, 5, 5, 22, 30, tzinfo=UTC)), "yesterday 00:30"),
        (lambda: formats.moment(datetime(2026, 5, 1, 10, 0, tzinfo=UTC)), "1 May 12:00"),
        (lambda: formats.exact(NOON), "7 May 2026 12:00:33 CEST"),
        (lambda: formats.initials("Nancy van Davolio"), "ND"),
        (lambda: formats.initials("Cher"), "C"),
    ],
)
def test_a_figure_reads_as_the_reader_writes_it(shown, expected: str) -> None:
    assert shown() == expected


def test_another_reader_sees_their_own_marks() -> None:
    formats.use_formats("de_DE", "Europe/Berlin")
    assert formats.money(Decimal("1240.5"), "EUR") == "1.240,50"
    assert formats.day(date(2026, 5, 8)) == "Fr. 8 Mai 2026"
