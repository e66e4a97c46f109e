from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.errors import BadInput
from webapp.domain.pricing.derivation import Candidate, DerivedPrice, Source, derive_price, type_over
from webapp.domain.pricing.lists import (
    Basis,
    Ending,
    Goods,
    ListRule,
    Rounding,
    change_price,
    check_bounds,
    list_candidates,
    list_notes,
    out_of_use,
)

D = Decimal
MAY = date(2026, 5, 8)
NEAREST = Rounding.NEAREST
BASE = Candidate(900, Source.BASE, "Base price", D(10), currency="EUR")

STANDARD = ListRule(1, "Standard", "EUR")
GOLD = ListRule(2, "Gold", "EUR", Basis.LIST, 1, D(-10))
PLATINUM = ListRule(3, "Platinum", "EUR", Basis.LIST, 2, D(-5))
FROM_BASE = ListRule(4, "Trade", "EUR", Basis.BASE, percent=D(-20))
FROM_COST = ListRule(5, "Cost plus", "EUR", Basis.COST, percent=D(25))


def row(price, minimum="0", start=None, end=None, rule_id=1, name="Standard"):
    return Candidate(rule_id, Source.LIST, f"Price list {name}", D(price), D(minimum), start, end, "EUR")


def derive(chain, rows=None, *, base=BASE, cost=None, quantity="1", on=MAY) -> DerivedPrice:
    goods = Goods(rows or {}, base, None if cost is None else D(cost))
    candidates = [*list_candidates(chain, goods), *([base] if base else [])]
    return derive_price(candidates, quantity=D(quantity), on=on, currency="EUR", notes=list_notes(chain, goods))


def won(derived):
    return [(step.kind, step.amount) for step in derived.derivation if step.won]


# -- where prices come from


@pytest.mark.parametrize(
    ("chain", "rows", "cost", "price", "source"),
    [
        ([STANDARD], {1: [row("9")]}, None, "9", Source.LIST),
        ([STANDARD], {}, None, "10", Source.BASE),
        ([GOLD, STANDARD], {1: [row("9")]}, None, "8.1", Source.LIST),
        ([GOLD, STANDARD], {2: [row("5")], 1: [row("9")]}, None, "5", Source.LIST),
        ([GOLD, STANDARD], {}, None, "9", Source.LIST),
        ([PLATINUM, GOLD, STANDARD], {1: [row("9")]}, None, "7.695", Source.LIST),
        ([PLATINUM, GOLD, STANDARD], {2: [row("8")], 1: [row("9")]}, None, "7.6", Source.LIST),
        ([PLATINUM, GOLD, STANDARD], {}, None, "8.55", Source.LIST),
        ([FROM_BASE], {}, None, "8", Source.LIST),
        ([FROM_COST], {}, "6", "7.5", Source.LIST),
        ([FROM_COST], {}, None, "10", Source.BASE),
        ([FROM_COST], {}, "0", "10", Source.BASE),
        ([ListRule(6, "Sub", "EUR", Basis.LIST, 5, D(10)), FROM_COST], {}, "6", "8.25", Source.LIST),
        ([ListRule(6, "Sub", "EUR", Basis.LIST, 5, D(10)), FROM_COST], {}, None, "11", Source.LIST),
        ([ListRule(6, "Sub", "EUR", Basis.LIST, 4, D(10)), FROM_BASE], {}, None, "8.8", Source.LIST),
    ],
)
def test_what_a_list_does_not_name_comes_from_its_basis_down_to_the_base_price(chain, rows, cost, price, source):
    derived = derive(chain, rows, cost=cost)
    assert (derived.unit_price, derived.source) == (D(price), source)


def test_without_a_base_price_a_list_from_base_prices_has_none():
    assert derive([FROM_BASE], base=None).unit_price is None
    assert derive([GOLD, STANDARD], base=None).derivation == ()


def test_what_the_list_names_itself_goes_first_even_where_its_basis_has_a_break():
    rows = {2: [row("8", rule_id=7, name="Gold")], 1: [row("9"), row("5", "50", rule_id=2)]}
    derived = derive([GOLD, STANDARD], rows, quantity="60")

    assert derived.unit_price == 8
    lost = [(step.amount, step.detail) for step in derived.derivation if step.kind == "LIST" and not step.won]
    why = "What the list names itself goes first."
    assert lost == [(D("4.5"), why), (D("8.1"), why), (D(9), why)]


def test_breaks_and_dates_of_the_parent_carry_over():
    rows = {
        1: [
            row("9", rule_id=1),
            row("8", "24", rule_id=2),
            row("6", "24", date(2026, 6, 1), date(2026, 6, 30), rule_id=3),
        ]
    }
    few, many = derive([GOLD, STANDARD], rows), derive([GOLD, STANDARD], rows, quantity="24")
    june, july = (derive([GOLD, STANDARD], rows, quantity="24", on=date(2026, *day)) for day in ((6, 30), (7, 1)))

    assert [one.unit_price for one in (few, many, june, july)] == [D("8.1"), D("7.2"), D("5.4"), D("7.2")]
    assert (few.next_break.min_quantity, few.next_break.saving) == (24, D("21.60"))
    assert few.told[-1].detail == "Next break at 24 saves 21.60."
    assert (june.derivation[0].valid_from, june.derivation[0].valid_to) == (date(2026, 6, 1), date(2026, 6, 30))


