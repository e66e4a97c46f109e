"""The page of an invoice without an order: rows that are filled, rows that are wrong, and changing a draft."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import make_customer, make_desk
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import db
from webapp.domain.states import InvoiceState
from webapp.models import Invoice

D = Decimal
FORM = {
    "customer": "acme",
    "delivery_date": "2026-01-05",
    "lines.0.description": "",
    "lines.1.description": "Repair",
    "lines.1.quantity": "2.5",
    "lines.1.unit": "h",
    "lines.1.unit_price": "80",
    "lines.1.price_base": "",
    "lines.1.discount_percent": "",
    "lines.1.tax_code": "VAT19",
    "lines.1.adjustments.0.reason": "At night",
    "lines.1.adjustments.0.amount": "20",
    "charges.0.description": "Good will",
    "charges.0.amount": "-10",
    "charges.0.tax_code": "VAT19",
}


@pytest.fixture
def staff(session):
    return make_desk()


@pytest.fixture
def anna(app, staff):
    return log_in(app, staff.accountant)


def the_invoice():
    db.session.rollback()
    return db.session.scalars(select(Invoice)).one()


def test_an_invoice_is_drafted_and_checked_from_the_filled_rows(anna):
    assert "New invoice" in words(anna.get("/invoices"))
    assert anna.get("/invoices/new").status_code == 200

    answer = submit(anna, "/invoices", FORM)

    invoice = the_invoice()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/invoices/drafts/{invoice.id}")
    assert (invoice.state, invoice.net_total, invoice.total) == (InvoiceState.VALIDATED, 210, D("249.90"))
    page = words(anna.get(f"/invoices/drafts/{invoice.id}"))
    assert "Repair At night 20.00 2.5 h 80.00" in page
    assert "Good will −10.00" in page


def test_with_htmx_the_browser_is_led_to_the_draft(anna):
    answer = submit(anna, "/invoices", FORM, headers=HTMX)

    assert answer.headers["HX-Redirect"] == f"/invoices/drafts/{the_invoice().id}"


def test_more_rows_come_without_losing_what_was_typed(anna):
    before = anna.get("/invoices/new").text.count('.description"')
    answer = submit(anna, "/invoices", FORM | {"act": "more"})

    assert answer.status_code == 200
    assert answer.text.count('.description"') > before
    assert 'name="lines.0.description" value="Repair"' in answer.text
    assert db.session.scalars(select(Invoice)).all() == []


def test_what_is_wrong_stands_beside_its_row_and_everything_stays_typed(anna):
    answer = submit(anna, "/invoices", FORM | {"lines.1.quantity": "0", "charges.0.amount": "ten"})

    assert answer.status_code == 422
    page = words(answer)
    assert page.count("Quantity must not be 0.") == 2  # in the summary and in the row
    assert "Amount must be a number" in page
    assert 'href="#lines.0.quantity"' in answer.text
    assert re.search(r'id="lines\.0\.quantity"[^>]*value="0"[^>]*aria-invalid="true"', answer.text)
    assert 'value="ten"' in answer.text


def test_several_customers_are_offered_and_one_is_chosen(anna):
    make_customer("ACME-2", name="Acme Two Ltd")
    asked = submit(anna, "/invoices", FORM | {"customer": "acm"})

    assert asked.status_code == 422
    assert 'name="choice"' in asked.text
    assert submit(anna, "/invoices", FORM | {"customer": "acm", "choice": "ACME-2"}).status_code == 303
    assert the_invoice().customer.code == "ACME-2"


def test_a_draft_is_changed_in_the_same_form_and_a_stale_one_says_so(anna):
    submit(anna, "/invoices", FORM)
    url = f"/invoices/drafts/{the_invoice().id}/lines"
    page = anna.get(url)
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    assert 'name="lines.0.adjustments.0.amount" value="20"' in page.text

    changed = (
        FORM | {"version": version, "lines.1.quantity": "1", "charges.0.description": ""} | {"charges.0.amount": ""}
    )
    assert submit(anna, url, changed).status_code == 303
    assert the_invoice().net_total == 100

    stale = submit(anna, url, changed | {"lines.1.quantity": "3"})
    assert (stale.status_code, "changed by somebody else meanwhile" in words(stale)) == (409, True)
    assert the_invoice().net_total == 100


def test_a_posted_one_leads_to_its_page_and_a_void_one_promises_nothing(anna):
    submit(anna, "/invoices", FORM)
    draft = f"/invoices/drafts/{the_invoice().id}"
    version = re.search(r'name="version" value="(\d+)"', anna.get(draft).text)[1]
    assert submit(anna, f"{draft}/approval", {"version": version}).status_code == 303
    assert anna.get(f"{draft}/lines").headers["Location"].startswith("/invoices/INV-")

    submit(anna, "/invoices", FORM)
    db.session.rollback()
    second = db.session.scalars(select(Invoice.id).order_by(Invoice.id.desc())).first()
    answer = submit(anna, f"/invoices/drafts/{second}/void", {"reason": "Twice"}, headers=HTMX)
    assert "The draft is void." in words(answer)
    assert "waits to be billed again" not in words(answer)


def test_sales_may_not(app, staff):
    nancy = log_in(app, staff.sales)

    assert nancy.get("/invoices/new").status_code == 403
    assert submit(nancy, "/invoices", FORM).status_code == 403
    assert "New invoice" not in words(nancy.get("/invoices"))
