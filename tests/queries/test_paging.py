"""Pages of a list by any key: text, dates, amounts; rising and falling; and cursors that are none."""

from __future__ import annotations

import base64
import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.db import atomic, db
from webapp.domain.errors import BadInput
from webapp.models import ExchangeRate
from webapp.queries.paging import LARGEST_PAGE, page_of

RATES = [("CHF", date(2026, 1, day), Decimal(day) / 10) for day in range(1, 6)] + [
    ("USD", date(2026, 1, day), Decimal(day) / 10) for day in range(1, 6)
]


@pytest.fixture
def rates(session):
    with atomic():
        db.session.add_all(ExchangeRate(currency=code, valid_from=day, rate=rate) for code, day, rate in RATES)


def walk(*keys: InstrumentedAttribute, limit: int, newest_first: bool = True) -> list[tuple[str, date]]:
    seen, cursor = [], None
    for _ in range(20):
        page = page_of(select(ExchangeRate), *keys, cursor=cursor, limit=limit, newest_first=newest_first)
        assert len(page.rows) <= max(limit, 1)
        seen += [(row.currency, row.valid_from) for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            return seen
    raise AssertionError("the list never ends")


@pytest.mark.parametrize("limit", [1, 3, 5, 10, 200, 0, -7])
@pytest.mark.parametrize("newest_first", [True, False])
def test_every_row_comes_once_in_order(rates, limit, newest_first):
    by_date = walk(ExchangeRate.valid_from, ExchangeRate.currency, limit=limit, newest_first=newest_first)
    by_rate = walk(ExchangeRate.rate, ExchangeRate.currency, limit=limit, newest_first=newest_first)

    expected = sorted(((code, day) for code, day, _ in RATES), key=lambda row: (row[1], row[0]), reverse=newest_first)
    assert by_date == by_rate == expected


def test_a_row_that_came_meanwhile_does_not_shift_the_pages(rates):
    first = page_of(select(ExchangeRate), ExchangeRate.valid_from, ExchangeRate.currency, limit=4)
    with atomic():
        db.session.add(ExchangeRate(currency="USD", valid_from=date(2026, 2, 1), rate=Decimal(1)))

    second = page_of(select(ExchangeRate), ExchangeRate.valid_from, ExchangeRate.currency, cursor=first.cursor, limit=4)

    assert [row.valid_from.day for row in (*first.rows, *second.rows)] == [5, 5, 4, 4, 3, 3, 2, 2]


def test_an_empty_list_has_one_page(session):
    page = page_of(select(ExchangeRate), ExchangeRate.valid_from, limit=LARGEST_PAGE)

    assert (page.rows, page.cursor) == ((), None)


@pytest.mark.parametrize(
    "values",
    [[], ["2026-01-01"], ["2026-01-01", "USD", 1], ["x", "USD"], [1, "USD"], ["2026-01-01", 7], ["2026-01-01", "\x00"],
     {"a": 1}, "text", None],
)  # fmt: skip
def test_a_cursor_that_is_none_is_refused(rates, values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    with pytest.raises(BadInput):
        page_of(select(ExchangeRate), ExchangeRate.valid_from, ExchangeRate.currency, cursor=cursor)


@pytest.mark.parametrize("rate", ["NaN", "1E+40", "x", "0.1234567"])
def test_an_amount_in_a_cursor_has_to_be_one(rates, rate):
    cursor = base64.urlsafe_b64encode(json.dumps([rate, "USD"]).encode()).decode().rstrip("=")

    with pytest.raises(BadInput):
        page_of(select(ExchangeRate), ExchangeRate.rate, ExchangeRate.currency, cursor=cursor)
