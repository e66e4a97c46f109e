from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import Refused
from webapp.domain.payments.split import OpenItem, ageing_bucket, overdue_days, propose_split

D = Decimal
MAY = date(2026, 5, 10)


def item(key, amount, days=0):
    return OpenItem(key, MAY + timedelta(days=days), D(amount))


def test_a_payment_goes_to_the_oldest_due_item_first():
    items = [item("late", "100", 5), item("early", "60", -5), item("middle", "40")]
    assert propose_split(D(120), items) == ([("early", D(60)), ("middle", D(40)), ("late", D(20))], D(0))


def test_what_no_item_takes_is_surplus():
    assert propose_split(D(110), [item("a", 100)]) == ([("a", D(100))], D(10))
    assert propose_split(D(110), []) == ([], D(110))


def test_items_due_on_one_day_keep_their_order_and_settled_ones_get_nothing():
    assert propose_split(D(15), [item("b", 10), item("z", 0), item("n", -5), item("a", 10)]) == (
        [("b", D(10)), ("a", D(5))],
        D(0),
    )


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_a_payment_of_nothing_is_refused(amount):
    with pytest.raises(Refused, match="more than 0"):
        propose_split(D(amount), [item("a", 10)])


@given(
    st.integers(1, 10**6),
    st.lists(st.tuples(st.integers(0, 10**5), st.integers(-90, 90)), max_size=8),
)
def test_a_split_is_exact_and_fills_older_items_before_younger_ones(amount, rows):
    items = [item(key, units, days) for key, (units, days) in enumerate(rows)]
    split, surplus = propose_split(D(amount), items)
    assert sum(part for _, part in split) + surplus == amount
    paid = dict(split)
    assert all(0 < part <= items[key].open_amount for key, part in split)
    assert not surplus or all(paid.get(one.key, 0) == one.open_amount for one in items)
    touched_last = max((items[key].due_date for key in paid), default=MAY)
    assert all(paid.get(one.key, 0) == one.open_amount for one in items if one.due_date < touched_last)


@pytest.mark.parametrize(("day", "days"), [(9, 0), (10, 0), (11, 1), (31, 21)])
def test_an_item_due_on_the_10th_is_a_day_late_on_the_11th(day, days):
    assert overdue_days(MAY, date(2026, 5, day)) == days


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"),
        (90, "61-90"), (91, "over 90"), (5000, "over 90"),
    ],
)  # fmt: skip
def test_ageing_has_five_buckets(days, bucket):
    assert ageing_bucket(days) == bucket
