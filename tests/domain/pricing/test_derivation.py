from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.permissions import Role
from webapp.domain.pricing.derivation import (
    PRECEDENCE,
    Candidate,
    NextBreak,
    PriceStep,
    Source,
    check_discount,
    derive_price,
    effective_discount,
    type_over,
)

D = Decimal
MAY = date(2026, 5, 8)


def candidate(source, price, minimum="0", start=None, end=None, rule_id=1, **more):
    return Candidate(rule_id, source, f"{source.title()} price", D(price), D(minimum), start, end, **more)


def customer(price, *args, **more):
    return candidate(Source.CUSTOMER, price, *args, **more)


def listed(price, *args, **more):
    return candidate(Source.LIST, price, *args, **more)


def base(price):
    return candidate(Source.BASE, price, rule_id=None)


def derive(*candidates, quantity="1", on=MAY, currency="EUR"):
    return derive_price(candidates, quantity=D(quantity), on=on, currency=currency)


# -- who wins


@pytest.mark.parametrize(
    ("candidates", "price", "source"),
    [
        ([base("10"), listed("9"), customer("8")], "8", Source.CUSTOMER),
        ([base("10"), listed("9"), customer("11")], "11", Source.CUSTOMER),
        ([base("10"), listed("12")], "12", Source.LIST),
        ([base("10")], "10", Source.BASE),
        ([base("10"), customer("8", "5")], "10", Source.BASE),
        ([base("10"), customer("8", "0", date(2026, 5, 9))], "10", Source.BASE),
        ([base("10"), customer("8", "0", None, date(2026, 5, 7))], "10", Source.BASE),
        ([base("10"), customer("8", "0", MAY, MAY)], "8", Source.CUSTOMER),
        ([base("10"), customer("8", currency="USD")], "10", Source.BASE),
        ([base("10"), customer("8", currency="EUR")], "8", Source.CUSTOMER),
        ([base("0")], "0", Source.BASE),
    ],
)
def test_the_customers_price_goes_before_the_list_and_the_list_before_the_base(candidates, price, source):
    derived = derive(*candidates)
    assert (derived.unit_price, derived.source) == (D(price), source)


BREAKS = [listed("10", "1", rule_id=1), listed("7.5", "5", rule_id=2), listed("3.5", "25", rule_id=3)]


@pytest.mark.parametrize(
    ("quantity", "price", "next_break"),
    [
        ("1", "10", NextBreak(D(5), D("7.5"), D("12.50"))),
        ("4", "10", NextBreak(D(5), D("7.5"), D("12.50"))),
        ("4.999999", "10", NextBreak(D(5), D("7.5"), D("12.50"))),
        ("5", "7.5", NextBreak(D(25), D("3.5"), D("100.00"))),
        ("23", "7.5", NextBreak(D(25), D("3.5"), D("100.00"))),
        ("25", "3.5", None),
        ("1000", "3.5", None),
    ],
)
def test_the_row_with_the_largest_quantity_reached_wins_and_the_next_one_is_named(quantity, price, next_break):
    derived = derive(*BREAKS, quantity=quantity)
    assert (derived.unit_price, derived.next_break) == (D(price), next_break)


def test_below_the_smallest_row_there_is_no_price_but_a_next_break():
    derived = derive(listed("7", "5"), quantity="1")
    assert (derived.unit_price, derived.source, derived.next_break) == (None, None, NextBreak(D(5), D(7)))


def test_between_equal_rows_the_later_start_wins_then_the_lower_price():
    old, new = listed("9", "0", date(2020, 1, 1), rule_id=1), listed("11", "0", date(2026, 1, 1), rule_id=2)
    assert derive(old, new).derivation[0].rule_id == 2
    assert derive(old, listed("12", "0", None, rule_id=3)).derivation[0].rule_id == 1
    cheap, dear = listed("5", rule_id=4), listed("6", rule_id=5)
    assert derive(dear, cheap).derivation[0].rule_id == 4


def test_a_dearer_row_for_more_is_no_break_worth_naming():
    assert derive(listed("5"), listed("6", "10")).next_break is None


def test_a_customer_price_from_a_quantity_on_is_a_break_of_the_list_price():
    assert derive(listed("5"), customer("4", "10")).next_break == NextBreak(D(10), D(4), D("10.00"))


def test_no_candidate_means_no_price_and_never_zero():
    derived = derive()
    assert (derived.unit_price, derived.source, derived.derivation) == (None, None, ())


