"""The cases of eight other programs (tests/data/peers) about prices, promotions, discounts and tax, each one sorted.

OURS follow our rule and come to the same. OTHERWISE follow it but for rounding or another choice: the table says why
and what ours comes to. NOT_OURS have a rule that we do not offer, with the reason. No case of these kinds is unsorted.
"""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.domain.peer_documents import (
    Line,
    both_roundings,
    comes_to,
    document,
    dolibarr,
    gross_tax,
    net_tax_total,
    one_amount,
    parts_come_to,
    plain_tax,
    saleor,
    saleor_total,
    same_in_every_line,
    tax_of_the_document,
    taxed,
    taxes_of_each_line,
    tryton_lines,
)
from webapp.domain.errors import BadInput
from webapp.domain.money import spread
from webapp.domain.pricing.derivation import Candidate, Source, derive_price
from webapp.domain.pricing.gross import in_kind
from webapp.domain.pricing.lists import Basis, Goods, ListRule, list_candidates
from webapp.domain.promotions.choice import Sale, promote
from webapp.domain.promotions.terms import Benefit, PromotionRule

D = Decimal
PEERS = Path(__file__).parents[1] / "data" / "peers" / "vectors.json"
VECTORS = {one["id"]: one for one in json.loads(PEERS.read_text(encoding="utf-8"), parse_float=D)["vectors"]}
KINDS = re.compile(
    r"tax|tax_.+|order_discount|line_discount|price_list_.+|quantity_break|pricing_rule|pricing_stack|promotion.*"
    r"|coupon|uom|customer_price.*"
)
DAY = date(2026, 5, 12)


# --- prices and promotions -------------------------------------------------------------------------------------------


def rule(place, **more):
    benefit = more.pop("benefit", Benefit.PERCENT)
    return PromotionRule(place, f"R{place}", benefit, D(more.pop("value", 0)), **more)


def price(rules, *, quantity=1, list_price=100):
    (found,) = promote([Sale(1, 1, D(quantity), D(list_price))], rules, on=DAY, currency="EUR", prices={}).lines
    return found.unit_price


def listed(rows, quantity, base=None):
    """The price of a list of rows (from, price), else the base price."""
    candidates = [Candidate(place, Source.LIST, "List", D(each), D(least)) for place, (least, each) in enumerate(rows)]
    candidates += [Candidate(None, Source.BASE, "Base price", D(base))] if base is not None else []
    return derive_price(candidates, quantity=D(quantity), on=DAY, currency="EUR").unit_price


def tryton_list(inputs, expected):
    """A list of formulas, the first that fits wins: each item's own rows, by the quantity they begin with."""
    base, item = D(inputs["base_list_price"]), inputs["product"]
    rows: dict[Decimal, Decimal] = {}
    for one in inputs["lines_first_match_wins"]:
        if one.get("product", item) == item:
            rows.setdefault(D(one.get("min_qty", 0)), base * D(one["formula"].split("*")[1]))
    assert listed(rows.items(), inputs["quantity"]) == D(expected["unit_price"])


def category_rule(inputs, expected):
    """A percentage on a category is a promotion here; the query hands it the sub-categories too."""
    names = {"Category": 1, "Child Category": 2}
    (category,) = (names[name] for name in inputs["product_categories"])
    found = promote(
        [Sale(1, category, D(1), D(inputs["base_list_price"]))],
        [rule(1, value=20, all_items=False, categories=frozenset(names.values()))], on=DAY, currency="EUR", prices={},
    )  # fmt: skip
    assert found.lines[0].unit_price == D(expected["unit_price"])


def band_in_base_units(inputs, expected):
    band = rule(1, value=inputs["rule"]["discount"], min_quantity=D(5), max_quantity=D(7))
    found = [price([band], quantity=many * inputs["uom_factor"]) for many in inputs["qty_in_sales_uom"]]
    assert found == [D(one) for one in expected["unit_price"]]


