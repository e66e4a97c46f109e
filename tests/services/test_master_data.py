from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.masters import alfki, chai, count_events, events_of, load
from webapp.db import db
from webapp.domain.errors import BadInput, Forbidden, NotFound, Refused, StaleVersion
from webapp.models import Category, CustomerPrice, ExchangeRate, ListPrice, Location, PaymentTerm, TaxClassRule, TaxCode
from webapp.queries.customers.records import customers_by_code
from webapp.services.items import records as items
from webapp.services.pricing import lists as price_lists
from webapp.services.pricing import of_customers as customer_prices
from webapp.services.settings import terms
from webapp.services.stock import locations
from webapp.services.taxes import codes as tax_codes


def test_an_item_is_added_and_changed_with_one_event_each(admin):
    variant = items.add_item(**chai(), actor=admin)
    before = count_events()
    items.change_item("CHAI", version=1, base_price="19.00", reorder_level="5", actor=admin)
    assert (variant.base_price, variant.reorder_level, variant.version) == (Decimal(19), Decimal(5), 2)
    assert count_events() == before + 1
    assert [event.action for event in events_of(variant)] == ["item.added", "item.changed"]
    assert events_of(variant)[-1].details == {
        "before": {"base_price": "18.000000", "reorder_level": "0.000000"},
        "after": {"base_price": "19", "reorder_level": "5"},
    }


def test_a_sku_is_taken_once_and_stays(admin):
    items.add_item(**chai(), actor=admin)
    with pytest.raises(BadInput, match="There is an item CHAI already"):
        items.add_item(**chai(), actor=admin)
    with pytest.raises(BadInput, match="A SKU stays what it is"):
        items.change_item("CHAI", version=1, sku="TEA", actor=admin)
    with pytest.raises(NotFound):
        items.change_item("TEA", version=1, name="Tea", actor=admin)


def test_an_older_version_is_refused_with_both_values(admin):
    items.add_item(**chai(), actor=admin)
    items.change_item("CHAI", version=1, base_price="19.00", actor=admin)
    with pytest.raises(StaleVersion) as refusal:
        items.change_item("CHAI", version=1, base_price="20.00", actor=admin)
    assert refusal.value.message == (
        "Item CHAI was changed by Ada Admin since you opened it. Nothing of yours was saved yet."
    )
    assert refusal.value.details == {"version": 2, "fields": {"base_price": {"yours": "20", "now": "19"}}}


def test_a_salesperson_changes_no_master_data(seller):
    with pytest.raises(Forbidden):
        items.add_item(**chai(), actor=seller)
    with pytest.raises(Forbidden):
        price_lists.put_price("RETAIL", sku="CHAI", unit_price="1", actor=seller)
    with pytest.raises(Forbidden):
        locations.add_location("A", "A", actor=seller)
    with pytest.raises(Forbidden):
        tax_codes.add_tax_code(code="A", name="A", percent="1", valid_from="2026-01-01", actor=seller)
    with pytest.raises(Forbidden):
        terms.put_payment_term("N", name="N", actor=seller)


def test_categories_form_a_tree_without_circles(admin):
    items.add_category("Food", actor=admin)
    items.add_category("Drinks", parent="Food", actor=admin)
    with pytest.raises(BadInput, match="A category cannot stand below itself"):
        items.change_category("Food", new_name="Food", parent="Drinks", actor=admin)
    with pytest.raises(Refused, match="has categories below it"):
        items.remove_category("Food", actor=admin)
    items.add_item(**chai(category="Drinks"), actor=admin)
    with pytest.raises(Refused, match="Items are in category Drinks"):
        items.remove_category("Drinks", actor=admin)
    items.change_category("Drinks", new_name="Beverages", actor=admin)
    assert {row.name: row.parent_id for row in db.session.scalars(select(Category))}["Beverages"] is None


def test_a_bin_stands_inside_its_warehouse(admin):
    locations.add_location("A-01", "Shelf 1", parent="MAIN", actor=admin)
    with pytest.raises(BadInput, match="A location cannot stand below itself"):
        locations.change_location("MAIN", version=1, parent="A-01", actor=admin)
    location = locations.change_location("A-01", version=1, name="Shelf one", is_active="no", actor=admin)
    assert (location.name, location.is_active, location.parent.code) == ("Shelf one", False, "MAIN")
    with pytest.raises(StaleVersion):
        locations.change_location("A-01", version=1, name="Shelf", actor=admin)
    assert db.session.scalar(select(Location.version).where(Location.code == "A-01")) == 2


