"""Copying a price list with a change: onto itself and as a new list, with the effect shown before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.masters import alfki, chai, count_events, events_of, load
from tests.support.statements import count_statements
from webapp.db import db
from webapp.domain.errors import BadInput, Forbidden, Refused, StaleVersion
from webapp.models import ListPrice, PriceList, User, Variant
from webapp.queries.pricing.copies import preview_copy
from webapp.services.company import system_user, today
from webapp.services.pricing.copies import copy_price_list, read_copy
from webapp.services.pricing.lists import add_price_list, put_price
from webapp.services.stock.receipts import ReceiptLine, receive_stock

D = Decimal


@pytest.fixture
def retail(admin) -> PriceList:
    """A list with a price for any quantity, one from 24 on, and one that is over."""
    load("customers", alfki(price_list="RETAIL"), alfki(code="BOLID", name="Bolido"))
    load("items", chai(), chai(sku="CHANG", name="Chang"))
    load(
        "prices",
        {"list": "RETAIL", "sku": "CHAI", "unit_price": "20"},
        {"list": "RETAIL", "sku": "CHAI", "unit_price": "18.5", "min_quantity": "24"},
        {"list": "RETAIL", "sku": "CHANG", "unit_price": "30", "valid_to": "2020-12-31"},
    )
    return the_list()


def the_list(code: str = "RETAIL") -> PriceList:
    db.session.rollback()
    return db.session.scalars(select(PriceList).where(PriceList.code == code)).one()


def start() -> date:
    return today() + timedelta(days=10)


def rows(code: str = "RETAIL") -> list[tuple]:
    found = db.session.execute(
        select(Variant.sku, ListPrice.min_quantity, ListPrice.unit_price, ListPrice.valid_from, ListPrice.valid_to)
        .join(Variant)
        .join(PriceList)
        .where(PriceList.code == code)
        .order_by(Variant.sku, ListPrice.min_quantity, ListPrice.id)
    )
    return [tuple(row) for row in found]


def copy(price_list: PriceList, actor: User, **values) -> PriceList:
    return copy_price_list(
        price_list.code, version=price_list.version, actor=actor, **{"valid_from": start(), "percent": "5"} | values
    )


def test_an_increase_ends_the_old_prices_the_day_before_and_starts_the_new_ones(retail, admin):
    events = count_events()
    copy(retail, admin, rounding_step="1", rounding_ending="0.99")

    before = start() - timedelta(days=1)
    assert rows() == [
        ("CHAI", 0, 20, None, before),
        ("CHAI", 0, D("21.99"), start(), None),
        ("CHAI", 24, D("18.5"), None, before),
        ("CHAI", 24, D("19.99"), start(), None),
        ("CHANG", 0, 30, None, date(2020, 12, 31)),
    ]
    assert count_events() == events + 1
    event = events_of(the_list())[-1]
    assert (event.action, event.reason) == (
        "price_list.changed",
        f"2 prices changed by 5 % from {start().isoformat()}",
    )


def test_a_new_list_rests_on_the_same_and_is_a_draft_until_it_is_put_in_use(retail, admin):
    add_price_list(code="GOLD", name="Gold", currency="EUR", parent="RETAIL", percent="-10", actor=admin)
    put_price("GOLD", sku="CHAI", unit_price="15", actor=admin)
    made = copy(the_list("GOLD"), admin, new_code="GOLD-27", new_name="Gold 2027")

    assert (made.parent.code, made.percent, made.is_active) == ("RETAIL", -10, False)
    assert rows("GOLD-27") == [("CHAI", 0, D("15.75"), start(), None)]
    assert rows("GOLD") == [("CHAI", 0, 15, None, None)]
    (event,) = events_of(made)
    assert (event.action, event.details["after"]["copied_from"]) == ("price_list.added", "GOLD")


def test_the_copy_of_a_list_with_tax_in_its_prices_has_it_too_and_shows_no_margin_against_costs_without(retail, admin):
    add_price_list(code="SHELF", name="Shelf", currency="EUR", prices_include_tax=True, actor=admin)
    put_price("SHELF", sku="CHAI", unit_price="23.80", actor=admin)
    receive_stock("MAIN", [ReceiptLine("CHAI", D(10), unit_cost=D(14))], actor=system_user())
    given = {"valid_from": start(), "percent": "5", "new_code": "SHELF-27", "new_name": "Shelf 2027"}
    (effect,) = preview_copy(the_list("SHELF"), read_copy(given), user=admin).effects
    made = copy(the_list("SHELF"), admin, **given)

    assert made.prices_include_tax
    assert (effect.new.unit_price, effect.margin) == (D("24.99"), None)


def test_what_was_previewed_is_published_or_nothing(retail, admin):
    version = retail.version
    put_price("RETAIL", sku="CHANG", unit_price="9", actor=admin)
    with pytest.raises(StaleVersion):
        copy_price_list("RETAIL", version=version, valid_from=start(), percent="5", actor=admin)
    assert {row[3] for row in rows()} == {None}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"valid_from": ""}, "Valid from is missing."),
        ({"percent": "-101"}, "between -100 and 1000"),
        ({"rounding_ending": "0.99"}, "An ending needs the step"),
        ({"new_code": "RETAIL", "new_name": "Again"}, "There is a price list RETAIL already."),
        ({"new_code": "NEXT"}, "A new list needs a name."),
        ({"valid_from": "2020-01-01"}, "from today on, or later"),
    ],
)
def test_a_copy_that_cannot_be_is_refused_and_writes_nothing(retail, admin, values, sentence):
    events, stored = count_events(), rows()
    with pytest.raises(BadInput, match=sentence):
        copy(retail, admin, **values)
    db.session.rollback()
    assert (count_events(), rows()) == (events, stored)


def test_a_day_on_which_prices_start_already_and_a_list_without_prices_are_refused(retail, admin, seller):
    copy(retail, admin)
    with pytest.raises(Refused, match=r"start on .* already"):
        copy(the_list(), admin)
    add_price_list(code="EMPTY", name="Empty", currency="EUR", actor=admin)
    with pytest.raises(Refused, match="names no price that is valid"):
        copy(the_list("EMPTY"), admin)
    with pytest.raises(Forbidden):
        copy(the_list(), seller)


def test_the_preview_shows_old_and_new_price_margin_and_customers_and_writes_nothing(retail, admin):
    receive_stock("MAIN", [ReceiptLine("CHAI", D(10), unit_cost=D(14))], actor=system_user())
    load("customers", alfki(code="OTHER", name="Other", price_list="RETAIL"))
    load("prices", {"customer": "OTHER", "sku": "CHAI", "unit_price": "1"})
    stored = rows()
    found = preview_copy(the_list(), read_copy({"valid_from": start(), "percent": "5"}), user=admin)

    assert (found.prices, found.ended, found.customers, found.clash) == (2, 2, 2, False)
    assert [customer.code for customer in found.some_customers] == ["ALFKI", "OTHER"]
    first, second = found.effects
    assert (first.new.old.unit_price, first.new.unit_price, first.new.change_percent) == (20, 21, 5)
    assert (first.margin, first.customers) == (D("33.3"), 1)
    assert second.new.unit_price == D("19.425")
    assert rows() == stored


def test_lists_that_rest_on_the_copied_one_and_their_customers_are_affected_too(retail, admin):
    add_price_list(code="GOLD", name="Gold", currency="EUR", parent="RETAIL", percent="-10", actor=admin)
    load("customers", alfki(code="GOLDIE", name="Goldie", price_list="GOLD"))
    copying = read_copy({"valid_from": start(), "percent": "5"})
    assert preview_copy(the_list(), copying, user=admin).customers == 2
    assert preview_copy(the_list("GOLD"), copying, user=admin).customers == 1
    fresh = read_copy({"valid_from": start(), "percent": "5", "new_code": "NEXT", "new_name": "Next"})
    assert preview_copy(the_list(), fresh, user=admin).customers == 0


def test_a_copy_of_many_prices_takes_as_many_statements_as_one_of_few(retail, admin):
    few = count_statements(lambda: copy(the_list(), admin, new_code="FEW", new_name="Few"))
    skus = [f"S-{n:03d}" for n in range(300)]
    load("items", *({"sku": sku, "name": sku, "tax_code": "VAT19"} for sku in skus))
    load("prices", *({"list": "RETAIL", "sku": sku, "unit_price": "9"} for sku in skus))
    many = count_statements(lambda: copy(the_list(), admin, new_code="MANY", new_name="Many"))
    assert (many, len(rows("MANY"))) == (few, 302)

    page = preview_copy(the_list(), read_copy({"valid_from": start(), "percent": "5"}), user=admin)
    rest = preview_copy(
        the_list(), read_copy({"valid_from": start(), "percent": "5"}), user=admin, cursor=page.items.cursor
    )
    assert (len(page.items.rows), page.prices, rest.prices) == (40, 302, 302)
    assert page.items.rows[-1].sku < rest.items.rows[0].sku
