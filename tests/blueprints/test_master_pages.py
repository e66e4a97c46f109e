"""Pages of master data: customers, items, prices, settings, search, files."""

from __future__ import annotations

import re

import pytest

from tests.support import web
from tests.support.web import HTMX, submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import Customer
from webapp.queries.customers.records import customer_record, customers_by_code
from webapp.queries.items.records import item_record, variants_by_sku
from webapp.services.customers import records as customer_service

PAGES = {
    "/customers": {Role.SALES: 200, Role.ADMIN: 200},
    "/customers/new": {Role.SALES: 403, Role.SALES_MANAGER: 200},
    "/customers/ALFKI": {Role.SALES: 200, Role.WAREHOUSE: 200},
    "/customers/ALFKI/edit": {Role.SALES: 403, Role.ACCOUNTANT: 200},
    "/customers/ALFKI/credit": {Role.SALES: 403, Role.SALES_MANAGER: 200},
    "/customers/ALFKI/addresses/new": {Role.SALES: 403, Role.ADMIN: 200},
    "/customers/NOBODY": {Role.SALES: 404},
    "/items": {Role.SALES: 200, Role.ADMIN: 200},
    "/items/new": {Role.SALES: 403, Role.ADMIN: 200},
    "/items/CHAI": {Role.SALES: 200, Role.SALES_MANAGER: 200},
    "/items/CHAI/edit": {Role.SALES_MANAGER: 403, Role.ADMIN: 200},
    "/items/NONE": {Role.SALES: 404},
    "/prices": {Role.SALES: 200, Role.SALES_MANAGER: 200},
    "/prices/lists/new": {Role.SALES: 403, Role.SALES_MANAGER: 200},
    "/prices/lists/RETAIL": {Role.SALES: 200, Role.ADMIN: 200},
    "/prices/lists/RETAIL/edit": {Role.SALES: 403, Role.ADMIN: 200},
    "/prices/tester": {Role.SALES: 200, Role.WAREHOUSE: 200},
    "/promotions": {Role.SALES: 200, Role.ACCOUNTANT: 200},
    "/promotions/new": {Role.SALES: 403, Role.SALES_MANAGER: 200},
    "/promotions/NONE": {Role.SALES: 404},
    "/prices/customers/ALFKI": {Role.SALES: 200, Role.SALES_MANAGER: 200},
    "/settings": {Role.SALES: 403, Role.SALES_MANAGER: 200, Role.ACCOUNTANT: 200, Role.ADMIN: 200},
    "/settings/company": {Role.SALES: 403, Role.ACCOUNTANT: 200, Role.ADMIN: 200},
    "/settings/users": {Role.ACCOUNTANT: 403, Role.ADMIN: 200},
    "/settings/users/new": {Role.SALES_MANAGER: 403, Role.ADMIN: 200},
    "/settings/tax-codes": {Role.SALES: 403, Role.ADMIN: 200},
    "/settings/tax-codes/VAT19": {Role.ACCOUNTANT: 200, Role.ADMIN: 200},
    "/settings/tax-codes/rules": {Role.SALES: 403, Role.ADMIN: 200},
    "/settings/terms": {Role.SALES: 403, Role.ADMIN: 200},
    "/settings/terms?edit=NET30": {Role.ADMIN: 200},
    "/settings/methods": {Role.ACCOUNTANT: 200},
    "/settings/exchange-rates": {Role.ADMIN: 200},
    "/settings/locations": {Role.SALES: 200, Role.WAREHOUSE: 200},
    "/settings/locations?edit=MAIN": {Role.WAREHOUSE: 200},
    "/settings/categories": {Role.SALES: 200, Role.ADMIN: 200},
    "/settings/customer-groups": {Role.SALES: 200, Role.SALES_MANAGER: 200},
    "/settings/imports": {Role.SALES: 403, Role.SALES_MANAGER: 200, Role.ADMIN: 200},
    "/search": {Role.SALES: 200},
    "/search?q=nothing": {Role.WAREHOUSE: 200},
}


def alfreds() -> Customer:
    db.session.rollback()
    return customers_by_code(["ALFKI"])["ALFKI"]


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_for_who_may_see_it(stocked, browse, path):
    for role, status in PAGES[path].items():
        assert browse(role).get(path).status_code == status, role


@pytest.mark.parametrize("path", ["/customers", "/items", "/prices/lists/RETAIL", "/prices/customers/ALFKI"])
def test_a_list_answers_htmx_with_its_piece_alone(stocked, browse, path):
    piece = browse(Role.SALES).get(f"{path}?q=zzz", headers=HTMX).text
    assert piece.strip().startswith("<section") or "<html" not in piece
    assert 'id="list"' in piece
    assert "zzz" in piece


