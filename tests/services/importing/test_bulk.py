from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.masters import alfki, chai, count_events, events_of, load
from tests.support.statements import count_statements
from webapp.db import db
from webapp.domain.errors import Forbidden
from webapp.models import Category, Customer, Item, ListPrice, PriceList, Variant
from webapp.queries.customers.records import customer_record, customers_by_code
from webapp.queries.items.records import item_record, variants_by_sku
from webapp.services.bulk_outcome import RowsRefused
from webapp.services.customers.bulk import load_customers
from webapp.services.items.bulk import load_items
from webapp.services.pricing.bulk import load_prices


def customer(code: str = "ALFKI") -> Customer:
    return customers_by_code([code])[code]


def variant(sku: str = "CHAI") -> Variant:
    return variants_by_sku([sku])[sku]


def test_a_new_customer_is_added_with_its_addresses_and_one_event(system):
    before = count_events()
    loaded = load("customers", alfki(credit_limit="10000", billing_city="Berlin", billing_country="de"))
    assert loaded.counts == {"added": 1, "changed": 0, "unchanged": 0, "refused": 0}
    record = customer_record(customer())
    assert record["credit_limit"] == Decimal(10000)
    assert (record["billing_name"], record["billing_city"], record["billing_country"]) == (
        "Alfreds Futterkiste",
        "Berlin",
        "DE",
    )
    assert record["shipping_country"] == ""
    assert count_events() == before + 1
    assert [entry.action for entry in events_of(customer())] == ["data.imported"]


def test_loading_customers_twice_changes_nothing(system):
    rows = [alfki(credit_limit="10000.00", billing_city="Berlin", billing_country="DE", tax_id="DE136695976")]
    load("customers", *rows)
    version = customer().version
    assert load("customers", *rows).counts == {"added": 0, "changed": 0, "unchanged": 1, "refused": 0}
    assert customer().version == version


def test_fields_that_a_row_does_not_name_stay(system):
    load("customers", alfki(email="maria@alfreds.example", credit_limit="500"))
    loaded = load("customers", {"code": "ALFKI", "name": "Alfreds"})
    assert loaded.changes == {"ALFKI": {"before": {"name": "Alfreds Futterkiste"}, "after": {"name": "Alfreds"}}}
    assert customer_record(customer()) | {} == customer_record(customer()) | {
        "name": "Alfreds",
        "email": "maria@alfreds.example",
        "credit_limit": Decimal(500),
    }


def test_one_wrong_row_keeps_all_out_and_every_wrong_row_is_named(system):
    with pytest.raises(RowsRefused) as refusal:
        load("customers", alfki(), alfki(code="B", currency="XXX"), alfki(code="C", payment_terms="NEVER"))
    assert refusal.value.details == {
        "row 2": "Currency XXX is not a currency code of ISO 4217, like EUR.",
        "row 3": "There is no payment terms NEVER.",
    }
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"code": "new"}, "Code cannot be new: the program uses that word itself."),
        ({"name": ""}, "Name is missing."),
        ({"credit_limit": "-1"}, "Credit limit must not be negative."),
        ({"credit_limit": "1.005"}, "Credit limit may have 2 decimals at most."),
        ({"credit_limit": "NaN"}, "Credit limit must be a number in plain digits, like 1234.56."),
        ({"billing_city": "Berlin"}, "Billing country is missing."),
        ({"billing_country": "Germany"}, "Billing country GERMANY must be the two letters of a country, like DE."),
        ({"billing_country": "DE", "tax_id": "136695978"}, "Tax id 136695978 is not a valid number of DE."),
        ({"price_list": "GOLD"}, "There is no price list GOLD."),
        ({"currency": "USD", "price_list": "RETAIL"}, "Price list RETAIL is in EUR, not USD."),
        ({"sales_rep": "nobody@example.com"}, "There is no user nobody@example.com."),
        ({"tolerated_days": "-3"}, "Tolerated days must be a whole number from 0 to 3650."),
        ({"status": "asleep"}, "Status asleep is not one of: open, blocked, closed."),
        ({"colour": "red"}, "Colour is not a field here."),
        ({"name": "A\x00B"}, "Name contains the control character U+0000, which cannot be stored."),
    ],
)
def test_a_wrong_field_of_a_customer_is_refused_with_a_sentence(system, wrong, sentence):
    with pytest.raises(RowsRefused) as refusal:
        load("customers", alfki(**wrong))
    assert sentence in refusal.value.refused[0].message


def test_the_same_customer_twice_in_one_load_is_refused(system):
    with pytest.raises(RowsRefused, match="stands in these rows twice"):
        load("customers", alfki(), alfki())


def test_clearing_an_address_removes_it(system):
    load("customers", alfki(shipping_city="Ulm", shipping_country="DE", shipping_name="Lager"))
    load("customers", alfki(shipping_city="", shipping_country="", shipping_name=""))
    assert customer().addresses == []


def test_a_salesperson_may_not_load_customers(seller):
    with pytest.raises(Forbidden):
        load_customers([alfki()], actor=seller)


def test_an_item_is_added_with_category_and_units_and_loading_it_twice_changes_nothing(system):
    row = chai(category="Beverages", units="case=24; pallet=960", barcode="4006381333931", reorder_level="10")
    assert load("items", row).added == 1
    assert load("items", row).counts == {"added": 0, "changed": 0, "unchanged": 1, "refused": 0}
    record = item_record(variant())
    assert record["units"] == {"case": Decimal(24), "pallet": Decimal(960)}
    assert (record["category"], record["item"], record["base_price"]) == ("Beverages", "", Decimal(18))
    assert db.session.scalar(select(func.count()).select_from(Category)) == 1


