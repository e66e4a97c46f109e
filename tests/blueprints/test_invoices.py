"""Invoices in a browser: what waits to be billed, a draft on its way to posted and sent, its paper, and who may."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.books import events_on, invoice_called, order_called
from tests.support.factories import (
    Staff,
    make_confirmed_order,
    make_desk,
    make_posted_invoice,
    make_shipped_order,
    noon,
    ship,
)
from tests.support.scenes import scene
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import db
from webapp.domain import clock
from webapp.models import Invoice
from webapp.services.approvals.deciding import reject_order
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.orders.line_edits import change_line
from webapp.services.payments.receiving import record_payment

D = Decimal
TODAY = clock.today("Europe/Berlin")
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
NUMBER = f"INV-{TODAY.year}-001"
PAGE = f"/invoices/{NUMBER}"


@pytest.fixture
def staff(session) -> Staff:
    return make_desk(bank_details="IBAN DE02 1203 0000 0000 2020 51", email="accounts@counterfoil.example")


@pytest.fixture
def anna(app: Flask, staff: Staff, order: str) -> FlaskClient:
    """She logs in when the order is there: what a scene is put back after must not have changed."""
    return log_in(app, staff.accountant)


@pytest.fixture
def nancy(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.sales)


@pytest.fixture
@scene
def order(staff: Staff) -> str:
    return make_shipped_order({"A-1": 10, "B-1": 3}, staff)


@pytest.fixture
@scene
def draft(staff: Staff, order: str) -> Invoice:
    return draft_invoice(order, actor=staff.accountant)


@pytest.fixture
@scene
def posted(staff: Staff, order: str) -> Invoice:
    return make_posted_invoice(order, staff)


def test_what_was_shipped_waits_to_be_billed_until_it_is_drafted(anna: FlaskClient, order: str) -> None:
    page = words(anna.get("/invoices/to-bill"))
    assert order in page
    assert "EUR 1,222.07" in page
    answer = submit(anna, f"/orders/{order}/invoices")
    assert answer.status_code == 303
    assert "freezes it for good" in words(anna.get(answer.location))
    assert order not in words(anna.get("/invoices/to-bill"))


def test_what_was_shipped_is_posted_from_the_list_over_the_amount_that_was_seen(
    anna: FlaskClient, nancy: FlaskClient, order: str
) -> None:
    assert f"Post invoice for {order}" in words(anna.get("/invoices/to-bill"))
    seen = {"total": "1222.07"}
    assert 'name="total" value="1222.07"' in anna.get("/invoices/to-bill").text
    url = f"/orders/{order}/billing"
    assert submit(nancy, url, seen).status_code == 403
    assert submit(anna, url, {}).status_code == 422
    assert submit(anna, url, {"total": "1222.06"}).status_code == 409
    answer = submit(anna, url, seen)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert f"{NUMBER} is posted." in words(anna.get(answer.location))
    assert order not in words(anna.get("/invoices/to-bill"))


def test_an_order_whose_change_waits_or_was_declined_is_not_offered_to_be_billed(
    anna: FlaskClient, staff: Staff
) -> None:
    number = make_confirmed_order({"A-1": 3, "B-1": 5}, staff)
    ship(number, staff, {1: 3})
    assert f"Post invoice for {number}" in words(anna.get("/invoices/to-bill"))
    assert "Invoice 1 line" in words(anna.get(f"/orders/{number}"))
    change_line(number, 2, discount_percent=Decimal(50), actor=staff.sales)
    for stop in (lambda: None, lambda: reject_order(number, reason="Too much", actor=staff.manager)):
        stop()
        db.session.rollback()
        page = words(anna.get("/invoices/to-bill"))
        assert "See what blocks it" in page
        assert f"Post invoice for {number}" not in page
        assert "Invoice 1 line" not in words(anna.get(f"/orders/{number}"))


def test_a_draft_is_validated_posted_and_sent_by_its_one_primary_button(
    anna: FlaskClient, staff: Staff, draft: Invoice
) -> None:
    page = f"/invoices/drafts/{draft.id}"
    assert anna.get(page).text.count("data-primary") == 1
    assert submit(anna, f"{page}/validation").status_code == 303
    assert "freezes it for good" in words(anna.get(page))
    answer = submit(anna, f"{page}/approval", {"issue_date": TODAY.isoformat()})
    assert answer.location == PAGE
    shown = anna.get(answer.location)
    assert f"Send {NUMBER}" in words(shown)
    assert shown.text.count("data-primary") == 1
    answer = submit(anna, f"{PAGE}/sending", {"recipient": "acme@example.com"})
    assert answer.status_code == 303
    assert "Record payment" in words(anna.get(PAGE))
    assert events_on(invoice_called(NUMBER)) == [
        "invoice.drafted",
        "invoice.validated",
        "invoice.posted",
        "invoice.sent",
    ]
    assert anna.get(page).location == PAGE


def test_the_page_shows_lines_taxes_by_rate_sums_and_where_it_comes_from(
    anna: FlaskClient, order: str, posted: Invoice
) -> None:
    page = words(anna.get(PAGE))
    for seen in (
        "Product A-1",
        "19 %",
        "190.00",
        "7 %",
        "2.10",
        "1,029.97",
        "1,222.07",
        order,
        f"SHP-{TODAY.year}-001",
    ):
        assert seen in page
    assert f"Anna Conti posted {NUMBER} over 1,222.07" in page


def test_htmx_gets_the_document_and_its_head(anna: FlaskClient, draft: Invoice) -> None:
    answer = submit(anna, f"/invoices/drafts/{draft.id}/validation", headers=HTMX)
    assert answer.text.lstrip().startswith("<div")
    assert 'id="invoice"' in answer.text
    assert 'id="invoice-head" hx-swap-oob="true"' in answer.text
    assert "Post over" in answer.text


def test_a_form_that_is_sent_twice_does_its_work_once(anna: FlaskClient, draft: Invoice, staff: Staff) -> None:
    validate_invoice(draft.id, actor=staff.accountant)
    form = {"issue_date": TODAY.isoformat(), "idempotency_key": "once-only"}
    for _ in range(2):
        assert submit(anna, f"/invoices/drafts/{draft.id}/approval", form).location == PAGE


def test_a_date_that_cannot_be_is_said_beside_the_field_and_kept(
    anna: FlaskClient, draft: Invoice, staff: Staff
) -> None:
    validate_invoice(draft.id, actor=staff.accountant)
    answer = submit(anna, f"/invoices/drafts/{draft.id}/approval", {"issue_date": TOMORROW})
    assert answer.status_code == 422
    assert f"Issue date {TOMORROW} is in the future." in words(answer)
    assert f'value="{TOMORROW}"' in answer.text


def test_a_draft_that_somebody_changed_is_not_posted_unseen(anna: FlaskClient, draft: Invoice, staff: Staff) -> None:
    validate_invoice(draft.id, actor=staff.accountant)
    answer = submit(anna, f"/invoices/drafts/{draft.id}/approval", {"version": "1", "issue_date": TODAY.isoformat()})
    assert answer.status_code == 409
    assert "Somebody changed invoice draft" in words(answer)
    assert "Post over" in words(answer)


def test_a_draft_given_up_needs_a_reason_and_is_billed_again(anna: FlaskClient, draft: Invoice, order: str) -> None:
    path = f"/invoices/drafts/{draft.id}/void"
    answer = submit(anna, path, {"reason": " "})
    assert answer.status_code == 422
    assert "A reason is needed." in words(answer)
    assert submit(anna, path, {"reason": "The customer wants one invoice a month."}).status_code == 303
    assert "This draft was given up: The customer wants" in words(anna.get(f"/invoices/drafts/{draft.id}"))
    assert order in words(anna.get("/invoices/to-bill"))
    assert order_called(order).lines[0].drafted_qty == 0


def test_sales_read_invoices_and_do_nothing_to_them(nancy: FlaskClient, draft: Invoice) -> None:
    page = nancy.get(f"/invoices/drafts/{draft.id}")
    assert page.status_code == 200
    assert "data-primary" not in page.text
    assert submit(nancy, f"/invoices/drafts/{draft.id}/validation").status_code == 403


def test_who_sees_own_customers_only_does_not_find_the_others(
    app: Flask, session, staff: Staff, posted: Invoice
) -> None:
    staff.colleague.own_customers_only = True
    session.commit()
    janet = log_in(app, staff.colleague)
    assert janet.get(PAGE).status_code == 404
    assert janet.get(f"{PAGE}.pdf").status_code == 404
    assert NUMBER not in words(janet.get("/invoices"))


def test_lists_are_narrowed_by_tabs_search_and_filters(anna: FlaskClient, staff: Staff, posted: Invoice) -> None:
    record_payment(posted, D(100), "CASH", "", staff.accountant)
    assert "Part paid" in words(anna.get("/invoices"))
    assert NUMBER not in words(anna.get("/invoices?tab=overdue"))
    assert NUMBER in words(anna.get("/invoices?q=acme"))
    chips = anna.get("/invoices?tab=open&customer=YANK&from=2026-01-01")
    assert "Customer: YANK" in words(chips)
    assert "No invoice fits" in words(chips)
    assert 'href="/invoices?tab=open&amp;from=2026-01-01"' in chips.text
    assert NUMBER not in words(anna.get("/invoices?tab=paid"))
    record_payment(posted, D("1122.07"), "CASH", "", staff.accountant)
    assert NUMBER in words(anna.get("/invoices?tab=paid"))
    assert "settled" in words(anna.get("/invoices"))
    assert anna.get("/invoices?from=soon").status_code == 422
    assert anna.get("/invoices?cursor=nonsense").status_code == 422


def test_an_overdue_invoice_says_since_when(anna: FlaskClient, staff: Staff) -> None:
    with clock.set_to(noon(days_ago=31)):
        number = make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff).number
    late = words(anna.get("/invoices?tab=overdue"))
    assert number in late
    assert "1 day overdue" in late
    page = words(anna.get(f"/invoices/{number}"))
    assert "Overdue" in page
    assert "EUR 119.00 is overdue by 1 day" in page


def test_the_printed_page_is_the_frozen_one_with_its_slip(anna: FlaskClient, posted: Invoice) -> None:
    page = anna.get(f"{PAGE}/print")
    assert "paper paper-a4" in page.text
    seen = words(page)
    assert "Pay by bank transfer" in seen
    assert "IBAN DE02 1203 0000 0000 2020 51" in seen
    assert "Due on " in seen


def test_a_draft_is_printed_as_one(anna: FlaskClient, draft: Invoice) -> None:
    seen = words(anna.get(f"/invoices/drafts/{draft.id}/print"))
    assert "Invoice Draft" in seen
    assert "Pay by bank transfer" not in seen


def test_the_file_is_the_stored_one_and_sent_once(anna: FlaskClient, posted: Invoice) -> None:
    first = anna.get(f"{PAGE}.pdf")
    assert first.mimetype == "application/pdf"
    assert first.headers["Content-Disposition"] == f"inline; filename={NUMBER}.pdf"
    assert first.data.startswith(b"%PDF-")
    assert first.get_etag() == (sha256(first.data).hexdigest(), False)
    again = anna.get(f"{PAGE}.pdf", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert anna.get("/invoices/INV-2026-999.pdf").status_code == 404


def test_nothing_is_there_for_an_unknown_number(anna: FlaskClient) -> None:
    assert anna.get("/invoices/INV-2026-404").status_code == 404
    assert anna.get("/invoices/drafts/404").status_code == 404
    assert submit(anna, "/invoices/drafts/404/validation").status_code == 404