def test_a_filter_is_a_chip_that_leads_to_the_list_without_it(stocked, browse):
    page = browse(Role.SALES).get("/customers?q=alf&status=open&sort=-code").text
    assert 'href="/customers?q=alf&amp;sort=-code" aria-label="Remove filter Open"' in page


def test_a_customer_is_added_by_a_plain_form_and_shown(stocked, browse):
    client = browse(Role.SALES_MANAGER)
    data = {"code": "QUICK", "name": "QUICK-Stop", "currency": "EUR", "payment_terms": "NET30", "credit_limit": "5"}
    answer = submit(client, "/customers", data)
    assert (answer.status_code, answer.location) == (303, "/customers/QUICK")
    assert "QUICK-Stop" in words(client.get("/customers/QUICK"))


def test_a_wrong_customer_form_comes_back_as_typed_with_every_error_beside_its_field(stocked, browse):
    data = {"code": "ALFKI", "name": "", "currency": "EUR", "payment_terms": "NET30", "credit_limit": "ten"}
    client = browse(Role.ADMIN)
    answer = submit(client, "/customers", data | {"code": "B"})
    assert answer.status_code == 422
    assert 'value="ten"' in answer.text
    assert '<a href="#name">Name is missing.</a>' in answer.text
    assert "Credit limit must be a number" in answer.text
    assert "Error: New customer" in answer.text
    taken = submit(client, "/customers", data | {"name": "A", "credit_limit": ""})
    assert "There is a customer ALFKI already." in taken.text


def test_the_same_form_sent_twice_adds_one_customer(stocked, browse):
    client = browse(Role.ADMIN)
    data = {"code": "B", "name": "Berg", "currency": "EUR", "payment_terms": "NET30", "idempotency_key": "once"}
    assert [submit(client, "/customers", data).status_code for _ in range(2)] == [303, 303]
    other = submit(client, "/customers", data | {"code": "C"})
    assert other.status_code == 409
    assert set(db.session.scalars(db.select(Customer.code))) == {"ALFKI", "B"}


def test_a_stale_form_shows_both_values_and_settles_field_by_field(stocked, browse, session):
    client = browse(Role.ADMIN)
    version = field(client.get("/customers/ALFKI/edit").text, "version")
    boss = web.add_user(Role.SALES_MANAGER, email="steven@example.com", name="Steven Buchanan")
    customer_service.change_customer("ALFKI", version=int(version), name="Alfreds", phone="1", actor=boss)
    form = {"version": version, "name": "Alfred", "phone": "2", "contact": "Maria", "currency": "EUR"}
    stale = submit(client, "/customers/ALFKI", form)
    assert stale.status_code == 409
    said = words(stale)
    assert "Customer ALFKI was changed by Steven Buchanan since you opened it." in said
    assert "Name Alfred Alfreds" in said
    assert 'value="Maria"' in stale.text
    again = form | {"version": field(stale.text, "version"), "keep_name": "theirs", "keep_phone": "yours"}
    assert submit(client, "/customers/ALFKI", again).status_code == 303
    record = customer_record(alfreds())
    assert (record["name"], record["phone"], record["contact"]) == ("Alfreds", "2", "Maria")


def test_fields_a_form_does_not_have_cannot_be_slipped_in(stocked, browse):
    before = customer_record(alfreds())
    form = {"version": "2", "name": "A", "credit_limit": "999999", "status": "CLOSED", "code": "X", "extra_credit": "9"}
    submit(browse(Role.ACCOUNTANT), "/customers/ALFKI", form | {"version": str(alfreds().version)})
    after = customer_record(alfreds())
    assert {name for name in after if after[name] != before[name]} == {"name"}


def test_limit_extra_and_status_have_forms_of_their_own(stocked, browse):
    client = browse(Role.SALES_MANAGER)

    def send(path: str, **data: str):
        return submit(client, f"/customers/ALFKI/{path}", {"version": str(alfreds().version), **data})

    assert send("credit-limit", credit_limit="500", tolerated_days="3", reason="Bad news").status_code == 303
    assert send("credit-limit", credit_limit="500", reason="").status_code == 422
    assert send("extra-credit", extra_credit="50", extra_credit_until="2199-12-31", reason="Fair").status_code == 303
    wrong = send("extra-credit", extra_credit="50", extra_credit_until="", reason="Fair")
    assert 'href="#extra-extra_credit_until"' in wrong.text
    assert send("status", status="blocked", reason="Insolvent?").status_code == 303
    assert send("status", status="asleep", reason="x").status_code == 422
    customer = alfreds()
    assert (customer.credit_limit, customer.extra_credit, customer.status) == (500, 50, "BLOCKED")
    page = words(client.get("/customers/ALFKI"))
    assert "Blocked" in page
    assert "Sales_Manager changed the status (status from OPEN to BLOCKED): Insolvent?." in page