def test_a_list_in_another_currency_says_so():
    dollars = ListRule(7, "Dollars", "USD", Basis.LIST, 1)
    derived = derive_price(list_candidates([dollars, STANDARD], Goods({}, BASE)), quantity=D(1), on=MAY, currency="USD")
    assert derived.unit_price is None
    assert derived.derivation[0].detail == "It is in EUR, not in USD."


# -- endings


@pytest.mark.parametrize(
    ("price", "ending", "rounded"),
    [
        ("10.10", Ending(D(1), D("0.99")), "10.99"),
        ("10.99", Ending(D(1), D("0.99")), "10.99"),
        ("10.990001", Ending(D(1), D("0.99")), "11.99"),
        ("10.10", Ending(D(1), D("0.99"), NEAREST), "9.99"),
        ("10.49", Ending(D(1), D("0.99"), NEAREST), "10.99"),
        ("10.48", Ending(D(1), D("0.99"), NEAREST), "9.99"),
        ("10.10", Ending(D(1), D("0.95")), "10.95"),
        ("10.91", Ending(D(1), D("0.90")), "11.90"),
        ("10.01", Ending(D(1)), "11"),
        ("10.5", Ending(D(1), D(0), NEAREST), "11"),
        ("10.49", Ending(D(1), D(0), NEAREST), "10"),
        ("10.12", Ending(D("0.05"), D(0), NEAREST), "10.10"),
        ("10.125", Ending(D("0.05"), D(0), NEAREST), "10.15"),
        ("10.11", Ending(D("0.05")), "10.15"),
        ("127", Ending(D(10), D(9)), "129"),
        ("0.30", Ending(D(1), D(0), NEAREST), "1"),
        ("0.30", Ending(D(1), D("0.99"), NEAREST), "0.99"),
        ("0", Ending(D(1), D("0.99")), "0"),
    ],
)
def test_a_price_takes_its_ending_and_never_falls_to_nothing(price, ending, rounded):
    assert ending.of(D(price)) == D(rounded)


@given(
    st.integers(1, 10**9).map(lambda n: D(n).scaleb(-6)),
    st.integers(1, 10**8),
    st.integers(0, 10**8),
    st.sampled_from(Rounding),
)
def test_an_ending_is_met_exactly_and_lies_within_a_step(price, step, part, rounding):
    ending = Ending(D(step).scaleb(-6), D(part % step).scaleb(-6), rounding)
    found = ending.of(price)
    assert found > 0
    assert ((Fraction(found) - Fraction(ending.ending)) / Fraction(ending.step)).denominator == 1
    if rounding is Rounding.UP:
        assert price <= found < price + ending.step or found == (ending.ending or ending.step)
    else:
        assert 2 * abs(found - price) <= ending.step or found == (ending.ending or ending.step)
    assert ending.of(found) == found


@pytest.mark.parametrize(("step", "ending"), [("0", "0"), ("-1", "0"), ("1", "1"), ("1", "-0.01")])
def test_an_ending_that_cannot_be_is_refused(step, ending):
    with pytest.raises(BadInput):
        Ending(D(step), D(ending))


def test_a_change_in_percent_keeps_six_decimals_or_takes_the_ending():
    assert change_price(D("33.6442"), D(3), None) == D("34.653526")
    assert change_price(D("0.333333"), D("3.5"), None) == D("0.345000")
    assert change_price(D("33.6442"), D(3), Ending(D(1), D("0.99"))) == D("34.99")


# -- floor and cap


BOUNDED = ListRule(2, "Gold", "EUR", Basis.LIST, 1, D(-50), floor_over_cost=D(10), cap_over_cost=D(60))


@pytest.mark.parametrize(
    ("cost", "price"), [("2", "3.2"), ("4", "4.5"), ("5", "5.5"), ("6.333333", "6.966667"), (None, "4.5"), ("0", "4.5")]
)
def test_a_price_stays_between_floor_and_cap_over_a_known_cost(cost, price):
    assert derive([BOUNDED, STANDARD], {1: [row("9")]}, cost=cost).unit_price == D(price)


def test_the_bounds_hold_for_prices_that_the_list_names_itself():
    derived = derive([BOUNDED, STANDARD], {2: [row("3", name="Gold")]}, cost="5")
    assert derived.unit_price == D("5.5")
    assert won(derived) == [("LIST", D("5.5")), ("LIST", D(3)), ("FLOOR", D("5.5"))]


@pytest.mark.parametrize(
    ("cost", "floor", "cap", "price"),
    [
        ("5", "10", None, "5.99"),
        ("5", "10", "15", "5.5"),
        ("2", None, "60", "2.99"),
        ("2", "50", "60", "3.2"),
        ("0.5", None, "60", "0.8"),
    ],
)
def test_a_bounded_price_keeps_its_ending_where_the_other_bound_allows_it(cost, floor, cap, price):
    bounds = [None if one is None else D(one) for one in (floor, cap)]
    rule = ListRule(2, "Gold", "EUR", Basis.LIST, 1, D(-50), Ending(D(1), D("0.99")), *bounds)
    assert derive([rule, STANDARD], {1: [row("9")]}, cost=cost).unit_price == D(price)


