"""Posting: number, dates, frozen words, PDF, journal and counters; and what is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.support.books import events_on, journal_of, order_called
from tests.support.factories import make_posted_invoice, make_shipped_order
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, Refused
from webapp.domain.states import InvoiceState, OrderState
from webapp.models import Company, DocumentFile, ExchangeRate, Invoice, InvoiceLine
from webapp.queries.invoices.snapshots import snapshot_of
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.papers.pdf import invoice_pdf

D = Decimal


def validated(staff, quantity=1, customer="ACME") -> Invoice:
    draft = draft_invoice(make_shipped_order({"A-1": quantity}, staff, customer=customer), actor=staff.accountant)
    return validate_invoice(draft.id, actor=staff.accountant)


def on(day: int, month: int = 5, year: int = 2026):
    return clock.set_to(datetime(year, month, day, 9, tzinfo=UTC))


def test_posting_numbers_freezes_and_books(staff):
    number = make_shipped_order({"A-1": 3, "B-1": 7}, staff)

    invoice = make_posted_invoice(number, staff)

    assert (invoice.state, invoice.number) == (InvoiceState.APPROVED, "INV-2026-001")
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 5, 4), date(2026, 6, 3))
    assert invoice.open_amount == invoice.total == D("431.83")
    assert journal_of(invoice) == {
        "receivables": (D("431.83"), D("431.83")),
        "sales": (D("-369.93"), D("-369.93")),
        "tax": (D("-61.90"), D("-61.90")),
    }
    order = order_called(number)
    assert [(line.drafted_qty, line.invoiced_qty) for line in order.lines] == [(0, 3), (0, 7)]
    assert (order.state, order.to_bill_amount) == (OrderState.CLOSED, 0)
    assert events_on(invoice) == [Action.INVOICE_DRAFTED, Action.INVOICE_VALIDATED, Action.INVOICE_POSTED]


def test_only_a_validated_draft_is_posted_and_only_once(staff):
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    with pytest.raises(IllegalMove, match="is draft, not validated"):
        post_invoice(draft.id, actor=staff.accountant)

    validate_invoice(draft.id, actor=staff.accountant)
    post_invoice(draft.id, actor=staff.accountant)

    with pytest.raises(IllegalMove):
        post_invoice(draft.id, actor=staff.accountant)
    with pytest.raises(Forbidden):
        post_invoice(draft.id, actor=staff.sales)


def test_a_refused_posting_leaves_no_gap(staff):
    first, second = validated(staff), validated(staff, customer="YANK")
    with atomic():
        db.session.execute(delete(ExchangeRate))

    with pytest.raises(Refused, match="no exchange rate from USD to EUR"):
        post_invoice(second.id, actor=staff.accountant)

    assert post_invoice(first.id, actor=staff.accountant).number == "INV-2026-001"
    assert second.number == f"draft {second.id}"


def test_an_earlier_day_stands_only_before_a_later_number(staff):
    first, second, third = validated(staff), validated(staff), validated(staff)
    with on(6):
        post_invoice(first.id, issue_date=date(2026, 5, 5), actor=staff.accountant)
        with pytest.raises(BadInput, match="dated later than 2026-05-04"):
            post_invoice(second.id, issue_date=date(2026, 5, 4), actor=staff.accountant)
        with pytest.raises(BadInput, match="in the future"):
            post_invoice(second.id, issue_date=date(2026, 5, 7), actor=staff.accountant)
        post_invoice(second.id, actor=staff.accountant)
    with on(7):
        with atomic():
            db.session.get_one(Company, 1).books_closed_until = date(2026, 5, 6)
        with pytest.raises(BadInput, match="closed until 2026-05-06"):
            post_invoice(third.id, issue_date=date(2026, 5, 6), actor=staff.accountant)

    assert (first.number, second.number, third.invoice_number) == ("INV-2026-001", "INV-2026-002", None)


def test_on_new_years_day_the_old_year_takes_its_next_number(staff):
    first, second, third = validated(staff), validated(staff), validated(staff)
    with on(1, 1, 2027):
        post_invoice(first.id, issue_date=date(2026, 12, 31), actor=staff.accountant)
        post_invoice(second.id, actor=staff.accountant)
        post_invoice(third.id, issue_date=date(2026, 12, 31), actor=staff.accountant)

    assert [one.number for one in (first, second, third)] == ["INV-2026-001", "INV-2027-001", "INV-2026-002"]


def test_a_foreign_invoice_balances_in_both_currencies(staff):
    invoice = make_posted_invoice(make_shipped_order({"B-1": 7, "A-1": 1}, staff, customer="YANK"), staff)

    journal = journal_of(invoice)

    assert invoice.base_rate == D("0.9")
    assert journal["receivables"] == (D("193.83"), D("174.45"))
    assert sum(amount for amount, _ in journal.values()) == 0
    assert sum(base for _, base in journal.values()) == 0


def test_a_number_of_an_old_system_is_passed_over(staff):
    for number in ("INV-2026-001", "INV-2026-050", "INV-2026-A7", "INV-2025-003", "INV-2026-0002", "CN-2026-001"):
        import_opening_invoice(
            number,
            "ACME",
            issue_date=date(2026, 4, 1),
            due_date=date(2026, 5, 10),
            total=D(100),
            open_amount=D(100),
            actor=staff.admin,
        )

    assert [post_invoice(validated(staff).id, actor=staff.accountant).number for _ in range(2)] == [
        "INV-2026-002",
        "INV-2026-003",
    ]


def test_the_pdf_is_stored_with_its_hash_and_made_again_alike(staff):
    invoice = make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)
    stored = db.session.scalars(select(DocumentFile).where(DocumentFile.invoice_id == invoice.id)).one()

    with atomic():
        invoice.customer.name = "Renamed"
        db.session.get_one(Company, 1).name = "Sold"

    assert stored.content.startswith(b"%PDF-")
    assert stored.sha256 == hashlib.sha256(stored.content).hexdigest()
    assert invoice_pdf(snapshot_of(invoice)) == stored.content
    assert snapshot_of(invoice)["buyer"]["name"] == "Acme Ltd"


@pytest.mark.parametrize(
    "change",
    [
        update(Invoice).values(total=D(1)),
        update(InvoiceLine).values(description="other"),
        delete(InvoiceLine),
        update(DocumentFile).values(content=b""),
    ],
)
def test_a_posted_invoice_cannot_be_changed(staff, change):
    make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)

    with pytest.raises(DBAPIError, match="kept for ever"), atomic():
        db.session.execute(change)


def test_terms_give_the_due_date(staff):
    with atomic():
        invoice = validated(staff)
        invoice.payment_terms_code = "EOM30"

    assert post_invoice(invoice.id, actor=staff.accountant).due_date == date(2026, 6, 30)
