"""Which promotion counts for a line, what it makes of the price, what comes free, and why the others lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.pricing.derivation import Candidate, Source, derive_price
from webapp.domain.promotions.choice import FreeGoods, Sale, promote, with_promotions
from webapp.domain.promotions.terms import Benefit, PromotionRule

D = Decimal
DAY = date(2026, 5, 12)
SOAP, TEA, MUG = 1, 2, 3
CLEANING, FOOD = 10, 20


def percent(value, rule_id=1, **more):
    return PromotionRule(rule_id, f"P{rule_id}", Benefit.PERCENT, D(value), **more)


def amount(value, rule_id=1, **more):
    return PromotionRule(rule_id, f"P{rule_id}", Benefit.AMOUNT, D(value), **more)


def fixed(value, rule_id=1, **more):
    return PromotionRule(rule_id, f"P{rule_id}", Benefit.FIXED_PRICE, D(value), **more)


def free(bought, given_free, rule_id=1, **more):
    return PromotionRule(
        rule_id, f"P{rule_id}", Benefit.FREE_GOODS, buy_quantity=D(bought), free_quantity=D(given_free), **more
    )


def sale(quantity="1", price="10", variant=SOAP, category=CLEANING):
    return Sale(variant, category, D(quantity), None if price is None else D(price))


def promoted(sales, promotions, prices=None):
    return promote(sales, promotions, on=DAY, currency="EUR", prices=prices or {})


def line(promotions, quantity="1", price="10", **more):
    (found,) = promoted([sale(quantity, price)], promotions, **more).lines
    return found


def prices(sales, promotions, **more):
    return [one.unit_price for one in promoted(sales, promotions, **more).lines]


def test_percent_amount_and_fixed_price():
    assert line([percent("12.5")]).unit_price == D("8.75")
    assert line([amount("1.20")]).unit_price == D("8.80")
    assert line([fixed("9.99")]).unit_price == D("9.99")
    assert line([]).unit_price == D(10)


def test_a_percentage_is_rounded_half_up_to_the_six_decimals_of_a_price():
    assert line([percent("50")], price="0.000001").unit_price == D("0.000001")
    assert line([percent("33.3333")], price="2024.994").unit_price == D("1349.996675")


def test_no_promotion_makes_a_price_higher_or_negative():
    assert line([fixed("12")]).unit_price == D(10)
    assert line([amount("11")]).unit_price == 0
    assert line([fixed("12")]).steps[0].detail == "It is not below the price without it."


def test_one_promotion_counts_the_cheapest_and_the_others_say_so():
    found = line([percent(5, 1), percent(20, 2), amount(1, 3)])
    assert (found.unit_price, found.applied) == (D(8), (2,))
    assert [(step.label, step.won, step.amount, step.detail) for step in found.steps] == [
        ("Promotion P2", True, D(8), "20 % off."),
        ("Promotion P1", False, D("9.5"), "P2 makes it cheaper or as cheap, and only one counts."),
        ("Promotion P3", False, D(9), "P2 makes it cheaper or as cheap, and only one counts."),
    ]


def test_a_tie_goes_to_the_lower_priority_number_then_to_the_older():
    assert line([percent(10, 1, priority=5), amount(1, 2, priority=1)]).applied == (2,)
    assert line([percent(10, 2), amount(1, 1)]).applied == (1,)


def test_stackable_promotions_compound_in_the_order_of_their_priority():
    found = line([percent(10, 1, stackable=True, priority=2), percent(20, 2, stackable=True, priority=1)], price="100")
    assert (found.unit_price, found.applied) == (D(72), (2, 1))
    assert [step.amount for step in found.steps] == [D(80), D(72)]
    first_amount = line([amount(10, 1, stackable=True), percent(50, 2, stackable=True, priority=1)], price="100")
    assert first_amount.unit_price == D(45)


def test_a_single_promotion_beats_a_stack_that_is_dearer():
    found = line([percent(10, 1, stackable=True), percent(10, 2, stackable=True), percent(20, 3)], price="100")
    assert (found.unit_price, found.applied) == (D(80), (3,))
    assert found.steps[1].detail == "P3 makes it cheaper or as cheap, and only one counts."


def test_what_a_stack_no_longer_lowers_is_left_out_of_it():
    found = line([amount(10, 1, stackable=True), percent(5, 2, stackable=True, priority=1)])
    assert (found.unit_price, found.applied) == (D(0), (1,))
    assert found.steps[1].detail == "It does not lower the price any more."


def test_quantities_from_and_to_are_included():
    band = percent(2, min_quantity=D(11), max_quantity=D(14))
    assert [line([band], quantity=str(many)).unit_price for many in (10, 11, 14, 15)] == [D(10), D("9.8"), D("9.8"), 10]
    assert line([band], quantity="10").steps[0].detail == "It needs 11 or more, the line has 10."
    assert line([band], quantity="15").steps[0].detail == "It is for up to 14, the line has 15."


def test_an_amount_is_asked_of_the_price_before_promotions():
    rule = percent(10, min_amount=D(100))
    assert line([rule], quantity="10").unit_price == D(9)
    assert line([rule], quantity="9").steps[0].detail == (
        "It needs an amount of 100.00 or more, the line comes to 90.00."
    )


def test_items_and_categories_say_which_lines_it_is_for():
    rules = [percent(10, 1, all_items=False, variants=frozenset({TEA}))]
    rules.append(percent(50, 2, all_items=False, categories=frozenset({CLEANING})))
    sales = [sale(), sale(variant=TEA, category=FOOD), sale(variant=MUG, category=None)]
    assert prices(sales, rules) == [D(5), D(9), D(10)]
    assert promoted(sales, rules).lines[2].steps == ()


def test_over_lines_counts_all_lines_it_is_for_together():
    rule = percent(10, min_quantity=D(10), over_lines=True, all_items=False, categories=frozenset({CLEANING}))
    soap, more, tea = sale("5"), sale("5", variant=MUG), sale("10", variant=TEA, category=FOOD)
    assert prices([soap, more, tea], [rule]) == [D(9), D(9), D(10)]
    short = promoted([soap, sale("3", variant=MUG), tea], [rule]).lines[0]
    assert short.steps[0].detail == "It needs 10 or more, its lines have 8."
    by_amount = percent(10, min_amount=D(100), over_lines=True)
    assert prices([sale("5"), sale("5", variant=TEA)], [by_amount]) == [D(9), D(9)]
    assert promoted([sale()], [by_amount]).lines[0].steps[0].detail == (
        "It needs an amount of 100.00 or more, its lines come to 10.00."
    )


def test_days_are_included_and_another_currency_does_not_count():
    first_day, last_day = percent(10, valid_from=DAY), percent(10, valid_to=DAY)
    assert line([first_day]).unit_price == line([last_day]).unit_price == D(9)
    assert line([percent(10, valid_from=date(2026, 5, 13))]).steps[0].detail == "It starts on 2026-05-13."
    assert line([percent(10, valid_to=date(2026, 5, 11))]).steps[0].detail == "It ended on 2026-05-11."
    assert line([amount(1, currency="USD")]).steps[0].detail == "It is in USD, not in EUR."


def test_a_barred_promotion_says_why():
    assert line([percent(10, barred="It has been used up.")]).steps[0].detail == "It has been used up."


def test_terms_are_a_sentence():
    rule = percent(
        5, min_quantity=D(15), max_quantity=D(24), valid_from=date(2026, 1, 1), valid_to=DAY, min_amount=D(50),
        over_lines=True,
    )  # fmt: skip
    assert rule.terms == (
        "5 % off, from 15 to 24, from an amount of 50.00, counted over all lines of it, since 2026-01-01, "
        "until 2026-05-12."
    )
    assert percent(5, max_quantity=D(24)).terms == "5 % off, up to 24."
    assert amount("1.50", min_quantity=D(3)).terms == "1.50 off each, from 3."
    assert fixed("9.99").terms == "9.99 each."
    assert free(10, 2).terms == "2 free for every 10."


def test_goods_come_free_for_every_full_quantity_of_a_line():
    rule = free(10, 2)
    for bought, expected in (("9", None), ("10", "2"), ("19", "2"), ("20", "4")):
        found = promoted([sale(bought)], [rule])
        assert found.free == (() if expected is None else (FreeGoods(rule, SOAP, D(expected)),))
        assert found.lines[0].unit_price == D(10)
    assert promoted([sale("10"), sale("10")], [rule]).free == (FreeGoods(rule, SOAP, D(4)),)
    assert promoted([sale("9"), sale("9")], [rule]).free == ()


def test_goods_of_another_item_come_free_over_all_lines_together():
    rule = free(10, 1, over_lines=True, free_variant=MUG, all_items=False, categories=frozenset({CLEANING}))
    found = promoted([sale("6"), sale("6", variant=TEA)], [rule], prices={MUG: D(4)})
    assert found.free == (FreeGoods(rule, MUG, D(1)),)


def test_free_goods_compete_by_what_they_are_worth():
    gift = free(10, 1, 1, free_variant=MUG)
    discount = percent(5, 2)
    few = promoted([sale("10")], [gift, discount], prices={MUG: D("4.99")})
    assert (few.lines[0].applied, few.free) == ((2,), ())
    many = promoted([sale("10")], [gift, discount], prices={MUG: D("5.01")})
    assert (many.lines[0].applied, len(many.free)) == ((1,), 1)
    both = promoted(
        [sale("10")],
        [free(10, 1, 1, free_variant=MUG, stackable=True), percent(5, 2, stackable=True)],
        prices={MUG: D(1)},
    )  # fmt: skip
    assert (both.lines[0].unit_price, both.lines[0].applied, len(both.free)) == (D("9.5"), (1, 2), 1)


def test_free_goods_that_other_lines_do_not_help_to_reach_leave_the_field_to_the_next_best():
    gift = free(10, 1, 1, over_lines=True, free_variant=MUG)
    better_for_one = fixed("1", 2, all_items=False, variants=frozenset({SOAP}))
    small = percent(1, 3)
    found = promoted([sale("6"), sale("6", variant=TEA)], [gift, better_for_one, small], prices={MUG: D(20)})
    assert [one.applied for one in found.lines] == [(2,), (3,)]
    assert found.free == ()
    assert found.lines[1].steps[1].detail == "The lines that took it are too few for it."


def test_a_line_without_a_price_has_no_promotion():
    found = line([percent(10)], price=None)
    assert (found.unit_price, found.applied, found.steps) == (None, (), ())


def test_the_derivation_goes_from_the_list_to_the_promotion_and_names_the_losers_behind():
    derived = derive_price(
        [Candidate(7, Source.LIST, "Price list Retail", D(10)), Candidate(None, Source.BASE, "Base price", D(12))],
        quantity=D(10), on=DAY, currency="EUR",
    )  # fmt: skip
    found = with_promotions(derived, line([percent(10, 3), percent(5, 4)], quantity="10"))
    assert (found.unit_price, found.source) == (D(9), Source.PROMOTION)
    assert [(step.label, step.won) for step in found.derivation] == [
        ("Price list Retail", True), ("Promotion P3", True), ("Base price", False), ("Promotion P4", False),
    ]  # fmt: skip
    plain = with_promotions(derived, line([], quantity="10"))
    assert (plain.unit_price, plain.source, plain.derivation) == (D(10), Source.LIST, derived.derivation)


RULES = st.lists(
    st.builds(
        PromotionRule,
        rule_id=st.integers(1, 10**6),
        name=st.just("P"),
        benefit=st.sampled_from([Benefit.PERCENT, Benefit.AMOUNT, Benefit.FIXED_PRICE]),
        value=st.decimals(0, 100, places=4),
        all_items=st.booleans(),
        variants=st.frozensets(st.sampled_from([SOAP, TEA])),
        categories=st.frozensets(st.sampled_from([CLEANING, FOOD])),
        min_quantity=st.integers(0, 20).map(D),
        min_amount=st.integers(0, 200).map(D),
        over_lines=st.booleans(),
        stackable=st.booleans(),
        priority=st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda one: one.rule_id,
)
SALES = st.lists(
    st.builds(
        Sale,
        variant_id=st.sampled_from([SOAP, TEA, MUG]),
        category_id=st.sampled_from([CLEANING, FOOD, None]),
        quantity=st.integers(1, 30).map(D),
        unit_price=st.decimals(0, 1000, places=6),
    ),
    min_size=1,
    max_size=6,
)


@given(SALES, RULES)
def test_a_price_is_never_above_the_list_nor_above_what_any_single_promotion_would_make_of_it(sales, rules):
    found = promoted(sales, rules).lines
    for one, line_found in zip(sales, found, strict=True):
        assert 0 <= line_found.unit_price <= one.unit_price
    for rule in rules:
        if not rule.stackable:
            alone = promoted(sales, [rule]).lines
            assert all(both.unit_price <= single.unit_price for both, single in zip(found, alone, strict=True))


@given(SALES, RULES, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_of_rules_changes_no_price(sales, rules, random):
    places = list(range(len(sales)))
    random.shuffle(places)
    shuffled_rules = random.sample(rules, len(rules))
    found = promoted(sales, rules).lines
    again = promoted([sales[place] for place in places], shuffled_rules).lines
    assert [found[place] for place in places] == list(again)
