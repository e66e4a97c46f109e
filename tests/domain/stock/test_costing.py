from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.stock.costing import StockCost, issue, receive

D = Decimal


def test_a_receipt_moves_the_average():
    stock = receive(StockCost(), D(10), D("2.00"), "EUR")
    assert stock == StockCost(D(10), D(2), D(20))
    stock = receive(stock, D(5), D("3.50"), "EUR")
    assert stock == StockCost(D(15), D("2.5"), D("37.50"))
    assert receive(StockCost(D(2), D(1), D(2)), D(1), D(2), "EUR").average == D("1.333333")


def test_the_value_goes_to_exactly_nothing_with_the_last_piece():
    stock = receive(StockCost(), D(3), D("3.333333"), "EUR")
    assert stock.value == D("10.00")
    taken = []
    for _ in range(3):
        stock, value = issue(stock, D(1), "EUR")
        taken.append(value)
    assert taken == [D("3.33"), D("3.33"), D("3.34")]
    assert (stock.quantity, stock.value, stock.average) == (0, 0, D("3.333333"))


def test_an_issue_keeps_the_average():
    stock, value = issue(StockCost(D(15), D("2.5"), D("37.50")), D(4), "EUR")
    assert (stock, value) == (StockCost(D(11), D("2.5"), D("27.50")), D("10.00"))


def test_a_receipt_without_cost_takes_the_current_average_even_of_empty_stock():
    assert receive(StockCost(D(10), D(2), D(20)), D(5), None, "EUR") == StockCost(D(15), D(2), D(30))
    assert receive(StockCost(D(0), D(2), D(0)), D(5), None, "EUR") == StockCost(D(5), D(2), D(10))


def test_a_receipt_without_any_known_cost_makes_it_unknown_until_the_stock_is_empty():
    stock = receive(StockCost(), D(5), None, "EUR")
    assert stock == StockCost(D(5), None, None)
    assert receive(stock, D(5), D(2), "EUR") == StockCost(D(10), None, None)
    stock, value = issue(stock, D(2), "EUR")
    assert (stock, value) == (StockCost(D(3), None, None), None)
    stock, value = issue(stock, D(3), "EUR")
    assert (stock, value) == (StockCost(D(0), None, D(0)), None)
    assert receive(stock, D(1), D(2), "EUR") == StockCost(D(1), D(2), D(2))


def test_goods_at_no_cost_are_known_to_cost_nothing():
    assert receive(StockCost(), D(5), D(0), "EUR") == StockCost(D(5), D(0), D(0))


@pytest.mark.parametrize("quantity", ["0", "-1", "11"])
def test_impossible_quantities_are_an_error_of_the_caller(quantity):
    with pytest.raises(ValueError, match="cannot leave"):
        issue(StockCost(D(10), D(1), D(10)), D(quantity), "EUR")
    if D(quantity) <= 0:
        with pytest.raises(ValueError, match="cannot be received"):
            receive(StockCost(), D(quantity), D(1), "EUR")


moves = st.lists(st.tuples(st.integers(1, 50), st.one_of(st.none(), st.integers(0, 10**5))), min_size=1, max_size=15)


@given(moves, st.randoms())
def test_what_came_in_leaves_again_to_the_cent(receipts, random):
    stock, received, left = receive(StockCost(), D(1), D(1), "EUR"), D(1), D(0)
    for quantity, cost in receipts:
        before = stock.value
        stock = receive(stock, D(quantity), None if cost is None else D(cost).scaleb(-4), "EUR")
        received += stock.value - before
        stock, value = issue(stock, D(random.randint(1, int(stock.quantity))), "EUR")
        left += value
        assert value >= 0
        assert stock.value >= 0
        assert stock.quantity or not stock.value
    if stock.quantity:
        stock, value = issue(stock, stock.quantity, "EUR")
        left += value
    assert (stock.value, left) == (0, received)
