"""Credit notes in a browser: in whole or by line, for a return, posted, sent, applied, given up, on paper."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.books import invoice_called, order_called
from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order
from tests.support.scenes import scene
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import db
from webapp.domain import clock
from webapp.models import CreditNote, Invoice
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments.returns import ReturnInput, receive_return

D = Decimal
TODAY = clock.today("Europe/Berlin")
INV, CN = f"INV-{TODAY.year}-001", f"CN-{TODAY.year}-001"
WHOLE = {"scope": "whole", "reason": "The price was wrong."}
LINES = {"scope": "lines", "reason": "Two were broken."}


@pytest.fixture
def staff(session) -> Staff:
    return make_desk()


@pytest.fixture
def anna(app: Flask, staff: Staff, invoice: Invoice) -> FlaskClient:
    """She logs in when the invoice is there: what a scene is put back after must not have changed."""
    return log_in(app, staff.accountant)


@pytest.fixture
@scene
def order(staff: Staff) -> str:
    return make_shipped_order({"A-1": 10, "B-1": 3}, staff)


@pytest.fixture
@scene
def invoice(staff: Staff, order: str) -> Invoice:
    """1,190.00 of A-1 and 32.07 of B-1."""
    return make_posted_invoice(order, staff)


def draft(client: FlaskClient, form: dict[str, str]) -> str:
    """Draft a credit note; answers the address of its page."""
    answer = submit(client, f"/invoices/{INV}/credit-notes", form)
    assert answer.status_code == 303, words(answer)
    return answer.location


def post(client: FlaskClient, form: dict[str, str]) -> str:
    answer = submit(client, f"{draft(client, form)}/approval", {"issue_date": TODAY.isoformat()})
    assert answer.status_code == 303, words(answer)
    return answer.location


def test_the_whole_invoice_is_credited_and_billed_again(anna: FlaskClient, order: str, invoice: Invoice) -> None:
    page = words(anna.get(f"/invoices/{INV}/credit-notes/new"))
    assert "it settles the 1,222.07 open" in page
    path = draft(anna, {**WHOLE, "rebill": "y"})
    assert f"It settles EUR 1,222.07 of {INV}" in words(anna.get(path))
    answer = submit(anna, f"{path}/approval", {"issue_date": TODAY.isoformat()})
    assert answer.location == f"/credit-notes/{CN}"
    assert invoice_called(INV).open_amount == 0
    assert "Credited" in words(anna.get(f"/invoices/{INV}"))
    assert order in words(anna.get("/invoices/to-bill"))
    assert anna.get(path).location == f"/credit-notes/{CN}"


def test_quantities_and_amounts_come_off_single_lines(anna: FlaskClient, invoice: Invoice) -> None:
    page = post(anna, {**LINES, "quantity_1": "2", "amount_2": "10"})
    note = db.session.scalars(select(CreditNote)).one()
    assert [(line.net_amount, line.counts_quantity) for line in note.lines] == [(D(200), True), (D(10), False)]
    assert note.total == D("248.70")
    assert invoice_called(INV).open_amount == D("973.37")
    assert "Two were broken." in words(anna.get(page))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({**LINES, "quantity_1": "11"}, "Line 1: 10 pcs can be credited, not 11."),
        ({**LINES, "amount_2": "30"}, "Line 2: 29.97 can be credited, not 30.00."),
        ({**LINES, "quantity_1": "-1"}, "Quantity 1 must be more than 0."),
        ({**LINES, "quantity_1": "NaN"}, "Quantity 1 must be a number"),
        ({**LINES, "amount_1": "1.234567"}, "Amount 1 may have 2 decimals at most."),
        ({**LINES, "quantity_1": "1", "amount_1": "1"}, "Credit a quantity or an amount of a line, not both."),
        ({**LINES}, "Type a quantity or an amount beside at least one line."),
        ({**WHOLE, "quantity_1": "1"}, "Lines are filled in, but all that is left is chosen."),
        ({**WHOLE, "reason": ""}, "A reason is needed."),
    ],
)
def test_a_refused_credit_says_why_and_keeps_what_was_typed(
    anna: FlaskClient, invoice: Invoice, form: dict[str, str], sentence: str, headers: dict[str, str]
) -> None:
    answer = submit(anna, f"/invoices/{INV}/credit-notes", form, headers=headers)
    assert answer.status_code in {400, 422}
    assert sentence.replace("pcs", invoice.lines[0].unit) in words(answer)
    assert ("<html" in answer.text) is not bool(headers)
    for name, value in form.items():
        assert value in answer.text, name
    assert db.session.scalars(select(CreditNote)).all() == []


def test_what_was_credited_cannot_be_credited_again(anna: FlaskClient, invoice: Invoice) -> None:
    post(anna, WHOLE)
    assert "none left" in words(anna.get(f"/invoices/{INV}/credit-notes/new"))
    answer = submit(anna, f"/invoices/{INV}/credit-notes", WHOLE)
    assert answer.status_code == 400
    assert "has nothing left to credit" in words(answer)


def test_a_return_of_billed_goods_asks_for_a_credit_note(
    anna: FlaskClient, staff: Staff, order: str, invoice: Invoice
) -> None:
    assert "Nothing waits to be credited" in words(anna.get("/credit-notes/to-credit"))
    shipment = f"SHP-{TODAY.year}-001"
    returned = receive_return(shipment, [ReturnInput(1, D(3))], reason="Too many.", actor=staff.warehouse)
    assert returned.number in words(anna.get("/credit-notes/to-credit"))
    answer = submit(anna, "/credit-notes", {"return_number": returned.number})
    assert answer.status_code == 303
    assert "357.00" in words(anna.get(answer.location))
    assert "Nothing waits to be credited" in words(anna.get("/credit-notes/to-credit"))
    submit(anna, f"{answer.location}/approval")
    assert order_called(order).lines[0].credited_qty == 3
    assert submit(anna, "/credit-notes", {"return_number": returned.number}).status_code == 400


def test_what_is_left_of_a_credit_note_settles_another_invoice(
    anna: FlaskClient, staff: Staff, invoice: Invoice
) -> None:
    record_payment(invoice, D("1222.07"), "CASH", "", staff.accountant)
    other = make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff).number
    page = post(anna, {**LINES, "quantity_1": "1"})
    assert "Apply what is left" in words(anna.get(page))
    refused = submit(anna, f"{page}/applications", {"invoice": other, "amount": "119.01"})
    assert refused.status_code == 400
    assert 'value="119.01"' in refused.text
    assert submit(anna, f"{page}/applications", {"invoice": other, "amount": "119"}).status_code == 303
    assert invoice_called(other).open_amount == 0


def test_a_draft_is_given_up_with_a_reason(anna: FlaskClient, invoice: Invoice) -> None:
    path = draft(anna, WHOLE)
    assert submit(anna, f"{path}/void", {"reason": ""}).status_code == 422
    assert submit(anna, f"{path}/void", {"reason": "Not needed."}).status_code == 303
    assert "This draft was given up: Not needed." in words(anna.get(path))
    assert submit(anna, f"{path}/approval").status_code == 409
    assert submit(anna, f"/invoices/{INV}/credit-notes", WHOLE).status_code == 303


def test_it_is_sent_printed_and_stored(anna: FlaskClient, invoice: Invoice) -> None:
    path = draft(anna, WHOLE)
    assert "Credit note Draft" in words(anna.get(f"{path}/print"))
    page = submit(anna, f"{path}/approval").location
    assert submit(anna, f"{page}/sending", {"recipient": "no address"}).status_code == 422
    assert submit(anna, f"{page}/sending", {"recipient": "acme@example.com"}).status_code == 303
    printed = words(anna.get(f"{page}/print"))
    assert f"For invoice {INV}" in printed
    assert "The price was wrong." in printed
    assert anna.get(f"{page}.pdf").data.startswith(b"%PDF-")


def test_who_may_not_bill_may_not_credit(app: Flask, staff: Staff, invoice: Invoice) -> None:
    nancy = log_in(app, staff.sales)
    assert nancy.get(f"/invoices/{INV}/credit-notes/new").status_code == 403
    assert submit(nancy, f"/invoices/{INV}/credit-notes", WHOLE).status_code == 403
    assert submit(nancy, "/credit-notes", {"return_number": "RET-1"}).status_code == 403
    assert nancy.get("/credit-notes").status_code == 200


def test_lists_of_credit_notes_are_narrowed(anna: FlaskClient, staff: Staff, invoice: Invoice) -> None:
    path = draft(anna, WHOLE)
    assert f"Draft {path.rpartition('/')[2]} " in words(anna.get("/credit-notes?tab=drafts"))
    submit(anna, f"{path}/approval")
    assert "No draft waits" in words(anna.get("/credit-notes?tab=drafts"))
    assert CN in words(anna.get("/credit-notes?q=acme"))
    assert "No credit note fits" in words(anna.get("/credit-notes?customer=YANK"))
    assert "Every credit note has settled" in words(anna.get("/credit-notes?tab=unapplied"))
    assert anna.get("/credit-notes/CN-2026-404").status_code == 404
