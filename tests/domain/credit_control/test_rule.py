from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.credit_control.rule import (
    CreditCheck,
    Exposure,
    HoldReason,
    OrderExposure,
    decide,
    exposure_of,
    release_covers,
)

D = Decimal
amounts = st.integers(0, 10**7).map(lambda units: D(units).scaleb(-2))
orders = st.builds(OrderExposure, amounts, amounts, amounts)


def check(limit="10000", balance="8000", open_orders="0", order="3000", **more):
    return decide(
        credit_limit=None if limit is None else D(limit),
        outstanding_balance=D(balance),
        open_orders=D(open_orders),
        order_amount=D(order),
        currency="EUR",
        **more,
    )


def test_an_order_over_the_limit_is_refused_with_every_number():
    assert check() == CreditCheck(
        approved=False,
        credit_limit=D(10000),
        outstanding_balance=D(8000),
        open_orders=D(0),
        available_credit=D(2000),
        order_amount=D(3000),
        message="Insufficient credit. Available: 2000.00, Required: 3000.00",
        reason=HoldReason.LIMIT,
    )
    assert check().title == "Credit limit exceeded"
    assert check().excess == 1000


@pytest.mark.parametrize(
    ("limit", "balance", "open_orders", "order", "approved"),
    [
        ("10000", "8000", "0", "2000", True),
        ("10000", "8000", "0", "2000.01", False),
        ("10000", "5000", "3000", "2000", True),
        ("10000", "5000", "3000.01", "2000", False),
        ("10000", "-500", "0", "10500", True),
        ("0", "0", "0", "0", True),
        ("0", "0", "0", "0.01", False),
        ("0", "-100", "0", "100", True),
        ("100", "200", "0", "0", False),
        (None, "999999999", "999999999", "999999999", True),
    ],
)
def test_an_order_passes_exactly_when_it_is_at_most_the_available_credit(limit, balance, open_orders, order, approved):
    answer = check(limit, balance, open_orders, order)
    assert answer.approved is approved
    if limit is not None:
        assert answer.available_credit == answer.credit_limit - answer.outstanding_balance - answer.open_orders


def test_without_a_limit_both_figures_are_empty_and_the_order_passes():
    answer = check(limit=None)
    assert (answer.approved, answer.credit_limit, answer.available_credit, answer.excess) == (True, None, None, 0)
    assert answer.message == "No credit limit. Required: 3000.00"


def test_an_approval_says_what_was_available():
    answer = check(order="1500")
    assert answer.message == "Sufficient credit. Available: 2000.00, Required: 1500.00"
    assert (answer.reason, answer.title) == (None, "")


def test_the_message_has_the_decimals_of_the_currency():
    answer = decide(credit_limit=D(5), outstanding_balance=D(0), open_orders=D(0), order_amount=D(6), currency="JPY")
    assert answer.message == "Insufficient credit. Available: 5, Required: 6"


@pytest.mark.parametrize(
    ("amount", "days", "tolerated_amount", "tolerated_days", "held"),
    [
        ("100", 1, "0", 0, True),
        ("100", 0, "0", 0, False),
        ("0", 30, "0", 0, False),
        ("100", 10, "100", 0, False),
        ("100.01", 10, "100", 0, True),
        ("100", 10, "0", 10, False),
        ("100", 11, "0", 10, True),
    ],
)
def test_overdue_holds_when_it_exceeds_both_what_is_tolerated(amount, days, tolerated_amount, tolerated_days, held):
    answer = check(
        order="1",
        overdue_amount=D(amount),
        overdue_days=days,
        tolerated_amount=D(tolerated_amount),
        tolerated_days=tolerated_days,
    )
    assert answer.approved is not held
    assert (answer.title == "Customer is overdue") is held
    assert (answer.overdue_amount, answer.overdue_days) == (D(amount), days)


