"""Prices with and without tax, from one kind to the other."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from webapp.domain.pricing.derivation import (
    Candidate,
    DerivedPrice,
    Source,
    derive_price,
    effective_discount,
    type_over,
)
from webapp.domain.pricing.gross import changed_kind, in_kind, with_tax, without_tax

D = Decimal
PEERS = Path(__file__).parents[2] / "data" / "peers" / "vectors.json"


def derived(price, *, gross, breaks=()):
    rows = [
        Candidate(place, Source.LIST, "Price list", D(amount), D(quantity), includes_tax=gross)
        for place, (quantity, amount) in enumerate([(0, price), *breaks])
    ]
    return derive_price(rows, quantity=D(1), on=date(2026, 5, 1), currency="EUR")


def converted(price, *, gross, include, own="21", charged="21", breaks=()):
    found = derived(price, gross=gross, breaks=breaks)
    return in_kind(found, include_tax=include, own_percent=D(own), charged_percent=D(charged))


@pytest.mark.parametrize(
    ("price", "gross", "include", "own", "charged", "result"),
    [
        ("121", True, False, "21", "21", "100"),
        ("100", False, True, "21", "21", "121"),
        ("100", False, True, "21", "6", "106"),
        ("119", True, False, "19", "0", "100"),
        ("119", True, True, "19", "0", "100"),
        ("1", True, False, "19", "19", "0.840336"),
        ("121", True, True, "21", "21", "121"),
        ("100", False, False, "21", "21", "100"),
    ],
)
def test_a_price_is_stated_as_the_document_states_its_prices(price, gross, include, own, charged, result):
    found = converted(price, gross=gross, include=include, own=own, charged=charged)
    assert (found.unit_price, found.includes_tax) == (D(result), include)
    changed = [step for step in found.derivation if step.kind == "TAX"]
    assert bool(changed) == (D(result) != D(price))
    assert [step.amount for step in changed] == [D(result)] * len(changed)


def test_a_gross_price_for_a_customer_of_another_tax_is_that_of_a_peer():
    vectors = json.loads(PEERS.read_text(encoding="utf-8"))["vectors"]
    vector = next(one for one in vectors if one["id"] == "O133")
    inputs, expected = vector["inputs"], vector["expected"]
    own, charged = (str(inputs[tax]["rate"]) for tax in ("from_tax", "to_tax"))
    found = converted(str(inputs["list_price_incl"]), gross=True, include=True, own=own, charged=charged)
    assert found.unit_price == expected["unit_price"]
    assert without_tax(found.unit_price, D(charged)) == expected["subtotal"]
    assert found.derivation[1].detail == "The price includes 21 % tax of the item; this customer pays 6 %."


def test_the_derivation_says_what_was_done_behind_the_rule_that_won():
    found = converted("121", gross=True, include=False)
    assert [(step.kind, step.label, step.won) for step in found.derivation] == [
        ("LIST", "Price list", True),
        ("TAX", "Without tax", True),
    ]
    assert found.derivation[1].detail == "The price includes 21 % tax of the item."
    assert [step.won for step in type_over(found, D(90), "Nancy").derivation] == [True, True, True]


def test_the_next_break_is_converted_too_and_no_price_stays_none():
    found = converted("121", gross=True, include=False, breaks=[(10, "60.50")])
    assert (found.next_break.min_quantity, found.next_break.unit_price) == (10, 50)
    none = in_kind(DerivedPrice(None, None, ()), include_tax=True, own_percent=D(19), charged_percent=D(19))
    assert (none.unit_price, none.derivation, none.includes_tax) == (None, (), True)


def test_a_gross_and_a_net_price_are_not_compared_as_breaks():
    rows = [
        Candidate(1, Source.LIST, "Gross list", D(119), includes_tax=True),
        Candidate(2, Source.CUSTOMER, "Agreed", D(110), min_quantity=D(10)),
    ]
    assert derive_price(rows, quantity=D(1), on=date(2026, 5, 1), currency="EUR").next_break is None


def test_a_discount_compares_prices_of_one_kind():
    found = converted("100", gross=False, include=True, own="19", charged="19")
    assert effective_discount(D("107.10"), found.unit_price, D(0), D(0)) == 10


def test_a_typed_price_goes_over_to_the_other_kind_at_the_line_s_own_tax():
    assert changed_kind(D(119), D(19), included=True, include=False) == 100
    assert changed_kind(D(100), D(19), included=False, include=True) == with_tax(D(100), D(19)) == 119
    assert changed_kind(D("9.99"), D(19), included=True, include=True) == D("9.99")
