from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.pricing.copies import Copying, OldPrice
from webapp.domain.pricing.derivation import Candidate, Source, derive_price
from webapp.domain.pricing.lists import Ending, change_price

D = Decimal
DAY = date(2026, 7, 1)


def old(price, start=None, end=None, *, minimum="0", row_id=1):
    return OldPrice(row_id, 1, D(minimum), D(price), start, end)


def told(new):
    return [(one.unit_price, one.valid_from, one.valid_to) for one in new]


def test_a_price_that_counts_on_the_day_gets_a_successor_until_its_own_end():
    copying = Copying(DAY, D(5), onto_itself=True)
    rows = [old("10"), old("9", date(2026, 1, 1), date(2026, 12, 31), minimum="5"), old("7", end=date(2026, 6, 30))]
    assert told(copying.of(rows)) == [(D("10.5"), DAY, None), (D("9.45"), DAY, date(2026, 12, 31))]
    assert [copying.ends(row) for row in rows] == [True, True, False]
    assert copying.day_before == date(2026, 6, 30)


def test_the_ending_is_that_of_the_copy():
    (new,) = Copying(DAY, D(5), Ending(D(1), D("0.99"))).of([old("10")])
    assert (new.unit_price, new.change_percent) == (D("10.99"), D("9.9"))
    assert Copying(DAY, D(5)).of([old("0")])[0].change_percent is None


def test_a_price_hidden_behind_another_comes_back_when_that_one_ends():
    rows = [old("10", row_id=1), old("8", date(2026, 1, 1), date(2026, 8, 31), row_id=2)]
    new = Copying(DAY, D(10), onto_itself=True).of(rows)
    assert told(new) == [(D("8.8"), DAY, date(2026, 8, 31)), (D(11), date(2026, 9, 1), None)]


def test_prices_that_start_later_stay_on_the_list_and_come_along_to_a_new_one():
    later = date(2026, 9, 1)
    rows = [old("10", end=date(2026, 8, 31)), old("12", later, row_id=2)]
    assert told(Copying(DAY, D(10), onto_itself=True).of(rows)) == [(D(11), DAY, date(2026, 8, 31))]
    assert told(Copying(DAY, D(10)).of(rows)) == [(D(11), DAY, date(2026, 8, 31)), (D("13.2"), later, None)]


days = st.one_of(st.none(), st.integers(-6, 6).map(lambda n: DAY + timedelta(n)))


@st.composite
def some_rows(draw):
    """Rows of one item and quantity that a list may hold: each first day once."""
    rows = []
    for place, start in enumerate(draw(st.lists(days, max_size=5, unique=True)), start=1):
        end = draw(days)
        if start is None or end is None or end >= start:
            rows.append(old(draw(st.integers(1, 50)), start, end, row_id=place))
    return rows


def price_on(rows, day):
    candidates = [
        Candidate(None, Source.LIST, "List", row.unit_price, valid_from=row.valid_from, valid_to=row.valid_to)
        for row in rows
    ]
    return derive_price(candidates, quantity=D(1), on=day, currency="EUR").unit_price


@given(some_rows(), st.integers(0, 8))
def test_on_a_new_list_every_day_has_the_price_of_the_old_list_changed(rows, after):
    day, copying = DAY + timedelta(after), Copying(DAY, D(10))
    new = copying.of(rows)
    before = price_on(rows, day)
    assert price_on(new, day) == (None if before is None else change_price(before, D(10), None))
    assert len({one.valid_from for one in new}) == len(new)


@given(some_rows(), st.integers(-8, 8))
def test_on_the_list_itself_days_before_keep_their_price_and_days_from_then_on_have_the_new_one(rows, place):
    rows = [row for row in rows if row.valid_from != DAY]
    day, copying = DAY + timedelta(place), Copying(DAY, D(10), onto_itself=True)
    kept = [
        OldPrice(
            row.id, 1, D(0), row.unit_price, row.valid_from, copying.day_before if copying.ends(row) else row.valid_to
        )
        for row in rows
    ]
    before = price_on(rows, day)
    raised = before is not None and day >= DAY and _began_before(rows, day)
    assert price_on([*kept, *copying.of(rows)], day) == (change_price(before, D(10), None) if raised else before)


def _began_before(rows, day):
    """Whether the price of that day comes from a row that was there before the increase."""
    started = [
        row
        for row in rows
        if row.valid_from and DAY < row.valid_from <= day and not (row.valid_to and row.valid_to < day)
    ]
    return not started
