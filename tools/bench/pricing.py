"""What pricing costs: 500 lines beside the pure arithmetic of their totals, and a key typed in a long and a short one.

The customer's list rests on two others, 5,000 prices are agreed with the customer and 200 promotions are published,
some of them over several lines. Both sides of each pair work by turns in one process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload

from tests.support.factories import make_customer
from tests.support.web import log_in
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.documents.totals import document_totals
from webapp.domain.permissions import Role
from webapp.domain.pricing.lists import Basis
from webapp.domain.promotions.choice import Sale, promote, with_promotions
from webapp.domain.promotions.terms import Benefit
from webapp.models import (
    Category,
    Customer,
    CustomerPrice,
    Item,
    ListPrice,
    Order,
    PriceList,
    Promotion,
    PromotionScope,
    PromotionState,
    TaxCode,
    User,
    UserRole,
    Variant,
)
from webapp.queries.orders.amounts import document_lines
from webapp.queries.promotions.rules import live_rules
from webapp.services.company import today
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.pricing.derivation import Wanted, gift_prices, price_all

CUSTOMER = "PRICED"
LINES, FEW = 500, 5
CATALOGUE = 5000
PROMOTIONS = 200
CATEGORIES = 20
MOST_TIMES_PURE, MOST_TIMES_FEW = 4, 1.5


@dataclass
class Pair:
    """Two ways or sizes, timed by turns (seconds)."""

    name: str
    dear: Callable[[], object]
    cheap: Callable[[], object]
    most: float
    dear_times: list[float] = field(default_factory=list)
    cheap_times: list[float] = field(default_factory=list)

    def turn(self) -> None:
        """Each once."""
        self.dear_times.append(_timed(self.dear))
        self.cheap_times.append(_timed(self.cheap))

    @property
    def ratios(self) -> list[float]:
        return [dear / cheap for dear, cheap in zip(self.dear_times, self.cheap_times, strict=True)]


def pairs(app: Flask) -> list[Pair]:
    """The company's prices, and what is timed on them."""
    seller = _fill()
    many, few = _order(LINES, seller), _order(FEW, seller)
    priced, totalled = _pricing(many)
    client = log_in(app, db.session.get_one(User, seller))
    return [
        Pair(f"{LINES} lines: prices, and their totals alone", priced, totalled, MOST_TIMES_PURE),
        Pair(f"a key in {LINES} lines, and in {FEW}", _key(client, many), _key(client, few), MOST_TIMES_FEW),
    ]


def report(measured: list[Pair], *, left_out: int) -> None:
    """Print the table without the first turns of each."""
    print("\nPricing: a list on two others, 5,000 agreed prices, 200 promotions (medians)\n")
    print(f"{'':48}{'ms':>8}{'ms':>8}{'ratio':>8}")
    for pair in measured:
        dear, cheap = (statistics.median(times[left_out:]) * 1000 for times in (pair.dear_times, pair.cheap_times))
        ratio = statistics.median(pair.ratios[left_out:])
        print(f"{pair.name:48}{dear:>8.1f}{cheap:>8.1f}{ratio:>8.2f}   (wanted: {pair.most} or less)")


# -- what is timed ----------------------------------------------------------------------------------------------------


