from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.invoices.shares import bill_share, credit_share

D = Decimal


def bill(amount, so_far, before, last=False, order_net="300"):
    return bill_share(
        D(amount), net_so_far=D(so_far), order_net=D(order_net), billed_before=D(before), currency="EUR", last=last
    )


def test_a_fixed_amount_is_billed_cumulatively_and_the_last_invoice_takes_the_rest():
    assert bill("10", "100", "0") == D("3.33")
    assert bill("10", "200", "3.33") == D("3.34")
    assert bill("10", "300", "6.67", last=True) == D("3.33")


def test_the_last_invoice_takes_the_rest_even_where_quantities_were_cut():
    assert bill("10", "150", "3.33", last=True) == D("6.67")


def test_an_order_without_a_net_leaves_everything_to_the_last_invoice():
    assert bill("10", "0", "0", order_net="0") == 0
    assert bill("10", "0", "0", order_net="0", last=True) == 10


def test_an_allowance_is_billed_like_a_charge():
    assert bill("-10", "100", "0") == D("-3.33")


@given(st.integers(-(10**6), 10**6), st.lists(st.integers(1, 10**5), min_size=1, max_size=12))
def test_the_bills_of_a_fixed_amount_sum_to_it_exactly(cents, nets):
    amount, order_net = D(cents).scaleb(-2), D(sum(nets))
    billed, so_far = D(0), D(0)
    for place, net in enumerate(nets, 1):
        so_far += net
        part = bill_share(
            amount,
            net_so_far=so_far,
            order_net=order_net,
            billed_before=billed,
            currency="EUR",
            last=place == len(nets),
        )
        assert part * amount >= 0
        billed += part
    assert billed == amount


def credit(so_far, before, amount="10.00", invoiced="3"):
    return credit_share(
        D(amount),
        quantity_so_far=D(so_far),
        invoiced_quantity=D(invoiced),
        credited_before=D(before),
        currency="EUR",
    )


def test_credit_notes_in_parts_leave_exactly_nothing():
    assert credit("1", "0") == D("3.33")
    assert credit("2", "3.33") == D("3.34")
    assert credit("3", "6.67") == D("3.33")
    assert credit("3", "0") == D("10.00")


@pytest.mark.parametrize("quantity", ["3.000001", "-1"])
def test_more_than_was_invoiced_cannot_be_credited(quantity):
    with pytest.raises(ValueError, match="cannot be credited"):
        credit(quantity, "0")


@given(st.integers(0, 10**7), st.lists(st.integers(1, 50), min_size=1, max_size=10))
def test_credits_never_exceed_the_invoice_and_full_credit_gives_zero(cents, parts):
    amount, invoiced = D(cents).scaleb(-2), D(sum(parts))
    credited, so_far = D(0), D(0)
    for part in parts:
        so_far += part
        credited += credit(so_far, credited, amount, invoiced)
        assert 0 <= credited <= amount
    assert credited == amount