def threshold_in_base_units(inputs, expected):
    units = {"unit": 1, "dozen": inputs["dozen"]}
    from_four = rule(1, value=10, min_quantity=D(inputs["rule"]["min_qty"]))
    for line, wanted in zip(inputs["lines"], expected["unit_price"], strict=True):
        factor = units[line["uom"]]
        each = price([from_four], quantity=D(line["qty"]) * factor, list_price=inputs["list_price"])
        assert each * factor == wanted


def margin_then_amount(inputs, expected):
    """A margin of 10 % is a list over the base prices, the amount off a promotion on it."""
    base = Candidate(None, Source.BASE, "Base price", D(inputs["list_price"]), currency="EUR")
    margin = ListRule(1, "Margin", "EUR", Basis.BASE, percent=D(inputs["margin_percent"]))
    derived = derive_price(list_candidates([margin], Goods(base=base)), quantity=D(1), on=DAY, currency="EUR")
    assert derived.unit_price == D(expected["rate_with_margin"])
    off = rule(1, benefit=Benefit.AMOUNT, value=inputs["discount_amount"])
    assert price([off], list_price=derived.unit_price) == D(expected["unit_price"])


def compounding(inputs, expected):
    stack = [rule(place, value=one["discount"], priority=one["priority"], stackable=True)
             for place, one in enumerate(inputs["rules"])]  # fmt: skip
    assert price(stack) == 100 - D(expected["discount_percent"])


def best_of(inputs, expected):
    rules = [rule(place, value=one["discount"], priority=one["priority"]) for place, one in enumerate(inputs["rules"])]
    assert price(rules, list_price=inputs["list_price"]) == D(expected["unit_price"])


def free_for_every(inputs, expected):
    one = inputs["rule"]
    gift = rule(1, benefit=Benefit.FREE_GOODS, buy_quantity=D(one["every"]), free_quantity=D(one["free_qty"]))
    found = [
        promote([Sale(1, 1, D(many), D(1))], [gift], on=DAY, currency="EUR", prices={}).free[0].quantity
        for many in inputs["qty"]
    ]
    assert found == expected["free_qty"]


def eligible_pieces(inputs, expected):
    names = {f"product{number}": number for number in range(1, 5)}
    eligible = set(inputs["promotion"]["eligible_products"])
    many = rule(1, value=10, min_quantity=D(inputs["promotion"]["min_qty"]), over_lines=True, all_items=False,
                variants=frozenset(names[one] for one in eligible))  # fmt: skip
    sales = [Sale(names[one], None, D(many_of), D(inputs["list_price"])) for one, many_of in inputs["lines"]]
    found = promote(sales, [many], on=DAY, currency="EUR", prices={}).lines
    net = sum(sale.quantity * one.unit_price for sale, one in zip(sales, found, strict=True))
    assert net == D(expected["after"]["untaxed"])
    more = [Sale(1, None, D(7), D(20)), *sales[1:]]
    assert [one.unit_price for one in promote(more, [many], on=DAY, currency="EUR", prices={}).lines] == [18, 18, 20]


def amount_off(inputs, expected):
    off = rule(1, benefit=Benefit.AMOUNT, value=inputs["discount_amount"])
    assert price([off], list_price=inputs["base_price"]) == D(expected["unit_price"])


def coupon_not_on_the_order(inputs, expected):
    """Whether a coupon's promotion is among the rules of an order is tested with orders; without it the list counts."""
    each = price([], quantity=inputs["quantity"], list_price=inputs["list_price"])
    assert each * D(inputs["quantity"]) == D(expected["untaxed"])


def from_tax_to_tax(inputs, expected):
    gross = Candidate(1, Source.LIST, "List", D(inputs["list_price_incl"]), includes_tax=True)
    derived = derive_price([gross], quantity=D(1), on=DAY, currency="EUR")
    own, charged = (D(inputs[tax]["rate"]) for tax in ("from_tax", "to_tax"))
    assert in_kind(derived, include_tax=True, own_percent=own, charged_percent=charged).unit_price == 106
    assert in_kind(derived, include_tax=False, own_percent=own, charged_percent=charged).unit_price == 100
    assert (expected["unit_price"], expected["subtotal"]) == (106, 100)


def each_customer_its_list(inputs, expected):
    for name, lists in inputs["pricelists"].items():
        assert listed([(0, lists["fixed"])], 1) == D(expected["unit_price"][name])


