"""What a sale earns, and whether that is enough."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.approvals.margins import floor_for, is_below_floor, margin_cut, margin_percent

D = Decimal


@pytest.mark.parametrize(
    ("net", "cost", "rounded", "cut"),
    [
        ("100", "60", "40.0", "40.0"),
        ("100", "90.04", "10.0", "9.9"),
        ("100", "120", "-20.0", "-20.0"),
        ("0", "5", None, None),
    ],
)
def test_a_margin_is_in_percent_of_the_net(net, cost, rounded, cut):
    assert str(margin_percent(D(net), D(cost))) == str(rounded)
    assert str(margin_cut(D(net), D(cost))) == str(cut)


@pytest.mark.parametrize(
    ("net", "cost", "floor", "below"),
    [
        ("100", "90", "10", False),
        ("100", "90.000001", "10", True),
        ("100", "100", "0", False),
        ("0", "1", "0", True),
        ("0", "0", "10", False),
    ],
    ids=["at the floor", "a hair below", "at cost with a floor of 0", "given away", "given away and worth nothing"],
)
def test_the_floor_itself_is_enough(net, cost, floor, below):
    assert is_below_floor(D(net), D(cost), D(floor)) is below


amounts = st.decimals("0.01", "1000000", places=2)


@given(net=amounts, cost=amounts, floor=st.decimals("0", "100", places=1))
def test_what_is_below_the_floor_never_reads_as_the_floor(net, cost, floor):
    shown = margin_cut(net, cost)
    assert is_below_floor(net, cost, floor) == (shown < floor)


def test_the_nearest_category_with_a_floor_goes_before_the_company():
    assert floor_for((3, 2, 1), {1: D(10), 2: D(0)}, D(30)) == 0
    assert floor_for((3,), {1: D(10)}, D(30)) == 30
    assert floor_for((), {1: D(10)}, None) is None
