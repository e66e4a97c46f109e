"""What customers owe at any date, and that ageing, standing and ledger agree to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.payments.split import AgeingBucket
from webapp.models import Customer, Invoice
from webapp.queries.receivables.ageing import ageing, customer_standing, ledger_balances
from webapp.services.credit_notes.notes import CreditLine, apply_credit_note, draft_credit_note, post_credit_note
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.payments.receiving import apply_payment, record_payment, record_receipt, reverse_payment

D = Decimal


def on(day: int, month: int):
    return clock.set_to(datetime(2026, month, day, 9, tzinfo=UTC))


@scene
def make_spring() -> Staff:
    """A spring of business: invoices of January to May, payments, a reversal, a credit note, an opening item."""
    with on(5, 1):
        staff = make_desk()
        first = billed(staff, 10)  # 1190, due on 4 February
    with on(10, 2):
        second, abroad = billed(staff, 5), billed(staff, 2, "YANK")
        payment = record_payment(first, D(190), "BANK_TRANSFER", "T1", staff.accountant)
    with on(1, 3):
        reverse_payment(payment.number, reason="Bounced", actor=staff.second_accountant)
        kept = record_receipt("ACME", D(300), "CASH", "", allocations=[], keep_on_account=True, actor=staff.accountant)
    with on(20, 3):
        apply_payment(kept.number, second.number, D(200), actor=staff.accountant)
        record_payment(abroad, abroad.total, "CASH", "", staff.accountant, payment_date=date(2026, 3, 15))
        third = billed(staff, 1)
        record_payment(third, D(100), "CASH", "", staff.accountant)
    with on(2, 5):
        note = draft_credit_note(third.number, lines=[CreditLine(1, quantity=1)], reason="x", actor=staff.accountant)
        post_credit_note(note.id, actor=staff.accountant)  # 119: settles 19, 100 are left
        import_opening_invoice(
            "OLD-1", "YANK", issue_date=date(2026, 4, 1), due_date=date(2026, 4, 30), total=D(80), open_amount=D(50),
            actor=staff.admin,
        )  # fmt: skip
    with on(4, 5):
        apply_credit_note(note.number, first.number, D(60), actor=staff.accountant)
    return staff


@pytest.fixture
def spring(session) -> Iterator[Staff]:
    """The day after that spring."""
    staff = make_spring()
    with on(4, 5):
        yield staff


def billed(staff, quantity, customer="ACME") -> Invoice:
    with atomic():
        db.session.scalars(select(Customer).where(Customer.code == customer)).one().tolerated_days = 1000
    return make_posted_invoice(make_shipped_order({"A-1": quantity}, staff, customer=customer), staff)


def rows(staff, day: date) -> dict[str, tuple[dict[str, Decimal], Decimal]]:
    return {
        row.code: ({bucket.value: amount for bucket, amount in row.buckets.items() if amount}, row.unapplied)
        for row in ageing(day, viewer=staff.accountant).rows
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 4), {}),
        (date(2026, 1, 5), {"ACME": ({"current": D(1190)}, D(0))}),
        (date(2026, 2, 4), {"ACME": ({"current": D(1190)}, D(0))}),
        (date(2026, 2, 5), {"ACME": ({"1-30": D(1190)}, D(0))}),
        (
            date(2026, 2, 10),
            {"ACME": ({"1-30": D(1000), "current": D(595)}, D(0)), "YANK": ({"current": D(238)}, D(0))},
        ),
        (
            date(2026, 3, 1),
            {"ACME": ({"1-30": D(1190), "current": D(595)}, D(300)), "YANK": ({"current": D(238)}, D(0))},
        ),
        (
            date(2026, 3, 20),
            {"ACME": ({"31-60": D(1190), "1-30": D(395), "current": D(19)}, D(100))},
        ),
        (
            date(2026, 5, 2),
            {"ACME": ({"61-90": D(1190), "31-60": D(395)}, D(200)), "YANK": ({"1-30": D(50)}, D(0))},
        ),
        (
            date(2026, 5, 6),
            {"ACME": ({"over 90": D(1130), "31-60": D(395)}, D(140)), "YANK": ({"1-30": D(50)}, D(0))},
        ),
    ],
)
def test_ageing_counts_what_had_happened_by_the_day(spring, day, expected):
    assert rows(spring, day) == expected


def test_ageing_and_ledger_agree_every_week(spring):
    customers = {customer.id: customer.code for customer in db.session.scalars(select(Customer))}
    day = date(2025, 12, 28)
    while day < date(2026, 6, 1):
        booked = {customers[owner]: amount for (owner, _), amount in ledger_balances(day).items() if amount}
        aged = {row.code: row.balance for row in ageing(day, viewer=spring.accountant).rows if row.balance}
        assert aged == booked, day
        day += timedelta(days=3)


def test_the_totals_are_in_the_base_currency_of_the_day(spring):
    total = ageing(date(2026, 5, 2), viewer=spring.accountant).total

    assert total.currency == "EUR"
    assert total.buckets[AgeingBucket.DAYS_1_30] == 45  # 50 dollars at 0.9
    assert (total.open_amount, total.unapplied, total.balance) == (1630, 200, 1430)


def test_a_customers_standing_adds_up(spring):
    customer = db.session.scalars(select(Customer).where(Customer.code == "ACME")).one()

    standing = customer_standing(customer)

    assert (standing.open_amount, standing.unapplied, standing.balance) == (1525, 140, 1385)
    assert (standing.overdue_amount, standing.overdue_days) == (1525, 89)
    assert [item.invoice_number for item in standing.items] == ["INV-2026-001", "INV-2026-002"]


def test_own_customers_only(spring):
    with atomic():
        spring.sales.own_customers_only = True
        db.session.scalars(select(Customer).where(Customer.code == "YANK")).one().sales_rep_id = spring.sales.id

    assert [row.code for row in ageing(viewer=spring.sales).rows] == ["YANK"]
