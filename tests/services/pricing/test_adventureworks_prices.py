"""Every interval of a real price history: an order dated inside it, on its first and on its last day gets its price."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from tests.support.masters import alfki, load
from webapp.db import db
from webapp.models import Customer, Variant
from webapp.services.pricing.derivation import Wanted, get_item_price, price_all
from webapp.services.pricing.lists import add_price_list

DATA = Path(__file__).parents[2] / "data" / "adventureworks" / "list_prices.csv"
LONG_AFTER = timedelta(days=4000)


class Interval(NamedTuple):
    """A price of a product between two days, both included; ``last`` None is without end."""

    sku: str
    first: date
    last: date | None
    price: Decimal

    @property
    def days(self) -> tuple[date, date, date]:
        """Its first day, one inside, and its last; of one without end a day long after."""
        last = self.last or self.first + LONG_AFTER
        return self.first, self.first + (last - self.first) / 2, last


def intervals() -> list[Interval]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return [
            Interval(
                row["ProductID"],
                date.fromisoformat(row["StartDate"]),
                date.fromisoformat(row["EndDate"]) if row["EndDate"] else None,
                Decimal(row["ListPrice"]),
            )
            for row in csv.DictReader(file)
        ]


@pytest.fixture
def customer(system) -> Customer:
    add_price_list(code="AW", name="AdventureWorks", currency="EUR", actor=system)
    load("customers", alfki(price_list="AW"))
    load("items", *({"sku": sku, "name": sku, "tax_code": "VAT19"} for sku in {one.sku for one in intervals()}))
    rows = [
        {"list": "AW", "sku": one.sku, "unit_price": one.price, "valid_from": one.first, "valid_to": one.last}
        for one in intervals()
    ]
    load("prices", *rows)
    return db.session.scalars(select(Customer)).one()


def test_each_of_395_intervals_gives_its_price_on_its_first_day_inside_and_on_its_last(customer):
    variants = {variant.sku: variant for variant in db.session.scalars(select(Variant))}
    asked: dict[date, list[Interval]] = defaultdict(list)
    for one in intervals():
        for day in one.days:
            asked[day].append(one)

    wrong, checks = [], 0
    for day, found in asked.items():
        prices = price_all(customer, [Wanted(variants[one.sku], Decimal(1)) for one in found], on=day)
        checks += len(prices)
        wrong += [(one, day) for one, price in zip(found, prices, strict=True) if price.unit_price != one.price]

    assert checks == 395 * 3
    assert wrong == []


def test_the_day_before_the_first_interval_of_a_product_has_no_price(customer):
    first = min(intervals(), key=lambda one: one.first)
    variant = db.session.scalars(select(Variant).where(Variant.sku == first.sku)).one()
    before = get_item_price(variant, customer, Decimal(1), on=first.first - timedelta(days=1))
    assert before.unit_price is None
    assert {step.detail for step in before.derivation if step.valid_from == first.first} == {
        f"It starts on {first.first.isoformat()}."
    }
    start = get_item_price(variant, customer, Decimal(1), on=first.first)
    assert (start.derivation[0].valid_from, start.derivation[0].valid_to) == (first.first, first.last)
