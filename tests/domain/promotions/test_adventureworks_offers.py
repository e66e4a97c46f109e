"""The offers of AdventureWorks as promotions, tried on its 1,566 sample orders (tests/data/adventureworks).

The orders are of 2011, the offers of 2022 to 2025: the orders are moved by eleven years. Their tax has no rule and is
taken as it is given.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from webapp.domain.documents.totals import DocumentLine, document_totals
from webapp.domain.money import round_half_up
from webapp.domain.promotions.choice import Sale, promote
from webapp.domain.promotions.terms import Benefit, PromotionRule

D = Decimal
DATA = Path(__file__).parents[2] / "data" / "adventureworks"
NO_DISCOUNT = "1"
VOLUME = (2, 3, 4, 5, 6)
YEARS = 11


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text, years=0):
    found = date.fromisoformat(text[:10])
    return found.replace(year=found.year + years)


@pytest.fixture(scope="module")
def offers():
    products = defaultdict(set)
    for row in rows("special_offer_product.csv"):
        products[row["SpecialOfferID"]].add(int(row["ProductID"]))
    return [
        PromotionRule(
            int(row["SpecialOfferID"]),
            row["Description"],
            Benefit.PERCENT,
            D(row["DiscountPct"]) * 100,
            all_items=False,
            variants=frozenset(products[row["SpecialOfferID"]]),
            valid_from=day(row["StartDate"]),
            valid_to=day(row["EndDate"]),
            min_quantity=D(row["MinQty"]),
            max_quantity=D(row["MaxQty"]) if row["MaxQty"] else None,
        )
        for row in rows("special_offer.csv")
        if row["SpecialOfferID"] != NO_DISCOUNT
    ]


@pytest.fixture(scope="module")
def orders():
    lines = defaultdict(list)
    for row in rows("order_details.csv"):
        lines[row["salesorderid"]].append(row)
    return [(head, lines[head["salesorderid"]]) for head in rows("orders.csv")]


def promoted(head, lines, offers):
    sales = [Sale(int(line["productid"]), None, D(line["orderqty"]), D(line["unitprice"])) for line in lines]
    return promote(sales, offers, on=day(head["orderdate"], YEARS), currency="USD", prices={}).lines


def test_there_are_15_offers_and_1566_orders_with_5675_lines(offers, orders):
    assert len(offers) == 15
    assert (len(orders), sum(len(lines) for _, lines in orders)) == (1566, 5675)


def test_every_line_of_eleven_or_more_gets_the_offer_of_its_band_and_no_other_line_gets_one(offers, orders):
    large = 0
    for head, lines in orders:
        for line, found in zip(lines, promoted(head, lines, offers), strict=True):
            named = () if line["specialofferid"] == NO_DISCOUNT else (int(line["specialofferid"]),)
            assert found.applied == named, line
            assert found.unit_price == D(line["unitprice"]) * (1 - D(line["unitpricediscount"]))
            large += int(line["orderqty"]) >= 11
            assert (int(line["orderqty"]) >= 11) == (found.applied != () and found.applied[0] in VOLUME)
    assert large == 34


def test_unrounded_every_order_comes_to_its_subtotal_to_four_decimals(offers, orders):
    for head, lines in orders:
        found = promoted(head, lines, offers)
        subtotal = sum((D(line["orderqty"]) * one.unit_price for line, one in zip(lines, found, strict=True)), D(0))
        assert round_half_up(subtotal, 4) == D(head["subtotal"]), head["salesorderid"]
        assert D(head["subtotal"]) + D(head["taxamt"]) + D(head["freight"]) == D(head["totaldue"])


def test_in_cents_232_orders_come_to_another_subtotal_since_each_line_is_rounded(offers, orders):
    """Their subtotals keep fractions of a cent (523 orders); a document of ours has none. 232 of these differ from
    their own subtotal in cents, by at most half a cent for each of their lines."""
    fractions, other = 0, 0
    for head, lines in orders:
        found = promoted(head, lines, offers)
        totals = document_totals(
            [
                DocumentLine(place, line["productid"], D(line["orderqty"]), one.unit_price, D(0), "Z", D(0))
                for place, (line, one) in enumerate(zip(lines, found, strict=True), 1)
            ],
            currency="USD",
        )
        theirs = D(head["subtotal"])
        fractions += theirs != round_half_up(theirs, 2)
        other += totals.net_total != round_half_up(theirs, 2)
        assert abs(totals.net_total - theirs) <= len(lines) * D("0.005")
    assert (fractions, other) == (523, 232)