def test_an_unknown_currency_is_refused():
    with pytest.raises(BadInput, match="not a currency"):
        derive(base("1"), currency="XXX")


# -- why


def test_every_rule_says_in_a_sentence_why_it_won_or_lost():
    derived = derive(
        base("10"),
        listed("9", "1", rule_id=1),
        listed("8", "12", rule_id=2),
        listed("7", "24", rule_id=3),
        listed("6", "12", date(2026, 6, 1), rule_id=4),
        listed("5", "12", None, date(2026, 1, 31), rule_id=5),
        listed("8.50", "12", rule_id=6),
        listed("8.50", "12", rule_id=7, currency="USD"),
        customer("4", "100", rule_id=8),
        quantity="12",
    )
    reasons = {step.rule_id: step.detail for step in derived.derivation}
    assert reasons == {
        2: "Valid from 12.",
        8: "It needs 100 or more, the line has 12.",
        3: "It needs 24 or more, the line has 12.",
        4: "It starts on 2026-06-01.",
        5: "It ended on 2026-01-31.",
        6: "A row with a lower price goes first.",
        7: "It is in USD, not in EUR.",
        1: "A row for a larger quantity goes first.",
        None: "A price of the list goes first.",
    }
    assert [step.won for step in derived.derivation] == [True] + [False] * 8
    assert derived.derivation[0] == PriceStep("LIST", "List price", D(8), "Valid from 12.", 2, won=True)


def test_a_customer_price_says_since_when_it_is_valid():
    derived = derive(customer("8", "0", date(2026, 1, 1), date(2026, 12, 31)), listed("9"), base("10"))
    assert [step.detail for step in derived.derivation] == [
        "Valid since 2026-01-01, until 2026-12-31.",
        "A customer price goes first.",
        "A customer price goes first.",
    ]


def test_equal_rows_say_which_of_them_started_later_or_that_they_are_the_same():
    started = derive(listed("9", "0", date(2020, 1, 1)), listed("9", "0", date(2026, 1, 1), rule_id=2))
    assert started.derivation[1].detail == "A row that started later goes first."
    twice = derive(listed("9", rule_id=1), listed("9", rule_id=2))
    assert twice.derivation[1].detail == "The same row is there twice."


def test_a_typed_price_stands_over_the_rules_and_says_who_typed_it_and_what_they_gave():
    derived = type_over(derive(listed("9", rule_id=7), base("10")), D("8.50"), "Nancy Davolio")
    assert (derived.unit_price, derived.source) == (D("8.50"), Source.TYPED)
    assert [(step.kind, step.won, step.detail) for step in derived.derivation] == [
        ("LIST", True, "Valid for every quantity and date."),
        ("TYPED", True, "Typed by Nancy Davolio. The rules give 9.00."),
        ("BASE", False, "A price of the list goes first."),
    ]
    assert type_over(derive(), D(1), "Nancy").derivation[0].detail == "Typed by Nancy. The rules give no price."


def test_a_step_survives_json_with_its_exact_amount():
    for amount in (D("9.500000"), D("0.000001"), None):
        step = PriceStep("LIST", "List price", amount, "Valid from 12.", 2, won=True)
        assert PriceStep.from_dict(json.loads(json.dumps(step.as_dict()))) == step
    assert PriceStep("BASE", "Base price", D("1E+3"), "").as_dict()["amount"] == "1000"


days = st.one_of(st.none(), st.dates(date(2026, 5, 1), date(2026, 5, 15)))
candidates = st.lists(
    st.builds(
        Candidate,
        rule_id=st.integers(1, 99),
        source=st.sampled_from(PRECEDENCE),
        label=st.just("Price"),
        parts=st.just(()),
        unit_price=st.integers(0, 50).map(D),
        min_quantity=st.sampled_from([D(0), D(1), D(5), D(10)]),
        valid_from=days,
        valid_to=days,
        currency=st.sampled_from([None, "EUR", "USD"]),
    ),
    max_size=8,
    unique_by=lambda one: one.rule_id,
)