def test_variants_of_one_item_share_it(system):
    load(
        "items",
        chai(sku="SHIRT-S", name="Shirt, small", item="Shirt"),
        chai(sku="SHIRT-M", name="Shirt, medium", item="Shirt"),
    )
    assert variant("SHIRT-S").item_id == variant("SHIRT-M").item_id
    assert db.session.scalar(select(func.count()).select_from(Item)) == 1


def test_renaming_an_item_alone_keeps_item_and_variant_together(system):
    load("items", chai())
    load("items", {"sku": "CHAI", "name": "Masala chai", "units": "case=12"})
    assert variant().item.name == "Masala chai"
    assert item_record(variant())["units"] == {"case": Decimal(12)}


def test_a_barcode_belongs_to_one_item(system):
    load("items", chai(barcode="1"))
    with pytest.raises(RowsRefused, match="Barcode 1 belongs to CHAI"):
        load("items", chai(sku="CHANG", barcode="1"))
    with pytest.raises(RowsRefused, match="Barcode 2 belongs to A"):
        load("items", chai(sku="A", barcode="2"), chai(sku="B", barcode="2"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sku": "=1+1"}, "must begin with a letter or digit"),
        ({"tax_code": "VAT7"}, "There is no tax code VAT7."),
        ({"base_price": "1e5"}, "Base price must be a number in plain digits"),
        ({"tracking": "smell"}, "Tracking smell is not one of: none, batch, serial."),
        ({"units": "case"}, "Units must be written like case=24; pallet=960, not case."),
        ({"units": "case=0"}, "Units must be more than 0."),
        ({"minimum_quantity": "-1"}, "Minimum quantity must not be negative."),
    ],
)
def test_a_wrong_field_of_an_item_is_refused_with_a_sentence(system, wrong, sentence):
    with pytest.raises(RowsRefused) as refusal:
        load("items", chai(**wrong))
    assert sentence in refusal.value.refused[0].message


def test_a_salesperson_may_not_load_items_or_prices(seller):
    with pytest.raises(Forbidden):
        load_items([chai()], actor=seller)
    with pytest.raises(Forbidden):
        load_prices([], actor=seller)


def price(**more):
    return {"list": "RETAIL", "sku": "CHAI", "min_quantity": "0", "unit_price": "17.50"} | more


def test_prices_are_added_changed_and_left_alone(system):
    load("items", chai())
    rows = [price(), price(min_quantity="24", unit_price="16.00", valid_from="2026-01-01")]
    assert load("prices", *rows).added == 2
    assert load("prices", *rows).counts == {"added": 0, "changed": 0, "unchanged": 2, "refused": 0}
    assert load("prices", price(unit_price="17.60", valid_to="2026-12-31")).changed == 1
    row = db.session.scalars(select(ListPrice).where(ListPrice.min_quantity == 0)).one()
    assert (row.unit_price, row.valid_to) == (Decimal("17.60"), date(2026, 12, 31))
    assert db.session.scalars(select(PriceList)).one().version == 3


def test_a_price_of_one_customer_is_in_the_customers_currency(system):
    load("items", chai())
    load("customers", alfki())
    assert load("prices", price(list="", customer="ALFKI", unit_price="15")).added == 1
    with pytest.raises(RowsRefused, match="ALFKI has prices in EUR, not USD"):
        load("prices", price(list="", customer="ALFKI", currency="USD"))


def test_a_list_is_begun_when_the_row_says_its_currency(system):
    load("items", chai())
    with pytest.raises(RowsRefused, match="There is no price list GOLD"):
        load("prices", price(list="GOLD"))
    load("prices", price(list="GOLD", currency="USD"))
    assert {found.code: found.currency for found in db.session.scalars(select(PriceList))} == {
        "RETAIL": "EUR",
        "GOLD": "USD",
    }


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sku": "TEA"}, "There is no item TEA."),
        ({"list": "", "customer": "NOBODY"}, "There is no customer NOBODY."),
        ({"customer": "ALFKI"}, "A price belongs to a list or to a customer: name one of them."),
        ({"valid_from": "2026-05-02", "valid_to": "2026-05-01"}, "The last day 2026-05-01 lies before the first day"),
        ({"unit_price": ""}, "Unit price is missing."),
    ],
)
def test_a_wrong_field_of_a_price_is_refused_with_a_sentence(system, wrong, sentence):
    load("items", chai())
    with pytest.raises(RowsRefused) as refusal:
        load("prices", price(**wrong))
    assert sentence in refusal.value.refused[0].message


@pytest.mark.parametrize("kind", ["customers", "items", "prices"])
def test_a_load_takes_the_same_number_of_statements_for_one_row_and_for_forty(system, kind):
    def rows(start: int, count: int) -> list[dict[str, str]]:
        places = range(start, start + count)
        if kind == "customers":
            return [alfki(code=f"C{n}", billing_city="Ulm", billing_country="DE") for n in places]
        if kind == "items":
            return [chai(sku=f"I{n}", name=f"Item {n}", units="case=12") for n in places]
        return [price(min_quantity=str(n)) for n in places]

    load("items", chai())
    first = count_statements(lambda: load(kind, *rows(1, 1)))
    assert count_statements(lambda: load(kind, *rows(100, 40))) == first
    assert count_statements(lambda: load(kind, *rows(100, 40))) < first + 8, "loading again locks and compares"