def company_list(inputs, expected):
    """Which list counts is tested with customers (tests/services/test_price_lists.py); here that its price is taken."""
    assert inputs["customer_price_list"] is None
    assert expected["order_price_list"] == inputs["company_default_price_list"]
    assert listed([(0, 7)], 1, base=10) == 7


# --- discounts -------------------------------------------------------------------------------------------------------


def order_amount(inputs, expected):
    taxes = inputs.get("taxes") or [{"rate": 0}]
    totals = document(
        [Line(1, amount) for amount in inputs["line_amounts"]], taxes,
        order_discount_amount=D(inputs["order_discount"]["amount"]),
    )  # fmt: skip
    comes_to(totals, {name: value for name, value in expected.items() if name != "total"})
    if "distributed" in expected:
        assert [one.order_discount_share for one in totals.lines] == [D(share) for share in expected["distributed"]]
        assert spread(D(100), [D(500), D(1000)], "EUR") == [D("33.33"), D("66.67")]


def line_and_order(inputs, expected):
    line = Line(1, inputs["amount_before"], inputs["line_discount_percent"], 0)
    comes_to(document([line], None, order_discount_percent=D(inputs["order_discount_percent"])), expected)


def line_discount(inputs, expected):
    line = Line(inputs["qty"], inputs["price"], inputs["discount_percent"], 0)
    comes_to(document([line], None), expected)


# --- sorted ----------------------------------------------------------------------------------------------------------

OURS = {
    "E003": plain_tax, "E005": order_amount, "E015": order_amount, "E029": band_in_base_units,
    "E031": margin_then_amount, "E033": compounding, "E043": free_for_every, "E045": best_of,
    "O077": taxes_of_each_line, "O079": gross_tax, "O081": parts_come_to, "O089": parts_come_to,
    "O093": parts_come_to, "O107": plain_tax, "O109": plain_tax, "O111": plain_tax, "O115": plain_tax,
    "O121": line_discount, "O123": line_discount, "O125": line_and_order, "O127": threshold_in_base_units,
    "O085": tax_of_the_document, "E181": tax_of_the_document, "TO-031": same_in_every_line, "TO-043": one_amount,
    "O133": from_tax_to_tax, "O139": each_customer_its_list, "O177": plain_tax, "O179": both_roundings,
    "TO-001": tryton_list, "TO-003": tryton_list, "TO-007": tryton_list, "TO-009": category_rule,
    "TO-011": category_rule, "TO-013": tryton_list, "TO-015": company_list, "TO-017": amount_off,
    "TO-019": eligible_pieces, "TO-023": coupon_not_on_the_order, "TO-045": saleor_total, "TO-047": saleor_total,
    "TO-057": dolibarr, "TO-059": dolibarr, "TO-061": dolibarr, "TO-063": dolibarr,
}  # fmt: skip

