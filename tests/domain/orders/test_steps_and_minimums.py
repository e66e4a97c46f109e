from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.orders.steps_and_minimums import check_step, from_base, order_quantity_faults, to_base

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "factor", "base"),
    [("2", "24", "48"), ("0.5", "24", "12"), ("3", "0.25", "0.75"), ("1", "0.000001", "0.000001"), ("7", "1", "7")],
)
def test_a_quantity_is_converted_into_base_units_exactly(quantity, factor, base):
    assert to_base(D(quantity), D(factor)) == D(base)


@pytest.mark.parametrize(
    ("quantity", "factor", "step", "sentence"),
    [
        ("0.3", "24", "1", "Quantity must be a whole multiple of 1."),
        ("1.5", "1", "1", "Quantity must be a whole multiple of 1."),
        ("1.3", "1", "0.25", "Quantity must be a whole multiple of 0.25."),
        ("0.0001", "0.001", "0", "Quantity is not a whole number of the smallest part of the base unit."),
        ("9000000000000", "24", "0", "Quantity is too large."),
    ],
)
def test_what_is_no_whole_step_or_does_not_fit_is_refused(quantity, factor, step, sentence):
    with pytest.raises(BadInput) as refusal:
        to_base(D(quantity), D(factor), step=D(step))
    assert refusal.value.message == sentence


def test_whole_steps_pass_and_zero_sets_no_step():
    check_step(D("0.75"), D("0.25"))
    check_step(D("0.7777"), D(0))
    assert to_base(D("0.5"), D(24), step=D(1)) == 12


def test_a_base_quantity_is_shown_in_a_unit_only_where_it_can_be_written_exactly():
    assert from_base(D(36), D(24)) == D("1.5")
    assert from_base(D(1), D(24)) is None
    assert from_base(D(0), D(24)) == 0


@given(st.integers(1, 10**8), st.integers(1, 10**6))
def test_converting_there_and_back_gives_the_same(units, factor):
    quantity, of = D(units).scaleb(-2), D(factor).scaleb(-2)
    assert from_base(to_base(quantity, of), of) == quantity


@pytest.mark.parametrize(
    ("quantity", "minimum", "multiple", "faults"),
    [
        ("12", "12", "6", ()),
        ("5", "0", "0", ()),
        ("8", "12", "0", ("4 below the minimum order quantity of 12.",)),
        ("15", "12", "6", ("Not a multiple of 6: order 12 or 18.",)),
        ("4", "12", "6", ("8 below the minimum order quantity of 12.", "Not a multiple of 6: order 6.")),
    ],
)
def test_what_a_line_misses_of_its_minimum_and_multiple_is_said(quantity, minimum, multiple, faults):
    assert order_quantity_faults(D(quantity), D(minimum), D(multiple)) == faults
