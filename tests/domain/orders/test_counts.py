from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.orders.counts import (
    LineCounts,
    Progress,
    allocation_status,
    backorder,
    billing_status,
    is_closed,
    shipping_status,
    split_return,
    to_bill,
    to_credit,
    to_ship,
)

D = Decimal


def line(ordered=10, **counts):
    return LineCounts(D(ordered), **{name: D(count) for name, count in counts.items()})


@pytest.mark.parametrize(
    ("counts", "ship", "back"),
    [
        (line(), 10, 10),
        (line(allocated=4), 10, 6),
        (line(allocated=4, shipped=3), 7, 3),
        (line(allocated=4, shipped=3, cancelled=3), 4, 0),
        (line(shipped=10), 0, 0),
        (line(cancelled=10), 0, 0),
        (line(shipped=10, returned=5), 0, 0),
    ],
)
def test_what_is_to_ship_is_neither_shipped_nor_cancelled_and_a_backorder_is_not_reserved(counts, ship, back):
    assert (to_ship(counts), backorder(counts)) == (ship, back)


@pytest.mark.parametrize(
    ("counts", "bill"),
    [
        (line(), 0),
        (line(shipped=4), 4),
        (line(shipped=4, invoiced=3), 1),
        (line(shipped=4, invoiced=3, drafted=1), 0),
        (line(shipped=10, invoiced=4, returned=3, returned_unbilled=3), 3),
        # a return of billed goods proposes a credit note and lowers nothing that is to bill
        (line(shipped=10, invoiced=10, returned=3), 0),
        (line(15, shipped=15, invoiced=10, returned=3), 5),
        (line(shipped=10, invoiced=10, returned=3, credited=3), 0),
        # credited to be billed again
        (line(shipped=10, invoiced=10, credited=10, rebill=10), 10),
        (line(shipped=10, invoiced=20, credited=10, rebill=10), 0),
        # never negative
        (line(shipped=2, invoiced=5), 0),
    ],
)
def test_what_is_to_bill_is_shipped_and_neither_returned_unbilled_nor_billed_nor_drafted(counts, bill):
    assert to_bill(counts) == bill


def test_billing_in_advance_takes_what_is_wanted():
    assert to_bill(line(cancelled=2, shipped=1, invoiced=3), in_advance=True) == 5


@pytest.mark.parametrize(
    ("counts", "credit"),
    [
        (line(shipped=10, invoiced=10, returned=3), 3),
        (line(shipped=10, invoiced=10, returned=3, credited=3), 0),
        (line(shipped=10, invoiced=8, returned=5, returned_unbilled=2), 3),
        (line(shipped=10, invoiced=10, returned=3, credited=10, rebill=10), 3),
        (line(shipped=10, returned=3, returned_unbilled=3), 0),
    ],
)
def test_a_credit_note_is_proposed_for_what_came_back_after_it_was_billed(counts, credit):
    assert to_credit(counts) == credit


def test_a_return_first_takes_back_what_is_unbilled():
    assert split_return(line(shipped=10, invoiced=8), D(5)) == (2, 3)
    assert split_return(line(shipped=10), D(5)) == (5, 0)
    assert split_return(line(shipped=10, invoiced=10), D(5)) == (0, 5)


@pytest.mark.parametrize(
    ("lines", "allocated", "shipped", "billed"),
    [
        ([], "NONE", "NONE", "NONE"),
        ([line()], "NONE", "NONE", "NONE"),
        ([line(allocated=4)], "PART", "NONE", "NONE"),
        ([line(allocated=10)], "FULL", "NONE", "NONE"),
        ([line(allocated=10), line()], "PART", "NONE", "NONE"),
        ([line(allocated=6, shipped=4)], "FULL", "PART", "NONE"),
        ([line(allocated=6, shipped=4, cancelled=0, invoiced=4)], "FULL", "PART", "PART"),
        ([line(shipped=4, cancelled=6, invoiced=4)], "FULL", "FULL", "FULL"),
        ([line(shipped=10, invoiced=10), line(cancelled=10)], "FULL", "FULL", "FULL"),
        ([line(cancelled=10)], "NONE", "NONE", "NONE"),
        ([line(shipped=10, returned=3, returned_unbilled=3, invoiced=7)], "FULL", "FULL", "FULL"),
        ([line(shipped=10, invoiced=10, credited=10, rebill=10)], "FULL", "FULL", "NONE"),
        ([line(shipped=10, invoiced=10, returned=3, credited=3)], "FULL", "FULL", "FULL"),
        ([line(shipped=10, drafted=10)], "FULL", "FULL", "NONE"),
    ],
)
def test_the_words_follow_from_the_counts_and_cancelled_quantities_do_not_count(lines, allocated, shipped, billed):
    assert (allocation_status(lines), shipping_status(lines), billing_status(lines)) == (allocated, shipped, billed)


@pytest.mark.parametrize(
    ("lines", "closed"),
    [
        ([], False),
        ([line()], False),
        ([line(shipped=10)], False),
        ([line(shipped=10, drafted=10)], False),
        ([line(shipped=10, invoiced=10)], True),
        ([line(shipped=4, cancelled=6, invoiced=4)], True),
        ([line(shipped=10, invoiced=10), line()], False),
        ([line(cancelled=10)], True),
        ([line(shipped=10, returned=10, returned_unbilled=10)], True),
        ([line(shipped=10, invoiced=10, returned=3)], True),
    ],
)
def test_an_order_closes_when_all_is_shipped_or_cancelled_and_all_shipped_is_billed_or_returned(lines, closed):
    assert is_closed(lines) is closed


counts = st.integers(0, 20).map(D)


@given(st.lists(st.builds(LineCounts, *[counts] * 12), max_size=5))
def test_nothing_derived_is_ever_negative(lines):
    for one in lines:
        assert min(to_ship(one), backorder(one), to_bill(one), to_bill(one, in_advance=True), to_credit(one)) >= 0
    assert allocation_status(lines) in Progress
