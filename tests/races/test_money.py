"""Two payments never exceed what is due, and two approvals of one invoice take one number.

On PostgreSQL each was seen to fail without the row lock (``locks._lock_all`` without ``with_for_update``), on SQLite
without the write transaction (``db._begin`` with a plain BEGIN and ``_sole_writer`` empty) and its retry.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from tests.support.factories import make_desk, make_posted_invoice, make_shipped_order
from tests.support.racing import race
from webapp.db import db
from webapp.domain.errors import IllegalMove, Refused
from webapp.models import Invoice, Journal, User
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import bill_order, post_invoice
from webapp.services.payments.receiving import record_payment

D = Decimal
ROUNDS = 10


def pay(invoice_id: int, amount: Decimal, user_id: int) -> str:
    invoice, user = db.session.get_one(Invoice, invoice_id), db.session.get_one(User, user_id)
    return record_payment(invoice, amount, "CASH", "", user).number


def approve(invoice_id: int, user_id: int, issue_date: date | None = None) -> str:
    return post_invoice(invoice_id, issue_date=issue_date, actor=db.session.get_one(User, user_id)).number


def bill(order_number: str, user_id: int) -> str:
    return bill_order(order_number, total=D(119), actor=db.session.get_one(User, user_id)).number


def test_two_payments_never_exceed_the_amount_due(app, session):
    staff = make_desk()
    invoices = [make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff).id for _ in range(ROUNDS)]
    user_id = staff.accountant.id
    session.rollback()

    for invoice_id in invoices:
        results = race(app, *[partial(pay, invoice_id, D(80), user_id)] * 2)  # 119 are due

        refused = [one for one in results if isinstance(one, Refused)]
        assert [one.message for one in refused] == ["Payment exceeds the amount due"], results
        assert sum(isinstance(one, str) for one in results) == 1

    session.rollback()
    assert {invoice.open_amount for invoice in session.scalars(select(Invoice))} == {39}


def test_two_approvals_of_one_invoice_take_one_number(app, session):
    staff = make_desk()
    drafts = [validated(staff) for _ in range(ROUNDS)]
    user_id = staff.accountant.id
    session.rollback()

    for draft in drafts:
        results = race(app, *[partial(approve, draft, user_id)] * 2)

        assert sum(isinstance(one, str) for one in results) == 1, results
        assert sum(isinstance(one, IllegalMove) for one in results) == 1, results

    session.rollback()
    numbers = sorted(session.scalars(select(Invoice.invoice_number)))
    assert [number.split("-")[2] for number in numbers] == [f"{count:03d}" for count in range(1, ROUNDS + 1)]
    assert len(session.scalars(select(Journal)).all()) == ROUNDS


def test_invoices_of_several_customers_approved_together_leave_no_gap(app, session):
    staff = make_desk()
    drafts = [validated(staff, customer) for _ in range(4) for customer in ("ACME", "YANK")]
    user_id = staff.accountant.id
    session.rollback()

    results = race(app, *[partial(approve, draft, user_id) for draft in drafts])

    assert sorted(result.split("-")[2] for result in results) == [f"{count:03d}" for count in range(1, 9)]


def test_an_order_is_invoiced_at_once_by_one_of_two(app, session):
    staff = make_desk()
    orders = [make_shipped_order({"A-1": 1}, staff) for _ in range(ROUNDS)]
    user_id = staff.accountant.id
    session.rollback()

    results = [race(app, *[partial(bill, order, user_id)] * 2) for order in orders]

    assert all(sum(isinstance(one, str) for one in pair) == 1 for pair in results), results
    assert all(sum(isinstance(one, Refused) for one in pair) == 1 for pair in results), results
    session.rollback()
    numbers = sorted(session.scalars(select(Invoice.invoice_number)))
    assert [number.split("-")[2] for number in numbers] == [f"{count:03d}" for count in range(1, ROUNDS + 1)]


def validated(staff, customer: str = "ACME") -> int:
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff, customer=customer), actor=staff.accountant)
    return validate_invoice(draft.id, actor=staff.accountant).id
