from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.invoices.payment_terms import PaymentTerms, due_date, split_instalments

D = Decimal


@pytest.mark.parametrize(
    ("terms", "issued", "due"),
    [
        (PaymentTerms(30), date(2016, 1, 22), date(2016, 2, 21)),
        (PaymentTerms(0), date(2026, 5, 8), date(2026, 5, 8)),
        (PaymentTerms(30), date(2025, 12, 15), date(2026, 1, 14)),
        (PaymentTerms(0, end_of_month=True), date(2026, 2, 10), date(2026, 2, 28)),
        (PaymentTerms(0, end_of_month=True), date(2024, 2, 29), date(2024, 2, 29)),
        (PaymentTerms(30, end_of_month=True), date(2026, 1, 31), date(2026, 3, 31)),
        (PaymentTerms(30, end_of_month=True, extra_days=10), date(2026, 5, 8), date(2026, 7, 10)),
        (PaymentTerms(10, extra_days=5), date(2026, 5, 8), date(2026, 5, 23)),
        # the fixed day: the day itself counts
        (PaymentTerms(0, fixed_day=15), date(2026, 5, 15), date(2026, 5, 15)),
        (PaymentTerms(0, fixed_day=15), date(2026, 5, 16), date(2026, 6, 15)),
        (PaymentTerms(0, fixed_day=15), date(2026, 12, 16), date(2027, 1, 15)),
        # a missing 31st is the last day
        (PaymentTerms(0, fixed_day=31), date(2026, 2, 1), date(2026, 2, 28)),
        (PaymentTerms(0, fixed_day=31), date(2024, 2, 29), date(2024, 2, 29)),
        (PaymentTerms(0, fixed_day=31), date(2026, 4, 30), date(2026, 4, 30)),
        (PaymentTerms(0, end_of_month=True, fixed_day=10), date(2026, 5, 8), date(2026, 6, 10)),
        (PaymentTerms(0, end_of_month=True, fixed_day=31), date(2026, 5, 8), date(2026, 5, 31)),
    ],
)
def test_days_are_added_then_the_month_is_ended_then_extra_days_or_the_next_fixed_day(terms, issued, due):
    assert due_date(terms, issued) == due


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"net_days": -1}, "Net days must be between 0 and 1000"),
        ({"net_days": 1001}, "Net days"),
        ({"net_days": 0, "extra_days": -1}, "Extra days"),
        ({"net_days": 0, "fixed_day": 0}, "fixed day must be between 1 and 31"),
        ({"net_days": 0, "fixed_day": 32}, "fixed day"),
        ({"net_days": 0, "fixed_day": 5, "extra_days": 5}, "not both"),
    ],
)
def test_terms_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(BadInput, match=sentence):
        PaymentTerms(**arguments)


@given(
    st.integers(0, 200),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 31)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_nothing_falls_due_before_it_is_issued_and_later_issue_is_never_due_earlier(net, end, fixed, issued):
    terms = PaymentTerms(net, end_of_month=end, fixed_day=fixed)
    assert due_date(terms, issued) >= issued
    assert due_date(terms, issued) <= due_date(terms, issued.replace(year=issued.year + 1, day=min(issued.day, 28)))


def test_instalments_sum_exactly():
    assert split_instalments(D("100.00"), [D("33.3333"), D("33.3333"), D("33.3334")], "EUR") == [
        D("33.33"),
        D("33.33"),
        D("33.34"),
    ]
    assert split_instalments(D("0.01"), [D(50), D(50)], "EUR") == [D("0.01"), D(0)]


@pytest.mark.parametrize("percentages", [[], [D(50)], [D(50), D(51)], [D(110), D(-10)], [D(100), D(0)]])
def test_instalments_must_sum_to_the_whole(percentages):
    with pytest.raises(BadInput, match="sum to 100 %"):
        split_instalments(D(100), percentages, "EUR")