def test_a_tax_code_has_dated_rates(admin):
    tax_codes.set_tax_rate("VAT19", percent="20", valid_from="2027-01-01", version=1, actor=admin)
    code = db.session.scalars(select(TaxCode)).one()
    assert (code.rate_on(date(2026, 12, 31)), code.rate_on(date(2027, 1, 1))) == (Decimal(19), Decimal(20))
    tax_codes.remove_tax_rate("VAT19", valid_from="2027-01-01", version=2, actor=admin)
    with pytest.raises(Refused, match="would be left without a rate"):
        tax_codes.remove_tax_rate("VAT19", valid_from="2020-01-01", version=3, actor=admin)
    with pytest.raises(StaleVersion):
        tax_codes.set_tax_rate("VAT19", percent="21", valid_from="2028-01-01", version=1, actor=admin)


def test_an_export_code_is_zero_and_says_why(admin):
    with pytest.raises(BadInput, match="needs an exemption reason"):
        tax_codes.add_tax_code(
            code="EXP", name="Export", category="G", percent="0", valid_from="2020-01-01", actor=admin
        )
    tax_codes.add_tax_code(
        code="EXP",
        name="Export",
        category="G",
        percent="0",
        valid_from="2020-01-01",
        exemption_reason="Export outside the EU",
        actor=admin,
    )
    with pytest.raises(BadInput, match="must have the rate 0"):
        tax_codes.set_tax_rate("EXP", percent="19", valid_from="2026-01-01", version=1, actor=admin)


def test_a_tax_class_turns_one_code_into_another(admin):
    tax_codes.add_tax_code(code="ZERO", name="Zero", category="Z", percent="0", valid_from="2020-01-01", actor=admin)
    tax_codes.set_tax_class_rule("export", "VAT19", "ZERO", actor=admin)
    assert db.session.scalars(select(TaxClassRule)).one().tax_class == "export"
    tax_codes.set_tax_class_rule("export", "VAT19", "", actor=admin)
    assert db.session.scalars(select(TaxClassRule)).all() == []


def test_a_price_list_has_rows_and_may_rest_on_another_of_its_currency(admin):
    load("items", chai())
    price_lists.put_price("RETAIL", sku="CHAI", min_quantity="0", unit_price="17", actor=admin)
    price_lists.put_price("RETAIL", sku="CHAI", min_quantity="0", unit_price="17.50", actor=admin)
    row = db.session.scalars(select(ListPrice)).one()
    assert row.unit_price == Decimal("17.5")
    price_lists.add_price_list(code="GOLD", name="Gold", currency="EUR", parent="RETAIL", percent="-10", actor=admin)
    with pytest.raises(BadInput, match="Price list RETAIL is in EUR, not USD"):
        price_lists.add_price_list(code="USA", name="USA", currency="USD", parent="RETAIL", actor=admin)
    with pytest.raises(BadInput, match="A price list cannot stand below itself"):
        price_lists.change_price_list("RETAIL", version=3, parent="GOLD", actor=admin)
    price_lists.remove_price("RETAIL", row.id, actor=admin)
    assert db.session.scalars(select(ListPrice)).all() == []


def test_a_price_is_agreed_with_one_customer_and_ended(manager):
    load("items", chai())
    load("customers", alfki())
    customer = customer_prices.put_customer_price("ALFKI", sku="CHAI", unit_price="15", actor=manager)
    row = db.session.scalars(select(CustomerPrice)).one()
    customer_prices.remove_customer_price("ALFKI", row.id, actor=manager)
    assert [event.action for event in events_of(customer)][1:] == ["customer_price.changed"] * 2
    with pytest.raises(BadInput, match="There is no item TEA"):
        customer_prices.put_customer_price("ALFKI", sku="TEA", unit_price="15", actor=manager)


def test_terms_methods_and_rates_are_added_and_changed(admin):
    terms.put_payment_term("EOM10", name="10th of next month", net_days="0", end_of_month="yes", extra_days="10",
                           actor=admin)  # fmt: skip
    assert db.session.get(PaymentTerm, "EOM10").extra_days == 10
    terms.put_payment_method("WIRE", name="Wire", needs_reference="yes", account_code="1000", actor=admin)
    with pytest.raises(BadInput, match="Choose the account"):
        terms.put_payment_method("WIRE", name="Wire", account_code="1200", actor=admin)
    terms.put_exchange_rate("USD", valid_from="2026-01-01", rate="0.9", actor=admin)
    terms.put_exchange_rate("USD", valid_from="2026-01-01", rate="0.91", actor=admin)
    assert db.session.scalars(select(ExchangeRate.rate)).one() == Decimal("0.91")
    with pytest.raises(BadInput, match="its rate is always 1"):
        terms.put_exchange_rate("EUR", valid_from="2026-01-01", rate="1", actor=admin)
    terms.remove_exchange_rate("USD", valid_from="2026-01-01", actor=admin)
    assert customers_by_code([]) == {}
