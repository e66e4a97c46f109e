"""Payments in a browser: on one invoice, as a receipt over several, on account, applied later and taken back."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.books import invoice_called
from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order, make_user, noon
from tests.support.scenes import scene
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import db
from webapp.domain import clock
from webapp.domain.permissions import Role
from webapp.models import Invoice, Payment
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.payments.receiving import record_receipt

D = Decimal
TODAY = clock.today("Europe/Berlin")
FIRST, SECOND = f"INV-{TODAY.year}-001", f"INV-{TODAY.year}-002"
PAY = f"PAY-{TODAY.year}-001"
TRANSFER = {"payment_method": "BANK_TRANSFER", "payment_reference": "TXN123456"}


@pytest.fixture
def staff(session) -> Staff:
    return make_desk()


@pytest.fixture
def anna(app: Flask, staff: Staff, invoices: tuple[Invoice, Invoice]) -> FlaskClient:
    """She logs in when the invoices are there: what a scene is put back after must not have changed."""
    return log_in(app, staff.accountant)


@pytest.fixture
def bob(app: Flask, staff: Staff) -> FlaskClient:
    """Another accountant."""
    return log_in(app, make_user(Role.ACCOUNTANT, "Bob Reed"))


@pytest.fixture
@scene
def invoices(staff: Staff) -> tuple[Invoice, Invoice]:
    """Two open invoices of ACME: 119.00, due ten days ago, and 1,190.00."""
    with clock.set_to(noon(days_ago=40)):
        early, late = make_shipped_order({"A-1": 1}, staff), make_shipped_order({"A-1": 10}, staff)
        first = make_posted_invoice(early, staff)
    return first, make_posted_invoice(late, staff)


def the_payment(number: str = PAY) -> Payment:
    return db.session.scalars(select(Payment).where(Payment.payment_number == number)).one()


# -- on one invoice ----------------------------------------------------------------------------------------------------


def test_the_form_proposes_what_is_open_and_says_what_it_does(anna: FlaskClient, invoices) -> None:
    page = anna.get(f"/invoices/{FIRST}/payments/new")
    assert 'value="119.00" inputmode="decimal"' in page.text
    assert f"{FIRST} becomes Paid ." in words(page)
    assert "The exposure of Acme Ltd falls to EUR 1,190.00" in words(page)


def test_a_part_payment_leaves_the_rest_open(anna: FlaskClient, invoices) -> None:
    answer = submit(anna, f"/invoices/{FIRST}/payments", {**TRANSFER, "payment_amount": "100"})
    assert (answer.status_code, answer.location) == (303, f"/invoices/{FIRST}")
    assert invoice_called(FIRST).open_amount == D(19)
    page = words(anna.get(f"/invoices/{FIRST}"))
    assert "Part paid" in page
    assert PAY in page
    assert "EUR 19.00 is overdue by 10 days" in page


def test_what_is_typed_is_weighed_before_anything_is_saved(anna: FlaskClient, invoices) -> None:
    path = f"/invoices/{FIRST}/payments/effects"
    assert f"{FIRST} becomes Part paid , 19.00 open." in words(submit(anna, path, {"payment_amount": "100"}))
    assert "81.00 more than is open" in words(submit(anna, path, {"payment_amount": "200"}))
    assert "Payment amount must be a number" in words(submit(anna, path, {"payment_amount": "ten"}))
    assert db.session.scalars(select(Payment)).all() == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"payment_amount": "600"}, "EUR 600.00 is more than the EUR 119.00 still open. Lower it"),
        ({"payment_amount": "0"}, "The amount of a payment must be more than 0."),
        ({"payment_amount": "-5"}, "The amount of a payment must be more than 0."),
        ({"payment_amount": "NaN"}, "Payment amount must be a number in plain digits"),
        ({"payment_amount": "1e18"}, "Payment amount must be a number in plain digits"),
        ({"payment_amount": "1.005"}, "Payment amount may have 2 decimals at most."),
        ({"payment_amount": ""}, "Payment amount is missing."),
        ({"payment_reference": ""}, "Bank transfer needs a reference."),
        ({"payment_method": "BEADS"}, "There is no payment method BEADS."),
        ({"payment_date": "2199-01-01"}, "Payment date 2199-01-01 is in the future."),
        ({"payment_date": "soon"}, "Payment date must be a date like 2026-05-31."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_payment_says_why_and_keeps_what_was_typed(
    anna: FlaskClient, invoices, typed: dict[str, str], sentence: str, headers: dict[str, str]
) -> None:
    form = {"payment_amount": "119.00", **TRANSFER, **typed}
    answer = submit(anna, f"/invoices/{FIRST}/payments", form, headers=headers)
    assert answer.status_code in {400, 422}
    assert sentence in words(answer)
    assert f'value="{form["payment_amount"]}" inputmode' in answer.text
    assert ("<html" in answer.text) is not bool(headers)
    assert db.session.scalars(select(Payment)).all() == []


def test_a_used_reference_names_the_payment_that_has_it(anna: FlaskClient, invoices) -> None:
    submit(anna, f"/invoices/{FIRST}/payments", {**TRANSFER, "payment_amount": "100"})
    answer = submit(anna, f"/invoices/{SECOND}/payments", {**TRANSFER, "payment_amount": "100"})
    assert answer.status_code == 400
    assert f"The reference TXN123456 is already used by payment {PAY}." in words(answer)
    assert 'href="#payment_reference"' in answer.text


def test_a_draft_takes_no_payment(bob: FlaskClient, staff: Staff) -> None:
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    assert bob.get(f"/invoices/draft {draft.id}/payments/new").status_code == 404
    assert "Record payment" not in words(bob.get(f"/invoices/drafts/{draft.id}"))


def test_a_settled_invoice_offers_a_receipt_instead(anna: FlaskClient, invoices) -> None:
    submit(anna, f"/invoices/{FIRST}/payments", {**TRANSFER, "payment_amount": "119"})
    page = anna.get(f"/invoices/{FIRST}/payments/new")
    assert "Nothing is open" in words(page)
    assert "/payments/new?customer=ACME" in page.text


def test_only_who_may_records_payments(app: Flask, staff: Staff, invoices) -> None:
    nancy = log_in(app, staff.sales)
    assert nancy.get(f"/invoices/{FIRST}/payments/new").status_code == 403
    assert submit(nancy, f"/invoices/{FIRST}/payments", {**TRANSFER, "payment_amount": "1"}).status_code == 403
    assert nancy.get("/payments").status_code == 200
    assert "New receipt" not in words(nancy.get("/payments"))


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_a_receipt_begins_with_those_who_owe(anna: FlaskClient, invoices) -> None:
    page = words(anna.get("/payments/new"))
    assert "Acme Ltd ACME" in page
    assert "EUR 1,309.00" in page
    assert "Yank Ltd" not in page
    assert "Yank Ltd" in words(anna.get("/payments/new?q=yan"))


def test_without_script_a_receipt_is_proposed_first_and_recorded_then(anna: FlaskClient, invoices) -> None:
    first, second = invoices
    page = anna.get("/payments/new?customer=ACME")
    assert "Propose what it pays" in words(page)
    form = {"customer": "ACME", "amount": "1000", **TRANSFER}
    proposed = submit(anna, "/payments", {**form, "act": "propose"})
    assert proposed.status_code == 200
    assert f'name="apply_{first.id}" value="119.00"' in proposed.text
    assert f'name="apply_{second.id}" value="881.00"' in proposed.text
    assert 'value="TXN123456"' in proposed.text
    assert f"{SECOND} becomes Part paid , 309.00 open." in words(proposed)
    parts = {f"apply_{first.id}": "19", f"apply_{second.id}": "981"}
    answer = submit(anna, "/payments", {**form, **parts})
    assert urlsplit(answer.location).path == f"/payments/{PAY}"
    assert (invoice_called(FIRST).open_amount, invoice_called(SECOND).open_amount) == (D(100), D(209))


def test_what_is_left_over_stays_on_account_only_when_ticked(anna: FlaskClient, invoices) -> None:
    first, _ = invoices
    form = {"customer": "ACME", "amount": "200", **TRANSFER, f"apply_{first.id}": "119"}
    answer = submit(anna, "/payments", form)
    assert answer.status_code == 400
    assert "81.00 of the payment is left over. Keep it on account" in words(answer)
    assert f'name="apply_{first.id}" value="119"' in answer.text
    assert submit(anna, "/payments", {**form, "keep_on_account": "y"}).status_code == 303
    assert the_payment().unapplied == D(81)
    assert "On account" in words(anna.get(f"/payments/{PAY}"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"apply": "500"}, "EUR 119.00 is open. Lower the part"),
        ({"apply": "-1"}, "a part must not be negative."),
        ({"apply": "all"}, "must be a number in plain digits"),
        ({"amount": "10"}, "The parts come to 109.00 more than the payment."),
        ({"amount": "0"}, "The amount of a payment must be more than 0."),
        ({"amount": "much"}, "Amount must be a number in plain digits"),
    ],
)
def test_a_refused_receipt_keeps_every_part(anna: FlaskClient, invoices, typed: dict[str, str], sentence: str) -> None:
    given = {"amount": "119", "apply": "119", **typed}
    field = f"apply_{invoices[0].id}"
    answer = submit(
        anna, "/payments", {"customer": "ACME", **TRANSFER, "amount": given["amount"], field: given["apply"]}
    )
    assert answer.status_code in {400, 422}
    assert sentence in words(answer)
    assert f'name="{field}" value="{given["apply"]}"' in answer.text
    assert db.session.scalars(select(Payment)).all() == []


def test_a_proposal_for_no_amount_says_so(anna: FlaskClient, invoices) -> None:
    answer = submit(anna, "/payments", {"customer": "ACME", "amount": "0", "act": "propose"})
    assert "The amount of a payment must be more than 0." in words(answer)


def test_effects_of_a_receipt_come_with_its_totals(anna: FlaskClient, invoices) -> None:
    first, _ = invoices
    form = {"customer": "ACME", "amount": "150", f"apply_{first.id}": "119"}
    answer = submit(anna, "/payments/effects", form, headers=HTMX)
    assert "EUR 31.00 stays on account" in words(answer)
    assert 'id="receipt-totals"' in answer.text
    assert "Record 150.00" in words(answer)
    assert "no amount" in words(submit(anna, "/payments/effects", {**form, f"apply_{first.id}": "x"}))


def test_an_unknown_customer_is_not_found(anna: FlaskClient, staff: Staff) -> None:
    assert anna.get("/payments/new?customer=NOBODY").status_code == 404
    assert submit(anna, "/payments", {"customer": "NOBODY"}).status_code == 404


# -- afterwards --------------------------------------------------------------------------------------------------------


def test_the_rest_of_a_payment_is_applied_to_an_invoice(anna: FlaskClient, staff: Staff, invoices) -> None:
    record_receipt(
        "ACME", D(200), "CASH", "", allocations=[(FIRST, D(119))], keep_on_account=True, actor=staff.accountant
    )
    page = anna.get(f"/payments/{PAY}")
    assert f"{SECOND}, 1,190.00 open" in words(page)
    assert 'name="amount" value="81.00"' in page.text
    path = f"/payments/{PAY}/applications"
    refused = submit(anna, path, {"invoice": SECOND, "amount": "82"})
    assert refused.status_code == 400
    assert f"Payment {PAY} has only 81.00 left." in words(refused)
    assert submit(anna, path, {"invoice": SECOND, "amount": "81"}).status_code == 303
    assert invoice_called(SECOND).open_amount == D(1109)
    assert the_payment().unapplied == 0


def test_a_payment_is_reversed_by_somebody_else_with_a_reason(anna: FlaskClient, bob: FlaskClient, invoices) -> None:
    submit(anna, f"/invoices/{FIRST}/payments", {**TRANSFER, "payment_amount": "119"})
    assert "somebody else who keeps the books" in words(anna.get(f"/payments/{PAY}"))
    path = f"/payments/{PAY}/reversal"
    assert submit(anna, path, {"reason": "Bounced."}).status_code == 403
    answer = submit(bob, path, {"reason": ""})
    assert answer.status_code == 422
    assert "A reason is needed." in words(answer)
    assert submit(bob, path, {"reason": "Bounced."}).status_code == 303
    page = words(bob.get(f"/payments/{PAY}"))
    assert "Bob Reed reversed it on" in page
    assert "Reversed" in words(bob.get(f"/invoices/{FIRST}"))
    assert invoice_called(FIRST).open_amount == D(119)


def test_lists_of_payments_are_narrowed(anna: FlaskClient, staff: Staff, invoices) -> None:
    record_receipt(
        "ACME", D(200), "CASH", "R-77", allocations=[(FIRST, D(119))], keep_on_account=True, actor=staff.accountant
    )
    assert PAY in words(anna.get("/payments"))
    assert PAY in words(anna.get("/payments?tab=account"))
    assert PAY in words(anna.get("/payments?q=r-77"))
    assert "No payment was reversed." in words(anna.get("/payments?tab=reversed"))
    narrowed = words(anna.get("/payments?method=CARD"))
    assert "Method: CARD" in narrowed
    assert "No payment fits" in narrowed
    assert anna.get("/payments/PAY-2026-404").status_code == 404
