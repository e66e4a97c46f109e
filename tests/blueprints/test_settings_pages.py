"""Pages of the settings, and each form on them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.support.web import submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import Company, TaxClassRule, TaxCode
from webapp.queries.people.users import user_by_email


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_settings_are_changed_and_a_stale_form_says_so(stocked, browse):
    client = browse(Role.ADMIN)
    version = field(client.get("/settings/company").text, "version")
    form = {"version": version, "name": "Northwind", "country": "DE", "time_zone": "Europe/Berlin", "quote_days": "14"}
    assert submit(client, "/settings/company", form | {"time_zone": "Mars"}).status_code == 422
    needs = submit(client, "/settings/company", form | {"approval_policy": "UP_TO_AMOUNT"})
    assert "Say up to which amount orders approve themselves." in needs.text
    assert submit(client, "/settings/company", form).status_code == 303
    assert submit(client, "/settings/company", form | {"name": "South"}).status_code == 409
    db.session.rollback()
    company = db.session.get(Company, 1)
    assert (company.name, company.quote_days) == ("Northwind", 14)
    assert submit(browse(Role.ACCOUNTANT), "/settings/company", form).status_code == 403


def test_a_user_is_added_with_roles_and_later_switched_off(stocked, browse):
    client = browse(Role.ADMIN)
    data = {"name": "Will Haus", "email": "will@example.com", "password": "three green bottles", "role_warehouse": "y"}
    assert submit(client, "/settings/users", data | {"password": "password"}).status_code == 422
    assert submit(client, "/settings/users", data).status_code == 303
    db.session.rollback()
    will = user_by_email("will@example.com")
    assert (will.roles, will.is_active) == ({Role.WAREHOUSE}, True)
    rights = {"version": "1", "role_sales": "y", "max_discount": "7.5", "own_customers_only": "y", "is_active": "y"}
    assert submit(client, "/settings/users/will@example.com", rights).status_code == 303
    stale = submit(client, "/settings/users/will@example.com", rights | {"max_discount": "9"})
    assert (stale.status_code, "Maximum discount in percent 9 7.5" in words(stale)) == (409, True)
    assert submit(client, "/settings/users/will@example.com", {"version": "2", "max_discount": ""}).status_code == 303
    db.session.rollback()
    will = user_by_email("will@example.com")
    assert (will.roles, will.is_active, will.own_customers_only) == (set(), False, False)


def test_administrators_cannot_change_their_own_rights(stocked, browse):
    client = browse(Role.ADMIN)
    assert "Save rights" not in client.get("/settings/users/admin@example.com").text
    form = {"version": "1", "role_admin": "y", "role_accountant": "y", "is_active": "y", "max_discount": ""}
    answer = submit(client, "/settings/users/admin@example.com", form)
    assert (answer.status_code, "You cannot change your own rights." in words(answer)) == (400, True)
    db.session.rollback()
    assert user_by_email("admin@example.com").roles == {Role.ADMIN}


SETTINGS = {
    "/settings/terms": {"code": "N7", "name": "7 days", "net_days": "7"},
    "/settings/methods": {"code": "WIRE", "name": "Wire", "account_code": "1000", "is_active": "y"},
    "/settings/exchange-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "0.9"},
    "/settings/locations": {"code": "A-1", "name": "Shelf", "parent": "MAIN"},
    "/settings/categories": {"name": "Coffee", "parent": "Tea"},
    "/settings/discount-limits": {"category": "Tea", "role": "sales", "percent": "8"},
    "/settings/customer-groups": {"code": "KEY", "name": "Key accounts", "price_list": "RETAIL"},
    "/settings/tax-codes": {"code": "VAT7", "name": "7 %", "category": "S", "percent": "7", "valid_from": "2020-01-01"},
    "/settings/tax-codes/rules": {
        "tax_class": "export",
        "country": "CH",
        "item_tax_code": "VAT19",
        "tax_code": "VAT19",
    },
    "/settings/tax-codes/VAT19/rates": {"percent": "20", "valid_from": "2030-01-01", "version": "1"},
    "/settings/tax-codes/VAT19": {"name": "Nineteen", "exemption_reason": "", "version": "1"},
}


@pytest.mark.parametrize("path", SETTINGS)
def test_each_setting_is_saved_by_its_form_and_comes_back_when_it_is_wrong(stocked, browse, path):
    client = browse(Role.ADMIN)
    first = next(name for name in SETTINGS[path] if name not in ("parent", "version"))
    wrong = submit(client, path, SETTINGS[path] | {first: "\x00"})
    assert (wrong.status_code, "data-error-summary" in wrong.text) == (422, True)
    assert submit(client, path, SETTINGS[path]).status_code == 303
    assert submit(browse(Role.SALES), path, SETTINGS[path]).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *SETTINGS, "/customers", "/customers/ALFKI", "/customers/ALFKI/credit-limit", "/customers/ALFKI/extra-credit",
        "/customers/ALFKI/status", "/customers/ALFKI/addresses", "/items", "/items/CHAI", "/prices/lists",
        "/prices/lists/RETAIL", "/prices/lists/RETAIL/rows", "/prices/customers/ALFKI/rows", "/settings/users",
        "/settings/users/admin@example.com",
        "/settings/users/admin@example.com/discount-limits", "/settings/company", "/settings/locations/MAIN",
        "/settings/discount-limits/removal", "/settings/users/admin@example.com/discount-limits/removal",
        "/settings/tax-codes/rules/removal", "/settings/exchange-rates/removal", "/settings/imports",
    ],
)  # fmt: skip
def test_an_empty_form_is_refused_in_a_sentence(stocked, browse, path):
    answer = submit(browse(Role.ADMIN, Role.SALES_MANAGER, Role.WAREHOUSE), path, {})
    assert answer.status_code in (400, 404, 409, 422), answer.status_code


def test_what_was_set_is_taken_away_again(stocked, browse):
    client = browse(Role.ADMIN)
    for path in ("/settings/exchange-rates", "/settings/categories", "/settings/tax-codes/rules",
                 "/settings/tax-codes/VAT19/rates"):  # fmt: skip
        submit(client, path, SETTINGS[path])
    for path, data in (
        ("/settings/exchange-rates/removal", {"currency": "USD", "valid_from": "2026-01-01"}),
        ("/settings/categories/removal", {"name": "Coffee"}),
        ("/settings/tax-codes/rules/removal", {"tax_class": "export", "country": "CH", "item_tax_code": "VAT19"}),
        ("/settings/tax-codes/VAT19/rates/removal", {"valid_from": "2030-01-01", "version": "2"}),
    ):
        assert submit(client, path, data).status_code == 303, path
    assert submit(client, "/settings/categories/removal", {"name": "Tea"}).status_code == 400
    db.session.rollback()
    assert len(db.session.scalars(db.select(TaxCode)).one().rates) == 1
    assert db.session.scalars(db.select(TaxClassRule)).all() == []


def test_a_location_is_moved_and_taken_out_of_use(stocked, browse):
    client = browse(Role.WAREHOUSE)
    submit(client, "/settings/locations", SETTINGS["/settings/locations"])
    change = {"version": "1", "name": "Shelf 1", "parent": ""}
    assert submit(client, "/settings/locations/A-1", change).status_code == 303
    assert "Shelf 1 0 out of use" in words(client.get("/settings/locations"))
    assert submit(client, "/settings/locations/A-1", {"version": "1", "name": "Shelf"}).status_code == 409


def test_a_category_is_renamed_by_the_form_that_edits_it(stocked, browse):
    client = browse(Role.ADMIN)
    assert submit(client, "/settings/categories?edit=Tea", {"name": "Teas", "parent": ""}).status_code == 303
    assert "Teas" in words(client.get("/settings/categories"))


def test_a_role_gets_a_limit_in_a_category_and_loses_it_again(stocked, browse):
    client = browse(Role.ADMIN)
    submit(client, "/settings/discount-limits", SETTINGS["/settings/discount-limits"])
    assert "Tea Sales 8 %" in words(client.get("/settings/discount-limits"))
    edited = client.get("/settings/discount-limits?category=Tea&role=sales").text
    assert 'value="8"' in edited
    submit(client, "/settings/discount-limits", SETTINGS["/settings/discount-limits"] | {"percent": "9"})
    assert "Tea Sales 9 %" in words(client.get("/settings/discount-limits"))
    gone = {"category": "Tea", "role": "sales"}
    assert submit(client, "/settings/discount-limits/removal", gone).status_code == 303
    assert submit(client, "/settings/discount-limits/removal", gone).status_code == 404
    assert "None yet" in words(client.get("/settings/discount-limits"))


def test_a_user_gets_a_limit_in_a_category_on_their_own_page(stocked, browse):
    client, path = browse(Role.ADMIN), "/settings/users/sales@example.com"
    browse(Role.SALES)
    wrong = submit(client, f"{path}/discount-limits", {"category": "Tea", "percent": "101"})
    assert (wrong.status_code, "The limit was not saved" in wrong.text) == (422, True)
    assert submit(client, f"{path}/discount-limits", {"category": "Tea", "percent": "12.5"}).status_code == 303
    assert "Tea 12.5 %" in words(client.get(path))
    assert "Tea Sales 12.5 %" in words(client.get("/settings/discount-limits"))
    assert submit(client, f"{path}/discount-limits/removal", {"category": "Tea"}).status_code == 303
    assert "5 % everywhere" in words(client.get(path))
    own = submit(client, "/settings/users/admin@example.com/discount-limits", {"category": "Tea", "percent": "1"})
    assert (own.status_code, "Ask another administrator." in words(own)) == (400, True)
    assert "Save limit" not in client.get("/settings/users/admin@example.com").text


def test_margin_floors_are_set_for_the_company_and_for_a_category(stocked, browse):
    client = browse(Role.ADMIN)
    version = field(client.get("/settings/company").text, "version")
    form = {"version": version, "name": "N", "country": "DE", "time_zone": "Europe/Berlin", "quote_days": "14"}
    assert submit(client, "/settings/company", form | {"margin_floor_percent": "100.5"}).status_code == 422
    assert submit(client, "/settings/company", form | {"margin_floor_percent": "12.5"}).status_code == 303
    tea = {"name": "Tea", "parent": ""}
    assert submit(client, "/settings/categories?edit=Tea", tea | {"margin_floor": "x"}).status_code == 422
    assert submit(client, "/settings/categories?edit=Tea", tea | {"margin_floor": "3"}).status_code == 303
    assert "Tea 1 3 %" in words(client.get("/settings/categories"))
    db.session.rollback()
    company = db.session.get(Company, 1)
    assert (company.margin_floor_percent, company.approval_policy_version) == (Decimal("12.5"), 2)
    assert submit(client, "/settings/categories?edit=Tea", tea | {"margin_floor": ""}).status_code == 303
    assert "Tea 1 Remove" not in words(client.get("/settings/categories"))
    assert "3 %" not in words(client.get("/settings/categories"))


def test_a_tax_code_is_made_of_others_and_shows_what_they_charge(stocked, browse):
    client = browse(Role.ADMIN)
    new = {"category": "S", "valid_from": "2020-01-01"}
    for code, percent in (("GST", "5"), ("QST", "9.975"), ("BOTH", "0")):
        submit(client, "/settings/tax-codes", new | {"code": code, "name": code, "percent": percent})
    assert "What it charges today: 100.00 → GST 5.00" in words(client.get("/settings/tax-codes/GST"))

    made_of = {"version": "1", "part_1": "GST", "part_2": "QST"}
    twice = submit(client, "/settings/tax-codes/BOTH/parts", made_of | {"part_2": "GST"})
    assert (twice.status_code, "A part stands there twice." in words(twice)) == (422, True)
    assert submit(client, "/settings/tax-codes/BOTH/parts", made_of).status_code == 303
    page = client.get("/settings/tax-codes/BOTH")
    assert "100.00 → GST 5.00, QST 9.98" in words(page)
    assert "the rates of its parts count" in words(page)
    assert "14.975 % (GST + QST)" in words(client.get("/settings/tax-codes"))

    on_tax = made_of | {"version": "2", "on_previous_2": "y"}
    assert submit(client, "/settings/tax-codes/BOTH/parts", on_tax).status_code == 303
    assert "100.00 → GST 5.00, QST 10.47" in words(client.get("/settings/tax-codes/BOTH"))
    assert submit(client, "/settings/tax-codes/BOTH/parts", on_tax).status_code == 409
    assert submit(browse(Role.SALES), "/settings/tax-codes/BOTH/parts", made_of).status_code == 403


def test_cash_rounding_is_set_refused_and_removed(stocked, browse):
    client = browse(Role.ADMIN)
    bad = submit(client, "/settings/cash-rounding", {"currency": "CHF", "unit": "0.01"})
    assert (bad.status_code, "Unit must be more than 0.01" in words(bad)) == (422, True)
    assert submit(client, "/settings/cash-rounding", {"currency": "CHF", "unit": "0.05"}).status_code == 303
    assert "CHF CHF 0.05" in words(client.get("/settings/cash-rounding")).replace("\u202f", " ")
    assert submit(client, "/settings/cash-rounding/removal", {"currency": "CHF"}).status_code == 303
    assert "None yet: every total stands" in words(client.get("/settings/cash-rounding"))
    assert submit(browse(Role.SALES), "/settings/cash-rounding", {"currency": "CHF", "unit": "1"}).status_code == 403