OTHERWISE = {
    "E013": (
        "ERPNext takes the tax out of each line and loses a cent; out of the document 138.10 and 6.90 are left",
        lambda inputs: net_tax_total(taxed(inputs, prices_include_tax=True)), ("138.10", "6.90", "145.00"),
    ),
    "E023": (
        "a rule on the item beats one on its group there; here the cheapest for the customer counts",
        lambda inputs: [price([rule(1, value=10), rule(2, value=15)])], ("85",),
    ),
    "E025": (
        "two rules without a priority stop the salesperson there; here the better one counts",
        lambda inputs: [price([rule(1, value=10), rule(2, value=5)])], ("90",),
    ),
    "O099": (
        "the gross is rounded from unrounded lines there and the net is what is left; our lines are rounded first",
        lambda inputs: net_tax_total(taxed(inputs)), ("293.78", "38.19", "331.97"),
    ),
    "O101": ("as O099", lambda inputs: net_tax_total(taxed(inputs)), ("147.39", "33.90", "181.29")),
    "O103": ("as O099", lambda inputs: net_tax_total(taxed(inputs)), ("294.28", "67.68", "361.96")),
    "O105": ("as O099", lambda inputs: net_tax_total(taxed(inputs)), ("12.05", "2.77", "14.82")),
    "O113": (
        "five at 5.75 less 18 % are 23.575, which is rounded on each of our six lines",
        lambda inputs: net_tax_total(taxed(inputs, prices_include_tax=True)), ("116.93", "24.55", "141.48"),
    ),
    "TO-033": (
        "1.005 is rounded half-even to 1.00 there, half-up to 1.01 here",
        lambda inputs: net_tax_total(tryton_lines(inputs)), ("2.08", "2.08", "4.16"),
    ),
    "TO-035": (
        "two taxes share the cent of their unrounded sum there; each is rounded from the rounded line here",
        lambda inputs: net_tax_total(two_taxes_of_ten(inputs)), ("1.04", "0.20", "1.24"),
    ),
    "TO-037": (
        "as TO-035: 0.295 is rounded half-up for each tax here",
        lambda inputs: net_tax_total(two_taxes_of_ten(inputs)), ("-2.95", "-0.60", "-3.55"),
    ),
    "TO-053": (
        "the tax is taken out of each line there; out of the document it is 11.22",
        lambda inputs: net_tax_total(saleor(inputs, order_discount_amount=D(inputs["order_discount_fixed"]))),
        ("48.78", "11.22", "60.00"),
    ),
}  # fmt: skip


def two_taxes_of_ten(inputs):
    return document([Line(inputs["quantity"], inputs["unit_price"])], [{"rate": 10}, {"rate": 10}])


def refused(inputs):
    with pytest.raises(BadInput, match="must be between 0 and the net of the lines"):
        saleor(inputs, order_discount_amount=D(inputs["order_discount_fixed"]))


NOT_OURS = {
    "E001": "fixed amounts and taxes on one named tax or running total, with a discount as a negative tax; half-even",
    "E007": "a tax of an amount for each piece inside the price",
    "E009": "as E001, inside the price",
    "E017": "a tax on the amount of one other tax, and an amount for each piece",
    "E027": "a rule on a template; a promotion names items or categories",
    "E035": "0 means not set there; here a price of 0 is 0",
    "E037": "a rule for one unit of an item; prices are per base unit and the same in every unit",
    "E039": "a further item at a price of its own; what comes free is free",
    "E041": "what is bought of one item lowers the price of another; a promotion lowers what it is for",
    "O083": "a tax inside the price beside one on top of it; a document's prices are of one kind",
    "O087": "an amount for each piece as a tax, which makes a net negative",
    "O091": "amounts for each piece, which are charges here and no tax",
    "O095": "a percentage off the grand total, tax included; an order discount is taken off the lines before tax",
    "O097": "as O095",
    "O117": "a negative rate",
    "TO-005": "a negative quantity that gets the break of its size; a return comes back at the price it left with",
    "TO-021": "the whole order reaches the amount; here the lines that the promotion is for do",
    "TO-039": "an amount for each piece as a tax",
    "TO-041": "an amount for each piece, and taxes on some of those before",
    "TO-049": "shipping taxed at the average rate of the lines; a charge has a tax code of its own",
    "TO-051": "as TO-049",
    "TO-055": "a discount above the order is capped there; here it is refused with what is possible",
}


def of_these_kinds():
    return {name for name, vector in VECTORS.items() if KINDS.fullmatch(vector["kind"])}


def test_every_case_is_sorted_once():
    assert len(of_these_kinds()) == 79
    assert OURS.keys() | OTHERWISE.keys() | NOT_OURS.keys() == of_these_kinds()
    assert len(OURS) + len(OTHERWISE) + len(NOT_OURS) == 79


@pytest.mark.parametrize("name", OURS)
def test_a_case_that_follows_our_rule_comes_to_the_same(name):
    OURS[name](VECTORS[name]["inputs"], VECTORS[name]["expected"])


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_case_that_chooses_otherwise_comes_to_what_the_table_says(name):
    reason, ours, amounts = OTHERWISE[name]
    assert reason
    assert list(ours(VECTORS[name]["inputs"])) == [D(amount) for amount in amounts]


def test_a_discount_above_the_order_is_refused():
    refused(VECTORS["TO-055"]["inputs"])
