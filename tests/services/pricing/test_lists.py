"""Lists that rest on lists, through the services: which list counts, chains, bounds against cost, refusals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.masters import alfki, chai, events_of, load
from tests.support.statements import sent_statements
from webapp.db import atomic, db
from webapp.domain.errors import BadInput
from webapp.domain.pricing.lists import Basis, Rounding
from webapp.models import Company, Customer, PriceList, Variant
from webapp.queries.pricing.list_choice import all_lists, list_for
from webapp.services.company import system_user, today
from webapp.services.customers.records import put_group
from webapp.services.pricing.bulk import load_prices
from webapp.services.pricing.derivation import Wanted, get_item_price, price_all
from webapp.services.pricing.lists import add_price_list, change_price_list
from webapp.services.stock.receipts import ReceiptLine, receive_stock

D = Decimal


@pytest.fixture
def goods(admin) -> None:
    load("customers", alfki(price_list="RETAIL"))
    load("items", chai(units={"case": "24"}), chai(sku="CHANG", name="Chang", unit="kg", quantity_step="0.001"))
    load("prices", {"list": "RETAIL", "sku": "CHAI", "unit_price": "20"})


def customer() -> Customer:
    return db.session.scalars(select(Customer)).one()


def price(sku: str = "CHAI", quantity: str = "1", list_code: str | None = None, on: date | None = None):
    variant = db.session.scalars(select(Variant).where(Variant.sku == sku)).one()
    list_id = db.session.scalar(select(PriceList.id).where(PriceList.code == list_code)) if list_code else None
    return get_item_price(variant, customer(), D(quantity), list_id, on=on)


def add(code: str, actor, **more) -> PriceList:
    return add_price_list(code=code, name=code.title(), currency="EUR", actor=actor, **more)


def receive(sku: str, cost: str) -> None:
    receive_stock("MAIN", [ReceiptLine(sku, D(10), unit_cost=D(cost))], actor=system_user())


# -- chains


def test_a_chain_of_three_lists_prices_what_the_first_names_and_what_nobody_names(admin, goods):
    add("GOLD", admin, parent="RETAIL", percent="-10")
    add("PLATINUM", admin, parent="GOLD", percent="-5", rounding_step="1", rounding_ending="0.99")

    found = price(list_code="PLATINUM")
    assert (found.unit_price, found.source) == (D("17.99"), "LIST")  # 20 - 10 % = 18, - 5 % = 17.10, up to .99
    assert [step.amount for step in found.derivation if step.won] == [D("17.99"), D(20), D(18), D("17.1"), D("17.99")]
    assert price("CHANG", list_code="GOLD").unit_price == D("16.2")  # Retail sells it at its base price of 18


def test_the_lists_of_a_chain_are_read_at_once_whatever_their_number_and_that_of_the_items(admin, goods):
    skus = [f"S-{n:03d}" for n in range(500)]
    load("items", *({"sku": sku, "name": sku, "base_price": "10", "tax_code": "VAT19"} for sku in skus))
    add("GOLD", admin, parent="RETAIL", percent="-10")
    add("PLATINUM", admin, parent="GOLD", percent="-5")
    rows = [
        {"customer": "ALFKI", "sku": sku, "unit_price": "7", "min_quantity": many}
        for sku in skus
        for many in range(2, 12)
    ]
    load_prices([*rows, *({"list": "RETAIL", "sku": sku, "unit_price": "9"} for sku in skus)], actor=admin)
    change_customer_list("PLATINUM")
    db.session.rollback()
    ours = customer()
    assert ours.group is None
    variants = db.session.scalars(select(Variant).where(Variant.sku.in_(skus)).order_by(Variant.sku)).all()

    day, counts = today(), []
    for wanted in (variants[:1], variants):
        with sent_statements() as seen:
            prices = price_all(ours, [Wanted(variant, D(1)) for variant in wanted], on=day)
        counts.append(len(seen))
        assert {one.unit_price for one in prices} == {D("7.695")}
        assert {len(one.derivation) for one in prices} == {len(prices[0].derivation)}
    assert counts[0] == counts[1] <= 5


def change_customer_list(code: str | None) -> None:
    with atomic():
        found = db.session.scalars(select(PriceList).where(PriceList.code == code)).one() if code else None
        db.session.scalars(select(Customer)).one().price_list = found


# -- cost


def test_a_list_from_cost_follows_the_moving_average_and_says_when_it_is_unknown(admin, goods):
    add("PLUS", admin, basis="COST", percent="25")
    unknown = price(list_code="PLUS")
    assert (unknown.unit_price, unknown.source) == (D(18), "BASE")
    assert "The cost of the item is unknown, so the list makes no price from it." in [
        step.detail for step in unknown.derivation
    ]

    receive("CHAI", "8")
    assert price(list_code="PLUS").unit_price == 10
    receive("CHAI", "12")
    assert price(list_code="PLUS").unit_price == D("12.5")


def test_floor_and_cap_hold_over_the_average_cost(admin, goods):
    add("LOW", admin, parent="RETAIL", percent="-90", floor_over_cost_percent="10", cap_over_cost_percent="50")
    assert price(list_code="LOW").unit_price == 2
    receive("CHAI", "8")
    assert price(list_code="LOW").unit_price == D("8.8")


# -- units


def test_breaks_count_in_the_base_unit_and_kilograms_have_three_decimals(admin, goods):
    load(
        "prices",
        {"list": "RETAIL", "sku": "CHAI", "min_quantity": "48", "unit_price": "17"},
        {"list": "RETAIL", "sku": "CHANG", "unit_price": "4"},
        {"list": "RETAIL", "sku": "CHANG", "min_quantity": "2.5", "unit_price": "3.2"},
    )
    assert [price(quantity=many).unit_price for many in ("24", "47", "48")] == [20, 20, 17]
    assert [price("CHANG", many).unit_price for many in ("2.499", "2.5", "2.501")] == [4, D("3.2"), D("3.2")]
    assert price(quantity="24").derivation[-1].detail == "Next break at 48 saves 144.00."


# -- which list counts


def test_the_customers_list_goes_before_the_groups_and_that_before_the_companys(admin, goods):
    add("GROUP", admin, basis="BASE", percent="-1")
    add("OURS", admin, basis="BASE", percent="-2")
    put_group("VIP", "Important", price_list="GROUP", actor=admin)
    load("customers", alfki(group="VIP", price_list="RETAIL"))
    with atomic():
        company = db.session.get_one(Company, 1)
        company.default_price_list_id = db.session.scalar(select(PriceList.id).where(PriceList.code == "OURS"))

    assert chosen() == ("RETAIL", "It is the list of the customer.")
    change_price_list("RETAIL", version=retail().version, is_active=False, actor=admin)
    assert chosen() == (
        "GROUP",
        "It is the list of the group Important. Retail, the list of the customer, is not in use.",
    )
    assert price().unit_price == D("17.82")
    change_customer_list(None)
    put_group("VIP", "Important", actor=admin)
    assert chosen() == ("OURS", "It is the list of the company.")
    with atomic():
        db.session.get_one(Company, 1).default_price_list_id = None
    assert chosen() == (None, "No list is in use for this customer, so items cost their base price.")


def chosen():
    found = list_for(customer(), all_lists())
    return (found.rule.code if found.rule else None), found.why


def retail() -> PriceList:
    return db.session.scalars(select(PriceList).where(PriceList.code == "RETAIL")).one()


def test_a_list_that_is_not_in_use_gives_no_price_even_when_it_is_named(admin, goods):
    add("DRAFT", admin, basis="BASE", percent="-50", is_active=False)
    found = price(list_code="DRAFT")
    assert (found.unit_price, found.source) == (18, "BASE")
    assert ("Price list Draft", "The list is not in use.") in [(step.label, step.detail) for step in found.derivation]


# -- saving


def test_a_list_keeps_what_it_is_made_of_and_changes_it_with_one_event(admin, goods):
    made = add("GOLD", admin, parent="RETAIL", percent="-10", rounding="nearest", rounding_step="0.05")
    assert (made.basis, made.rounding, made.rounding_step) == (Basis.LIST, Rounding.NEAREST, D("0.05"))
    change_price_list(
        "GOLD", version=1, basis="COST", parent="", percent="20", floor_over_cost_percent="5", actor=admin
    )

    gold = db.session.scalars(select(PriceList).where(PriceList.code == "GOLD")).one()
    assert (gold.basis, gold.parent, gold.floor_over_cost_percent) == (Basis.COST, None, 5)
    _, changed = events_of(gold)
    assert changed.details["before"]["basis"] == "LIST"
    assert changed.details["after"]["floor_over_cost_percent"] == "5"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"parent": "NONE"}, "There is no price list NONE."),
        ({"basis": "LIST"}, "Name the price list that this one rests on."),
        ({"basis": "BASE", "parent": "RETAIL"}, "Only a list that rests on another list names one."),
        ({"basis": "ROWS", "percent": "5"}, "changes none by percent"),
        ({"basis": "BASE", "currency": "USD"}, "Base prices and costs are in EUR, the list is in USD."),
        ({"floor_over_cost_percent": "1", "currency": "USD"}, "Costs are in EUR, the list is in USD."),
        ({"parent": "RETAIL", "currency": "USD"}, "Price list RETAIL is in EUR, not USD."),
        ({"rounding_ending": "0.99"}, "An ending needs the step"),
        ({"rounding_step": "1", "rounding_ending": "1"}, "must be less than the step"),
        ({"floor_over_cost_percent": "10", "cap_over_cost_percent": "9"}, "must not be below the floor"),
    ],
)
def test_a_list_that_cannot_be_is_refused_with_a_sentence(admin, goods, values, sentence):
    with pytest.raises(BadInput, match=sentence):
        add_price_list(**{"code": "NEW-1", "name": "New", "currency": "EUR"} | values, actor=admin)
    assert db.session.scalar(select(PriceList.id).where(PriceList.code == "NEW-1")) is None


def test_a_circle_of_three_lists_is_refused(admin, goods):
    add("GOLD", admin, parent="RETAIL")
    add("PLATINUM", admin, parent="GOLD")
    with pytest.raises(BadInput, match="cannot stand below itself"):
        change_price_list("RETAIL", version=retail().version, parent="PLATINUM", actor=admin)
    assert retail().parent_id is None


def test_a_price_of_the_past_is_told_by_the_rows_of_then(admin, goods):
    yesterday = today() - timedelta(days=1)
    add("GOLD", admin, parent="RETAIL", percent="-50")
    load("prices", {"list": "RETAIL", "sku": "CHANG", "unit_price": "10", "valid_to": yesterday})
    assert price("CHANG", list_code="GOLD", on=yesterday).unit_price == 5
    assert price("CHANG", list_code="GOLD").unit_price == 9
