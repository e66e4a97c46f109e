"""Lists and pages of invoices, payments and credit notes: exact rows, statuses, pages, as many statements as ever."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order
from tests.support.scenes import scene
from tests.support.statements import counted_statements
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.invoices.status import InvoiceStatus
from webapp.domain.states import PaymentState
from webapp.models import Invoice, User
from webapp.pages.credit_notes.lists import CreditNoteFilter, list_credit_notes
from webapp.pages.credit_notes.page import credit_note_page, creditable_lines
from webapp.pages.invoices.lists import InvoiceFilter, list_invoices, status_of
from webapp.pages.invoices.page import draft_page, find_invoice, invoice_page
from webapp.pages.payments.lists import PaymentFilter, list_payments
from webapp.pages.payments.page import payment_page
from webapp.pages.payments.receipts import receipt_page
from webapp.queries.receivables.ageing import ageing
from webapp.services.credit_notes.notes import CreditLine, draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice, validate_invoice, void_invoice
from webapp.services.invoices.sending import send_invoice
from webapp.services.payments.receiving import record_payment, record_receipt, reverse_payment

D = Decimal


def billed(staff, customer="ACME") -> Invoice:
    return make_posted_invoice(make_shipped_order({"A-1": 1}, staff, customer=customer), staff)


@pytest.fixture
def staff(session) -> Staff:
    return make_desk()


@pytest.fixture
@scene
def every_status(staff) -> dict[InvoiceStatus, int]:
    """One invoice of each status, by id."""
    found = {}
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    found[InvoiceStatus.DRAFT] = draft.id
    validated = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    found[InvoiceStatus.VALIDATED] = validate_invoice(validated.id, actor=staff.accountant).id
    void = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    found[InvoiceStatus.VOID] = void_invoice(void.id, reason="x", actor=staff.accountant).id
    found[InvoiceStatus.APPROVED] = billed(staff, "YANK").id
    sent = billed(staff)
    found[InvoiceStatus.SENT] = send_invoice(sent.id, actor=staff.accountant).id
    part = billed(staff)
    record_payment(part, D(19), "CASH", "", staff.accountant)
    found[InvoiceStatus.PARTIALLY_PAID] = send_invoice(part.id, actor=staff.accountant).id
    paid = billed(staff)
    record_payment(paid, D(119), "CASH", "", staff.accountant)
    found[InvoiceStatus.FULLY_PAID] = paid.id
    credited = billed(staff)
    note = draft_credit_note(credited.number, reason="x", actor=staff.accountant)
    post_credit_note(note.id, actor=staff.accountant)
    found[InvoiceStatus.CREDITED] = credited.id
    return found


def test_the_filter_and_the_word_of_a_status_are_one_rule(every_status, staff):
    for status, invoice_id in every_status.items():
        page = list_invoices(InvoiceFilter(status=status), viewer=staff.accountant)
        assert [(one.id, status_of(one)) for one in page.rows] == [(invoice_id, status)]
    assert list_invoices(InvoiceFilter(status=InvoiceStatus.WRITTEN_OFF), viewer=staff.accountant).rows == ()


def test_filters_narrow(every_status, staff):
    def ids(**given: Any) -> set[int]:
        return {one.id for one in list_invoices(InvoiceFilter(**given), viewer=staff.accountant).rows}

    approved = db.session.get_one(Invoice, every_status[InvoiceStatus.APPROVED])
    assert ids(customer="YANK") == {approved.id}
    assert ids(order=approved.order.number) == {approved.id}
    assert ids(text=approved.number[-8:]) == {approved.id}
    assert ids(text="yank") == {approved.id}
    assert ids(text="100%") == set()
    assert ids(open_only=True) == {
        every_status[status] for status in (InvoiceStatus.APPROVED, InvoiceStatus.SENT, InvoiceStatus.PARTIALLY_PAID)
    }
    assert ids(overdue_only=True) == set()
    assert ids(issued_from=approved.issue_date, issued_to=approved.issue_date, due_to=approved.due_date) >= {
        approved.id
    }
    with pytest.raises(BadInput):
        ids(text="a\x00b")


def test_pages_go_through_everything_once(every_status, staff):
    seen, cursor = [], None
    while True:
        page = list_invoices(InvoiceFilter(), viewer=staff.accountant, cursor=cursor, limit=3)
        seen += [one.id for one in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == sorted(every_status.values(), reverse=True)


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJhIl0", "WzFlOTldCg", "WzFd" * 200, "é", "W10", "W3RydWVd"])
def test_a_cursor_of_another_list_is_refused(staff, cursor):
    with pytest.raises(BadInput, match="page of the list does not exist"):
        list_invoices(InvoiceFilter(), viewer=staff.accountant, cursor=cursor)


def test_documents_of_others_are_not_there(every_status, staff):
    invoice = db.session.get_one(Invoice, every_status[InvoiceStatus.FULLY_PAID])
    with atomic():
        staff.sales.own_customers_only = True

    assert list_invoices(InvoiceFilter(), viewer=staff.sales).rows == ()
    assert list_payments(PaymentFilter(), viewer=staff.sales).rows == ()
    assert list_credit_notes(CreditNoteFilter(), viewer=staff.sales).rows == ()
    for read in (
        lambda: invoice_page(invoice.number, viewer=staff.sales),
        lambda: draft_page(invoice.id, viewer=staff.sales),
        lambda: find_invoice(str(invoice.id), viewer=staff.sales),
        lambda: credit_note_page("CN-2026-001", viewer=staff.sales),
        lambda: payment_page("PAY-2026-001", viewer=staff.sales),
        lambda: receipt_page("ACME", viewer=staff.sales),
    ):
        with pytest.raises(NotFound):
            read()


def test_a_reference_is_a_number_or_an_id(staff):
    invoice = billed(staff)

    assert find_invoice(invoice.number, viewer=staff.accountant) is invoice
    assert find_invoice(str(invoice.id), viewer=staff.accountant) is invoice
    for unknown in ("999999", "INV-1999-001", "٣", "9" * 30):
        with pytest.raises(NotFound):
            find_invoice(unknown, viewer=staff.accountant)


def test_payments_are_found_by_what_is_left_of_them(staff):
    invoice = billed(staff)
    bounced = record_payment(invoice, D(5), "BANK_TRANSFER", "TX-9", staff.accountant)
    reverse_payment(bounced.number, reason="x", actor=staff.second_accountant)
    kept = record_receipt("YANK", D(5), "CASH", "", allocations=[], keep_on_account=True, actor=staff.accountant)

    def numbers(**given: Any) -> list[str]:
        return [one.number for one in list_payments(PaymentFilter(**given), viewer=staff.accountant).rows]

    assert numbers() == [kept.number, bounced.number]
    assert numbers(on_account_only=True) == [kept.number]
    assert numbers(state=PaymentState.REVERSED) == numbers(text="tx-9") == numbers(customer="ACME") == [bounced.number]
    assert numbers(method="CASH", paid_from=kept.payment_date, paid_to=kept.payment_date) == [kept.number]


def test_a_receipt_shows_what_it_could_settle(staff):
    first, second = billed(staff), billed(staff)
    record_receipt("ACME", D(7), "CASH", "", allocations=[], keep_on_account=True, actor=staff.accountant)

    page = receipt_page("ACME", viewer=staff.accountant, amount=D(150))

    assert page.proposal == {first.number: 119, second.number: 31}
    assert (page.surplus, [one.unapplied for one in page.on_account]) == (0, [7])


def test_what_of_an_invoice_can_be_credited(staff):
    invoice = make_posted_invoice(make_shipped_order({"A-1": 3}, staff), staff)
    draft_credit_note(invoice.number, lines=[CreditLine(1, quantity=1)], reason="x", actor=staff.accountant)

    (line,) = creditable_lines(invoice)

    assert (line.quantity, line.net_amount) == (2, 200)


# -- statements --------------------------------------------------------------------------------------------------------


def count(read: Callable[[User], Any], accountant_id: int) -> int:
    with counted_statements() as statements:
        read(db.session.get_one(User, accountant_id))
    return len(statements)


def show_invoices(viewer: User) -> list[Any]:
    page = list_invoices(InvoiceFilter(), viewer=viewer)
    return [(one.number, one.customer.name, one.order and one.order.number, status_of(one)) for one in page.rows]


def show_payments(viewer: User) -> list[Any]:
    page = list_payments(PaymentFilter(), viewer=viewer)
    return [
        (one.number, one.customer.name, one.method.name, [part.invoice.number for part in one.applications])
        for one in page.rows
    ]


def show_credit_notes(viewer: User) -> list[Any]:
    page = list_credit_notes(CreditNoteFilter(), viewer=viewer)
    return [(one.number, one.customer.name, one.invoice.number) for one in page.rows]


def show_ageing(viewer: User) -> Any:
    return ageing(viewer=viewer)


@pytest.mark.parametrize("read", [show_invoices, show_payments, show_credit_notes, show_ageing])
def test_a_list_takes_as_many_statements_for_one_row_as_for_many(staff, read):
    def one_more(customer: str) -> None:
        invoice = billed(staff, customer)
        record_payment(invoice, D(10), "CASH", "", staff.accountant)
        wanted = [CreditLine(1, amount=D(1))]
        note = draft_credit_note(invoice.number, lines=wanted, reason="x", actor=staff.accountant)
        post_credit_note(note.id, actor=staff.accountant)

    accountant_id = staff.accountant.id
    one_more("ACME")
    for_one = count(read, accountant_id)
    for customer in ("ACME", "YANK", "ACME"):
        one_more(customer)

    assert count(read, accountant_id) == for_one


def test_a_page_takes_as_many_statements_for_one_line_as_for_many(staff):
    def show(number: str) -> Callable[[User], Any]:
        def read(viewer: User) -> Any:
            page = invoice_page(number, viewer=viewer)
            return [(line.order_line and line.order_line.line_number, line.is_charge) for line in page.invoice.lines], [
                part.payment.number for part in page.payments
            ]

        return read

    short = make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)
    long = make_posted_invoice(make_shipped_order({"A-1": 1, "B-1": 2}, staff), staff)
    for invoice in (short, long, long):
        record_payment(invoice, D(1), "CASH", "", staff.accountant)
    accountant_id, numbers = staff.accountant.id, (short.number, long.number)

    counts = {count(show(number), accountant_id) for number in numbers}

    assert len(counts) == 1, counts
    assert counts.pop() <= 16