def test_delivery_addresses_are_added_chosen_and_removed(stocked, browse):
    client = browse(Role.ADMIN)

    def send(path: str, **data: str):
        return submit(client, f"/customers/ALFKI/addresses{path}", {"version": str(alfreds().version), **data})

    assert send("", name="Lager", city="Ulm", country="DE").status_code == 303
    assert send("", name="Filiale", country="").status_code == 422
    assert send("", name="Filiale", city="Bonn", country="DE").status_code == 303
    ids = {address.city: address.id for address in alfreds().addresses}
    assert send(f"/{ids['Bonn']}/default").status_code == 303
    assert send(f"/{ids['Ulm']}/removal").status_code == 303
    assert send(f"/{ids['Berlin']}/removal").status_code == 404, "the billing address is part of the record"
    assert customer_record(alfreds())["shipping_city"] == "Bonn"


def test_a_seller_of_other_customers_finds_nothing_here(stocked, app):
    client = web.log_in(app, web.add_user(Role.SALES, own_customers_only=True))
    for path in ("/customers/ALFKI", "/prices/customers/ALFKI"):
        assert client.get(path).status_code == 404
    assert "Alfreds" not in client.get("/customers").text
    assert "Alfreds" not in client.get("/search?q=alfreds").text


def test_an_item_is_added_changed_and_refused(stocked, browse):
    client = browse(Role.ADMIN)
    data = {"sku": "CHANG", "name": "Chang", "unit": "box", "tax_code": "VAT19", "base_price": "19", "is_active": "y"}
    assert submit(client, "/items", data).location == "/items/CHANG"
    assert submit(client, "/items", data | {"base_price": "-1", "sku": "X"}).status_code == 422
    stale = submit(client, "/items/CHANG", {"version": "0", "name": "Changed", "is_active": "y"})
    assert stale.status_code == 409
    assert "Name Changed Chang" in words(stale)
    assert submit(client, "/items/CHANG", {"version": "1", "name": "Changed", "is_active": "y"}).status_code == 303
    db.session.rollback()
    record = item_record(variants_by_sku(["CHANG"])["CHANG"])
    assert (record["name"], record["is_active"]) == ("Changed", True)


def test_cost_is_shown_only_to_who_may_see_it(stocked, browse):
    from webapp.services.company import system_user
    from webapp.services.stock.bulk import load_stock

    load_stock([{"sku": "CHAI", "location": "MAIN", "quantity": "4", "unit_cost": "7.77"}], actor=system_user())
    assert "7.77" in browse(Role.ADMIN).get("/items/CHAI").text
    assert "7.77" not in browse(Role.SALES).get("/items/CHAI").text


def test_prices_are_set_and_removed_on_lists_and_for_customers(stocked, browse):
    client = browse(Role.SALES_MANAGER)
    row = {"sku": "CHAI", "unit_price": "16", "min_quantity": "24"}
    for path in ("/prices/lists/RETAIL", "/prices/customers/ALFKI"):
        assert submit(client, f"{path}/rows", row).location == path
        page = client.get(path).text
        assert "16.00" in page
        wrong = submit(client, f"{path}/rows", row | {"sku": "NONE"})
        assert (wrong.status_code, "There is no item NONE." in wrong.text) == (422, True)
        removal = re.findall(rf'action="({path}/rows/\d+/removal)"', page)
        assert len(removal) == 2
        assert submit(client, removal[0]).status_code == 303
        assert len(re.findall("/removal", client.get(path).text)) == 1


def test_a_price_list_is_added_and_changed(stocked, browse):
    client = browse(Role.ADMIN)
    data = {"code": "GOLD", "name": "Gold", "currency": "EUR", "parent": "RETAIL", "percent": "-10", "is_active": "y"}
    assert submit(client, "/prices/lists", data).location == "/prices/lists/GOLD"
    assert "costs as on Retail" in words(client.get("/prices/lists/GOLD"))
    change = {"name": "Golden", "parent": "", "percent": "0", "version": "1"}
    assert submit(client, "/prices/lists/GOLD", change).status_code == 303
    assert submit(client, "/prices/lists/GOLD", change | {"name": "Other"}).status_code == 409


def test_search_leads_an_exact_number_to_its_page_and_shows_the_rest(stocked, browse):
    client = browse(Role.SALES)
    assert client.get("/search?q=alfki").location == "/customers/ALFKI"
    assert client.get("/search?q=CHAI").location == "/items/CHAI"
    found = client.get("/search?q=cha")
    assert (found.status_code, 'href="/items/CHAI"' in found.text) == (200, True)
    piece = client.get("/search?q=alfki", headers=HTMX)
    assert (piece.status_code, "<html" in piece.text, 'id="results"' in piece.text) == (200, False, True)
