"""Several taxes on a line, and prices that include tax, as programs and people see them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import web
from tests.support.factories import (
    make_desk,
    make_posted_invoice,
    make_shipped_order,
    make_tax_code,
)
from tests.support.programs import Program, ok, token_for
from tests.support.web import words
from webapp.db import atomic, db
from webapp.models import TaxCode, Variant
from webapp.services.taxes.parts import set_tax_parts

D = Decimal


@pytest.fixture
def desk(session):
    """A-1 is taxed by GST and QST; ACME buys from a list whose prices include tax."""
    staff = make_desk()
    with atomic():
        for code, percent in (("GST", "5"), ("QST", "9.975"), ("BOTH", "0")):
            make_tax_code(code, D(percent))
    set_tax_parts("BOTH", [("GST", False), ("QST", False)], version=1, actor=staff.admin)
    with atomic():
        item = db.session.scalars(db.select(Variant).filter_by(sku="A-1")).one()
        item.tax_code = db.session.scalars(db.select(TaxCode).filter_by(code="BOTH")).one()
    return staff


@pytest.fixture
def shop(app, desk):
    """A program that put a gross list in place for ACME."""
    admin = Program(app, token_for(desk.admin))
    made = admin.post("/price_lists/", {"code": "SHOP", "name": "Shop", "currency": "EUR", "prices_include_tax": True})
    assert ok(made, 201)["prices_include_tax"] is True
    ok(admin.post("/price_lists/SHOP/prices/", {"sku": "A-1", "unit_price": "114.975"}), 201)
    customer = ok(admin.get("/customers/ACME/"))
    ok(admin.patch("/customers/ACME/", {"price_list": "SHOP", "version": customer["version"]}))
    return admin


def test_an_order_answers_each_tax_of_a_line(app, desk):
    sales = Program(app, token_for(desk.sales))
    order = ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 2}]}), 201)
    assert order["prices_include_tax"] is False
    assert order["lines"][0]["tax_parts"] == [
        {"name": "GST", "category": "S", "percent": 5, "amount": "10.00"},
        {"name": "QST", "category": "S", "percent": "9.975", "amount": "19.95"},
    ]
    page = web.log_in(app, desk.sales).get(f"/orders/{order['order_number']}?why=1")
    assert "plus 14.975 % tax, 29.95 (GST 10.00, QST 19.95)" in words(page)


def test_documents_of_a_gross_list_say_that_their_prices_include_tax(app, desk, shop):
    price = ok(shop.get("/pricing/price/", sku="A-1", customer="ACME"))
    assert (price["unit_price"], price["includes_tax"]) == ("114.975", True)

    number = make_shipped_order({"A-1": 2}, desk)
    order = ok(shop.get(f"/sales/orders/{number}/"))
    assert (order["prices_include_tax"], order["total"], order["net_total"]) == (True, "229.95", "200.00")
    page = web.log_in(app, desk.sales).get(f"/orders/{number}?why=1")
    assert "prices include tax" in words(page)
    assert "including 14.975 % tax, 29.95 (GST 10.00, QST 19.95)" in words(page)

    invoice = make_posted_invoice(number, desk)
    told = ok(shop.get(f"/sales/invoices/{invoice.id}/"))
    assert (told["prices_include_tax"], told["total"]) == (True, "229.95")
    assert [part["amount"] for part in told["lines"][0]["tax_parts"]] == ["10.00", "19.95"]
    browser = web.log_in(app, desk.accountant)
    for path in (f"/invoices/{invoice.invoice_number}", f"/invoices/{invoice.invoice_number}/print"):
        text = words(browser.get(path))
        assert "Gross EUR" in text
        assert "GST 5" in text
    assert "Prices include tax" in words(browser.get(f"/invoices/{invoice.invoice_number}/print"))
    assert browser.get(f"/invoices/{invoice.invoice_number}.pdf").status_code == 200
    assert "Prices include tax" in words(browser.get("/prices/lists/SHOP"))