def test_overdue_holds_a_customer_without_limit_as_well():
    answer = check(limit=None, overdue_amount=D(5), overdue_days=1)
    assert (answer.approved, answer.message) == (False, "5.00 is overdue by 1 day.")


def test_a_blocked_customer_is_held_whatever_the_credit():
    answer = check(order="1", blocked=True)
    assert (answer.approved, answer.title, answer.message) == (
        False,
        "Customer is blocked",
        "The customer is blocked.",
    )


def test_all_causes_are_named_at_once_and_the_strongest_gives_the_title():
    answer = check(blocked=True, overdue_amount=D(500), overdue_days=12)
    assert answer.message == (
        "The customer is blocked. Insufficient credit. Available: 2000.00, Required: 3000.00."
        " 500.00 is overdue by 12 days."
    )
    assert answer.reason is HoldReason.BLOCKED
    assert check(overdue_amount=D(500), overdue_days=12).reason is HoldReason.LIMIT


def test_every_reason_has_a_headline():
    assert [reason.headline for reason in HoldReason] == [
        "Credit limit exceeded",
        "Customer is overdue",
        "Customer is blocked",
        "Order is on credit hold",
    ]


# -- exposure


def test_the_worked_example_of_ten_ordered_four_shipped_three_billed_and_a_hundred_paid():
    order = OrderExposure(shipped_unbilled=D(100), to_ship=D(600))
    exposure = exposure_of(D(300) - D(100), D(0), [], checked=order)
    assert (exposure.outstanding_balance, exposure.open_orders, order.order_amount) == (200, 100, 600)
    assert exposure_of(D(200), D(0), [order]).open_orders == 700


def test_unapplied_payments_and_credit_notes_lower_the_balance():
    assert exposure_of(D(200), D(250), []).outstanding_balance == -50


@pytest.mark.parametrize(
    ("shipped", "to_ship", "deposit", "open_amount", "weighed", "stays"),
    [
        ("100", "600", "0", "700", "600", "100"),
        ("100", "600", "50", "650", "550", "100"),
        ("100", "600", "600", "100", "0", "100"),
        ("100", "600", "650", "50", "0", "50"),
        ("100", "600", "900", "0", "0", "0"),
        ("0", "0", "10", "0", "0", "0"),
    ],
)
def test_a_deposit_counts_at_most_as_what_is_open_on_its_order(shipped, to_ship, deposit, open_amount, weighed, stays):
    order = OrderExposure(D(shipped), D(to_ship), D(deposit))
    assert exposure_of(D(0), D(0), [order]).open_orders == order.open_amount == D(open_amount)
    assert order.order_amount == D(weighed)
    assert exposure_of(D(0), D(0), [], checked=order).open_orders == D(stays)


@given(amounts, amounts, st.lists(orders, max_size=5), orders)
def test_a_check_for_an_order_moves_its_amount_aside_and_loses_nothing(invoices, unapplied, others, checked):
    everything = exposure_of(invoices, unapplied, [*others, checked])
    beside = exposure_of(invoices, unapplied, others, checked=checked)
    assert beside.open_orders + checked.order_amount == everything.open_orders
    assert beside.outstanding_balance == everything.outstanding_balance
    assert beside.open_orders >= 0
    assert everything.total == everything.outstanding_balance + everything.open_orders


def test_an_exposure_of_nothing_is_zero():
    assert (Exposure().total, exposure_of(D(0), D(0), [])) == (0, Exposure())


# -- releases

TODAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("up_to", "until", "total", "covered"),
    [
        (None, None, "1000000", True),
        ("3000", None, "3000", True),
        ("3000", None, "3000.01", False),
        (None, TODAY, "1", True),
        (None, date(2026, 5, 7), "1", False),
        ("3000", TODAY, "2999", True),
        ("3000", date(2026, 5, 7), "2999", False),
    ],
)
def test_a_release_covers_its_order_up_to_an_amount_and_a_day(up_to, until, total, covered):
    assert release_covers(up_to and D(up_to), until, D(total), TODAY) is covered