def test_a_cap_below_the_floor_is_refused():
    check_bounds(D(10), D(10))
    check_bounds(None, D(-5))
    with pytest.raises(BadInput, match="must not be below"):
        check_bounds(D(10), D("9.99"))


prices = st.integers(1, 10**6).map(lambda n: D(n).scaleb(-2))
percents = st.one_of(st.none(), st.integers(-20, 100).map(D))


@given(prices, prices, percents, percents, st.sampled_from([None, Ending(D(1), D("0.99")), Ending(D("0.05"))]))
def test_no_price_leaves_its_bounds_whatever_its_ending(price, cost, floor, cap, ending):
    if floor is not None and cap is not None and floor > cap:
        floor, cap = cap, floor
    rule = ListRule(2, "Gold", "EUR", Basis.LIST, 1, D(-7), ending, floor, cap)
    found = derive([rule, STANDARD], {1: [row(str(price))]}, cost=str(cost)).unit_price
    assert floor is None or found >= cost * (100 + floor) / 100
    # A cap below the smallest price that can be stored leaves nothing else to choose.
    assert cap is None or found <= cost * (100 + cap) / 100 + D("0.000001")


# -- why


def test_the_derivation_tells_the_way_from_the_basis_to_the_price():
    rule = ListRule(2, "Gold", "EUR", Basis.LIST, 1, D(-50), Ending(D(1), D("0.99")), D(10))
    derived = derive([rule, STANDARD], {1: [row("9", start=date(2026, 1, 1), rule_id=77)]}, cost="6")

    assert [(step.kind, step.label, step.amount, step.detail, step.won) for step in derived.derivation] == [
        ("LIST", "Price list Gold, made from price list Standard", D("6.99"), "Valid since 2026-01-01.", True),
        ("LIST", "Price list Standard", D(9), "The price it is made from. Valid since 2026-01-01.", True),
        ("PERCENT", "Gold: percentage", D("4.5"), "50 % off 9.00.", True),
        (
            "ENDING",
            "Gold: ending",
            D("4.99"),
            "From 4.50 up to the next price that ends in 0.99 (steps of 1.00).",
            True,
        ),
        ("FLOOR", "Gold: floor", D("6.99"), "Raised from 4.99 to the list's floor against cost.", True),
        (
            "LIST",
            "Price list Gold, made from base price",
            D("6.99"),
            "What the list names nearer by goes first.",
            False,
        ),
        ("BASE", "Base price", D(10), "A price of the list goes first.", False),
    ]
    assert derived.derivation[0].rule_id == 77


def test_a_derivation_names_neither_the_cost_nor_what_is_added_to_it():
    rule = ListRule(5, "Cost plus", "EUR", Basis.COST, percent=D(21), floor_over_cost=D("33.3"))
    told = derive([rule], cost="6.13").derivation
    assert [step.kind for step in told] == ["LIST", "COST", "FLOOR", "BASE"]
    assert not any(secret in step.detail + step.label for step in told for secret in ("6.13", "21", "33.3"))


def test_an_unknown_cost_is_told():
    assert "cost of the item is unknown" in derive([FROM_COST]).derivation[-1].detail
    unbounded = derive([BOUNDED, STANDARD], {1: [row("9")]}).derivation
    assert [step.kind for step in unbounded][:4] == ["LIST", "LIST", "PERCENT", "UNBOUNDED"]
    assert "do not apply" in unbounded[3].detail
    assert out_of_use(GOLD).detail == "The list is not in use."


def test_a_price_typed_over_a_computed_one_leaves_its_steps_readable():
    typed = type_over(derive([GOLD, STANDARD], {1: [row("9")]}), D(7), "Nancy")
    won = [step for step in typed.derivation if step.won]
    assert [step.kind for step in won] == ["LIST", "LIST", "PERCENT", "TYPED"]
    assert won[-1].detail.startswith("Typed by Nancy. The rules give ")


lists = st.lists(st.tuples(st.integers(-50, 50), prices), min_size=1, max_size=4)


@given(lists, st.integers(1, 60))
def test_a_chain_compounds_its_percentages_on_the_first_row_it_meets(rules, quantity):
    chain = [
        ListRule(place, f"L{place}", "EUR", Basis.LIST if place < len(rules) else Basis.ROWS, place + 1, D(percent))
        for place, (percent, _) in enumerate(rules, start=1)
    ]
    bottom = len(chain)
    rows = {bottom: [row(str(rules[-1][1]), rule_id=bottom), row("0.5", "50", rule_id=99)]}
    expected = D("0.5") if quantity >= 50 else rules[-1][1]
    for rule in reversed(chain[:-1]):
        expected = change_price(expected, rule.percent, None)
    assert derive(chain, rows, quantity=str(quantity)).unit_price == expected