@given(candidates, st.integers(1, 12).map(D), st.randoms())
def test_there_is_one_winner_whatever_the_order_and_every_loser_has_a_reason(given_candidates, quantity, random):
    derived = derive(*given_candidates, quantity=quantity)
    mixed = list(given_candidates)
    random.shuffle(mixed)
    assert derive(*mixed, quantity=quantity) == derived
    assert len(derived.derivation) == len(given_candidates)
    assert sum(step.won for step in derived.derivation) == (derived.unit_price is not None)
    assert all(step.detail.endswith(".") for step in derived.derivation)
    if derived.next_break:
        there = derive(*given_candidates, quantity=derived.next_break.min_quantity)
        assert there.unit_price == derived.next_break.unit_price
        assert derived.unit_price is None or there.unit_price < derived.unit_price


# -- discounts


@pytest.mark.parametrize(
    ("price", "derived", "line", "order", "discount"),
    [
        ("100", "100", "0", "0", "0"),
        ("95", "100", "0", "0", "5"),
        ("100", "100", "5", "0", "5"),
        ("90", "100", "10", "10", "27.1"),
        ("110", "100", "0", "0", "0"),
        ("110", "100", "10", "0", "1"),
        ("0", "100", "0", "0", "100"),
        ("2.85", "3", "0", "0", "5"),
        ("1", "3", "10", "0", "70"),
        ("1", None, "0", "0", "100"),
        ("0", None, "0", "0", "100"),
        ("1", "0", "0", "0", "100"),
        ("0", "0", "5", "0", "5"),
    ],
)
def test_the_effective_discount_compounds_typed_price_line_and_order(price, derived, line, order, discount):
    assert effective_discount(D(price), derived and D(derived), D(line), D(order)) == D(discount)


def test_the_effective_discount_is_not_rounded_to_the_limit():
    assert effective_discount(D("94.9999999"), D(100), D(0), D(0)) > 5
    assert effective_discount(D("9.499999"), D(10), D(0), D(0)) > 5


@given(
    st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)
)
def test_the_effective_discount_meets_a_limit_exactly_where_the_fractions_do(price, derived, line, order, limit):
    line_percent, order_percent, most = (D(units).scaleb(-4) for units in (line, order, limit))
    percent = effective_discount(D(price).scaleb(-6), D(derived).scaleb(-6), line_percent, order_percent)
    kept = Fraction(price, derived) * (1 - Fraction(line_percent) / 100) * (1 - Fraction(order_percent) / 100)
    assert (percent <= most) == (100 * (1 - kept) <= Fraction(most))


@pytest.mark.parametrize(
    ("discount", "maximum", "role", "allowed", "approver"),
    [
        ("5", "5", "sales", True, None),
        ("0", "0", "warehouse", True, None),
        ("5.0001", "5", "sales", False, "sales_manager"),
        ("20", "5", Role.SALES, False, "sales_manager"),
        ("20.01", "5", "sales", False, "admin"),
        ("21", "20", "sales_manager", False, "admin"),
        ("15", "10", "sales_manager", False, "admin"),
        ("100", "99", "admin", False, "admin"),
        ("1", "0", "warehouse", False, "sales_manager"),
    ],
)
def test_above_the_users_maximum_a_discount_waits_for_somebody_whose_maximum_covers_it(
    discount, maximum, role, allowed, approver
):
    check = check_discount(D(discount), D(maximum), role)
    assert (check.allowed, check.requires_approval, check.approver_role) == (allowed, not allowed, approver)


def test_the_answer_to_a_discount_is_a_sentence():
    assert check_discount(D("5.00"), D(5), "sales").message == "A discount of 5 % is within your maximum of 5 %."
    assert check_discount(D(12), D(5), "sales").message == (
        "A discount of 12 % is above your maximum of 5 % and needs the approval of somebody whose maximum covers it"
        " (sales manager)."
    )
    assert check_discount(D("5.00009"), D(5), "sales").message.startswith("A discount of 5… % is above")


def test_whole_percentages_may_be_plain_integers_but_never_floats():
    assert check_discount(5, 5, "sales").allowed
    with pytest.raises(TypeError):
        check_discount(5.0, D(5), "sales")


@pytest.mark.parametrize("discount", ["-1", "100.01", "NaN", "Infinity"])
def test_a_discount_outside_0_to_100_is_refused(discount):
    with pytest.raises(BadInput, match="between 0 and 100"):
        check_discount(D(discount), D(5), "sales")


def test_candidates_and_steps_cannot_be_changed():
    with pytest.raises(AttributeError):
        base("1").unit_price = D(2)
    assert base("1")._replace(unit_price=D(2)).unit_price == 2