def _pricing(number: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Asking the rules for every line of an order, and totalling its lines as they are."""
    order = db.session.scalars(
        select(Order)
        .where(Order.order_number == number)
        .options(joinedload(Order.lines), joinedload(Order.customer).joinedload(Customer.group))
    ).unique().one()  # fmt: skip
    wanted = [Wanted(line.variant, line.quantity) for line in order.lines]
    lines, currency, day = document_lines(order), order.currency, order.order_date
    customer = order.customer

    def price() -> object:
        listed = price_all(customer, wanted, on=day)
        live = live_rules(customer, {one.variant.id for one in wanted}, on=day)
        sales = [
            Sale(one.variant.id, live.categories.get(one.variant.id), one.quantity, found.unit_price)
            for one, found in zip(wanted, listed, strict=True)
        ]
        gifts = gift_prices(customer, live.rules, on=day)
        promoted = promote(sales, live.rules, on=day, currency=currency, prices=gifts).lines
        return [with_promotions(one, after) for one, after in zip(listed, promoted, strict=True)]

    return price, lambda: document_totals(lines, currency=currency)


def _key(client: FlaskClient, number: str) -> Callable[[], object]:
    def press() -> object:
        answer = client.get(f"/orders/{number}/entry?entry=P-7+x3+-2%25", headers={"HX-Request": "true"})
        if answer.status_code != 200 or b"Order then" not in answer.data:
            raise RuntimeError(f"The typed line was answered {answer.status_code}.")
        return answer

    return press


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# -- the company ------------------------------------------------------------------------------------------------------


def _fill() -> int:
    """Items, lists, agreed prices and promotions, each kind by one insert; answers who sells."""
    make_customer(CUSTOMER, credit_limit=Decimal(10**9))
    with atomic():
        seller = User(email="priced@example.com", name="Nancy Davolio", created_at=clock.now())
        seller.role_rows = [UserRole(role=Role.SALES), UserRole(role=Role.SALES_MANAGER)]
        db.session.add(seller)
        variants = _items()
        _lists(variants)
        _agreed(variants)
        _promotions(variants)
    return seller.id


def _items() -> list[Variant]:
    code = db.session.scalars(select(TaxCode).where(TaxCode.code == "STD")).one()
    categories = [Category(name=f"Category {place}") for place in range(CATEGORIES)]
    variants = [
        Variant(
            item=Item(name=f"Priced {place}", category=categories[place % CATEGORIES]),
            sku=f"P-{place}",
            name=f"Priced {place}",
            base_price=Decimal(10 + place) / 7 // Decimal("0.01") * Decimal("0.01"),
            tax_code=code,
            created_at=clock.now(),
        )
        for place in range(CATALOGUE)
    ]
    db.session.add_all(variants)
    db.session.flush()
    return variants


def _lists(variants: list[Variant]) -> None:
    """A list with rows, one on it, and one on that, which is the customer's."""
    retail = PriceList(code="P-1", name="Retail", currency="EUR")
    trade = PriceList(code="P-2", name="Trade", currency="EUR", basis=Basis.LIST, parent=retail, percent=Decimal(-10))
    gold = PriceList(code="P-3", name="Gold", currency="EUR", basis=Basis.LIST, parent=trade, percent=Decimal(-5))
    db.session.add_all([retail, trade, gold])
    db.session.flush()
    rows = [
        {"price_list_id": retail.id, "variant_id": one.id, "min_quantity": Decimal(0), "unit_price": one.base_price}
        for one in variants
    ]
    db.session.execute(insert(ListPrice), rows)
    db.session.scalars(select(Customer).where(Customer.code == CUSTOMER)).one().price_list_id = gold.id


def _agreed(variants: list[Variant]) -> None:
    """A price for every item of the catalogue, from ten pieces on."""
    customer = db.session.scalars(select(Customer).where(Customer.code == CUSTOMER)).one()
    rows = [
        {
            "customer_id": customer.id,
            "variant_id": one.id,
            "min_quantity": Decimal(10),
            "unit_price": (one.base_price or Decimal(1)) * 97 / 100,
        }
        for one in variants
    ]
    db.session.execute(insert(CustomerPrice), rows)


def _promotions(variants: list[Variant]) -> None:
    """Most for single items, some for categories, four for everything; every tenth counts over several lines."""
    categories = [one.id for one in db.session.scalars(select(Category).order_by(Category.id))][:CATEGORIES]
    for place in range(PROMOTIONS):
        scopes = []
        if place % 50:
            by_item = place % 4
            scopes = [
                PromotionScope(variant_id=variants[place * 2].id)
                if by_item
                else PromotionScope(category_id=categories[place // 4 % CATEGORIES])
            ]
        db.session.add(
            Promotion(
                code=f"PROMO-{place}", name=f"Promotion {place}", state=PromotionState.PUBLISHED,
                benefit=Benefit.PERCENT, percent=Decimal(1 + place % 9), min_quantity=Decimal(place % 30),
                over_lines=place % 10 == 0, valid_from=today(), created_at=clock.now(), scopes=scopes,
            )
        )  # fmt: skip


def _order(count: int, seller: int) -> str:
    lines = [LineInput(f"P-{place}", Decimal(1 + place % 40)) for place in range(count)]
    number = create_order(OrderInput(CUSTOMER, lines), actor=db.session.get_one(User, seller)).number
    db.session.rollback()
    return number
