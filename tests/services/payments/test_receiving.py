"""Payments: what is recorded, what is refused, and what follows for invoice, ledger and credit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on, invoice_called, journal_of, order_called
from tests.support.factories import (
    make_confirmed_order,
    make_customer,
    make_posted_invoice,
    make_shipped_order,
)
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, FourEyes, IllegalMove, NotFound, Refused
from webapp.domain.states import HoldState, OrderState, PaymentState
from webapp.models import Company, Customer, Event, Invoice, Payment, PaymentApplication
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import (
    apply_payment,
    calculate_overdue_amount,
    calculate_overdue_days,
    record_payment,
    record_receipt,
    reverse_payment,
)

D = Decimal


def on(day: int, month: int = 5):
    return clock.set_to(datetime(2026, month, day, 9, tzinfo=UTC))


@scene
def billed(staff, quantity=10, customer="ACME") -> Invoice:
    """A posted invoice; ten pieces come to 1190.00."""
    return make_posted_invoice(make_shipped_order({"A-1": quantity}, staff, customer=customer), staff)


def pay(invoice, amount, staff, reference="TXN1", **more) -> Payment:
    return record_payment(invoice, amount, "BANK_TRANSFER", reference, staff.accountant, **more)


def nothing_was_recorded() -> bool:
    return db.session.scalars(select(Payment)).first() is None


# -- recording ---------------------------------------------------------------------------------------------------------


def test_a_part_payment_is_recorded_booked_and_told(staff):
    invoice = billed(staff)

    payment = pay(invoice, D("1000.00"), staff, payment_date=date(2026, 5, 3))

    assert (payment.number, payment.state, payment.unapplied) == ("PAY-2026-001", PaymentState.RECORDED, 0)
    assert (invoice.paid_amount, invoice.open_amount) == (1000, 190)
    assert (invoice.first_payment_date, invoice.last_payment_date) == (date(2026, 5, 3), date(2026, 5, 3))
    (application,) = payment.applications
    assert application.applied_on == date(2026, 5, 4)  # not before the invoice
    assert journal_of(payment) == {"receivables": (-1000, -1000), "bank": (1000, 1000)}
    assert events_on(payment) == [Action.PAYMENT_RECORDED]
    assert events_on(invoice)[-1] == Action.PAYMENT_RECORDED


def test_paying_the_rest_settles_it(staff):
    invoice = billed(staff)
    pay(invoice, D(1000), staff)

    with on(20):
        pay(invoice, D(190), staff, "TXN2")

    assert invoice.open_amount == 0
    assert (invoice.first_payment_date, invoice.last_payment_date) == (date(2026, 5, 4), date(2026, 5, 20))


def test_more_than_the_amount_due_is_refused_in_the_words_of_the_contract(staff):
    invoice = billed(staff)
    pay(invoice, D(690), staff)

    with pytest.raises(Refused) as refusal:
        pay(invoice, D("600.00"), staff, "TXN2")

    assert refusal.value.message == "Payment exceeds the amount due"
    assert refusal.value.details == {"amount_due": "500.00", "payment_amount": "600.00"}
    assert (refusal.value.status, invoice.open_amount) == (400, 500)


@pytest.mark.parametrize(
    ("amount", "refusal", "sentence"),
    [
        (D(0), Refused, "must be more than 0"),
        (D(-5), Refused, "must be more than 0"),
        (D("1.005"), BadInput, "may have 2 decimals at most"),
        (D("1E+18"), BadInput, "without an exponent|too large"),
        (D("NaN"), BadInput, "must be a number"),
        ("1e3", BadInput, "plain digits"),
        (1.5, BadInput, "must be a number"),
    ],
)
def test_amounts_that_cannot_be_paid_are_refused(staff, amount, refusal, sentence):
    invoice = billed(staff)

    with pytest.raises(refusal, match=sentence):
        pay(invoice, amount, staff)

    assert nothing_was_recorded()


@pytest.mark.parametrize(
    ("method", "reference", "day", "sentence"),
    [
        ("BARTER", "X", None, "no payment method BARTER"),
        ("BANK_TRANSFER", " ", None, "needs a reference"),
        ("BANK_TRANSFER", "A\x00B", None, "cannot be stored"),
        ("CASH", "", date(2026, 5, 5), "in the future"),
        ("CASH", "", date(2026, 4, 30), "closed until 2026-04-30"),
    ],
)
def test_how_and_when_it_was_paid_must_be_possible(staff, method, reference, day, sentence):
    invoice = billed(staff)
    with atomic():
        db.session.get_one(Company, 1).books_closed_until = date(2026, 4, 30)

    with pytest.raises(BadInput, match=sentence):
        record_payment(invoice, D(1), method, reference, staff.accountant, payment_date=day)

    assert nothing_was_recorded()


def test_a_draft_cannot_be_paid_and_sales_take_no_money(staff):
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)

    with pytest.raises(IllegalMove, match="is draft, not approved"):
        pay(draft, D(1), staff)
    with pytest.raises(Forbidden):
        record_payment(draft, D(1), "CASH", "", staff.sales)


def test_a_used_reference_names_the_payment_that_carries_it(staff):
    first, second = billed(staff), billed(staff)
    other = billed(staff, customer="YANK")
    payment = pay(first, D(100), staff, "TXN123456")

    with pytest.raises(Refused, match="TXN123456 is already used by payment PAY-2026-001"):
        pay(second, D(100), staff, "TXN123456")

    record_payment(second, D(100), "CHEQUE", "TXN123456", staff.accountant)
    pay(other, D(100), staff, "TXN123456")
    reverse_payment(payment.number, reason="Bounced", actor=staff.second_accountant)
    pay(second, D(100), staff, "TXN123456")
    for _ in range(2):
        record_payment(second, D(1), "CASH", "", staff.accountant)


def test_without_a_user_the_system_records(staff):
    payment = record_payment(billed(staff), D(1), "CASH", "", None)

    assert payment.recorded_by.is_system


def test_a_foreign_payment_is_booked_at_the_rate_of_its_value_date(staff):
    invoice = billed(staff, customer="YANK")

    payment = pay(invoice, D("100.01"), staff, payment_date=date(2026, 4, 30))

    assert journal_of(invoice)["receivables"] == (D("1190.00"), D("1071.00"))
    assert journal_of(payment) == {"receivables": (D("-100.01"), D("-80.01")), "bank": (D("100.01"), D("80.01"))}


# -- overdue -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "days"), [(2, 0), (3, 0), (4, 1), (13, 10)])
def test_overdue_counts_from_the_day_after_the_due_date(staff, day, days):
    invoice = billed(staff)  # due on 3 June
    pay(invoice, D(1000), staff)

    with on(day, 6):
        assert calculate_overdue_days(invoice) == days
        assert calculate_overdue_amount(invoice) == (190 if days else 0)


def test_a_paid_invoice_is_never_overdue(staff):
    invoice = billed(staff)
    pay(invoice, D(1190), staff)

    with on(30, 6):
        assert (calculate_overdue_days(invoice), calculate_overdue_amount(invoice)) == (0, 0)


# -- receipts ----------------------------------------------------------------------------------------------------------


def receive(amount, staff, **more) -> Payment:
    return record_receipt("ACME", amount, "BANK_TRANSFER", "TXN1", actor=staff.accountant, **more)


def test_a_receipt_pays_the_oldest_first(staff):
    first, second = billed(staff), billed(staff)
    with atomic():
        db.session.get_one(Customer, first.customer_id).payment_terms_code = "NET0"
    third = billed(staff)  # due at once: the oldest

    payment = receive(D(2000), staff)

    assert [(part.invoice.number, part.amount) for part in payment.applications] == [
        (third.number, 1190),
        (first.number, 810),
    ]
    assert [one.open_amount for one in (first, second, third)] == [380, 1190, 0]
    assert db.session.scalars(select(Event).where(Event.action == Action.PAYMENT_RECORDED)).one()


def test_a_receipt_goes_where_the_clerk_says(staff):
    first, second = billed(staff), billed(staff)

    payment = receive(
        D(300), staff, allocations=[(second.number, D(200)), (first.number, D(50)), (first.number, D(50))]
    )

    assert (first.open_amount, second.open_amount, payment.unapplied) == (1090, 990, 0)


def test_a_surplus_stays_on_account_only_when_the_clerk_says_so(staff):
    invoice = billed(staff)

    with pytest.raises(Refused, match=r"10\.00 of the payment is left over"):
        receive(D(1200), staff)
    payment = receive(D(1200), staff, keep_on_account=True)

    assert (invoice.open_amount, payment.unapplied) == (0, 10)


@pytest.mark.parametrize(
    ("allocations", "refusal", "sentence"),
    [
        ([("INV-2026-001", D(1191))], Refused, "Payment exceeds the amount due"),
        ([("INV-2026-001", D(1000)), ("INV-2026-001", D(1000))], Refused, "Payment exceeds the amount due"),
        ([("INV-2026-001", D(1190)), ("INV-2026-002", D(100))], Refused, "come to 90.00 more than the payment"),
        ([("INV-2026-001", D(0))], Refused, "must be more than 0"),
        ([("INV-2026-009", D(1))], BadInput, "no invoice INV-2026-009"),
        ([("INV-2026-003", D(1))], BadInput, "belongs to another customer"),
    ],
)
def test_parts_that_do_not_fit_are_refused(staff, allocations, refusal, sentence):
    billed(staff), billed(staff), billed(staff, customer="YANK")

    with pytest.raises(refusal, match=sentence):
        receive(D(1200), staff, allocations=allocations, keep_on_account=True)

    assert nothing_was_recorded()


def test_nobody_pays_for_a_customer_that_is_not_there(staff):
    with pytest.raises(NotFound):
        record_receipt("NOBODY", D(1), "CASH", "", actor=staff.accountant)


def test_money_on_account_settles_a_later_invoice(staff):
    payment = receive(D(500), staff, allocations=[], keep_on_account=True)
    with on(10):
        invoice, foreign = billed(staff), billed(staff, customer="YANK")

        apply_payment(payment.number, invoice.number, D(400), actor=staff.accountant)

    assert (payment.unapplied, invoice.open_amount) == (100, 790)
    assert payment.applications[0].applied_on == date(2026, 5, 10)
    assert events_on(payment) == [Action.PAYMENT_RECORDED, Action.PAYMENT_APPLIED]
    with pytest.raises(Refused, match=r"has only 100\.00 left"):
        apply_payment(payment.number, invoice.number, D(101), actor=staff.accountant)
    with pytest.raises(Refused, match="exceeds the amount due"):
        apply_payment(payment.number, invoice.number, D(791), actor=staff.accountant)
    with pytest.raises(BadInput, match="another customer"):
        apply_payment(payment.number, foreign.number, D(1), actor=staff.accountant)


# -- reversal ----------------------------------------------------------------------------------------------------------


def test_a_reversal_opens_what_was_paid_and_deletes_nothing(staff):
    invoice = billed(staff)
    first = pay(invoice, D(400), staff)
    with on(10):
        second = pay(invoice, D(300), staff, "TXN2")
    with on(20):
        reverse_payment(first.number, reason="Cheque bounced", actor=staff.second_accountant)

    assert (first.state, first.applied_amount, first.unapplied) == (PaymentState.REVERSED, 0, 0)
    assert (first.reversed_on, first.reversal_reason) == (date(2026, 5, 20), "Cheque bounced")
    assert (invoice.paid_amount, invoice.open_amount) == (300, 890)
    assert (invoice.first_payment_date, invoice.last_payment_date) == (date(2026, 5, 10), date(2026, 5, 10))
    assert [
        one.reversed_on for one in db.session.scalars(select(PaymentApplication).order_by(PaymentApplication.id))
    ] == [
        date(2026, 5, 20),
        None,
    ]
    assert journal_of(first, "payment_reversal") == {"receivables": (400, 400), "bank": (-400, -400)}
    assert events_on(first) == [Action.PAYMENT_RECORDED, Action.PAYMENT_REVERSED]
    assert second.unapplied == 0
    with pytest.raises(IllegalMove):
        reverse_payment(first.number, reason="Again", actor=staff.second_accountant)


def test_who_recorded_a_payment_does_not_reverse_it(staff):
    payment = pay(billed(staff), D(400), staff)

    with pytest.raises(FourEyes):
        reverse_payment(payment.number, reason="Bounced", actor=staff.accountant)
    with pytest.raises(Forbidden):
        reverse_payment(payment.number, reason="Bounced", actor=staff.manager)
    with pytest.raises(BadInput, match="A reason is needed"):
        reverse_payment(payment.number, reason=" ", actor=staff.second_accountant)

    assert payment.state is PaymentState.RECORDED


def test_a_bounced_payment_holds_the_orders_that_no_longer_fit(staff):
    make_customer("TIGHT", credit_limit=D(1200))
    payment = pay(billed(staff, customer="TIGHT"), D(1190), staff)
    number = make_confirmed_order({"A-1": 10}, staff, customer="TIGHT")

    reverse_payment(payment.number, reason="Bounced", actor=staff.second_accountant)

    order = order_called(number)
    assert order.state is OrderState.CONFIRMED
    assert [(hold.state, hold.excess) for hold in order.holds] == [(HoldState.OPEN, 1180)]
    assert events_on(order)[-1] == Action.HOLD_APPLIED


def held_order(staff) -> str:
    number = create_order(OrderInput("TIGHT", [LineInput("A-1", D(10))]), actor=staff.sales).number
    submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold
    return number


def test_a_bounced_payment_ends_the_releases_of_the_customer(staff):
    make_customer("TIGHT", credit_limit=D(1200))
    invoice = billed(staff, customer="TIGHT")
    number = held_order(staff)
    credit_desk.release_hold(number, reason="Good customer", actor=staff.accountant)
    payment = pay(invoice, D(100), staff)

    reverse_payment(payment.number, reason="Bounced", actor=staff.second_accountant)

    order = order_called(number)
    assert order.holds[0].release_end_reason == "Payment PAY-2026-001 was reversed."
    assert order.holds[1].state is HoldState.OPEN


@pytest.mark.parametrize(("releases", "state"), [(True, OrderState.CONFIRMED), (False, OrderState.APPROVED)])
def test_a_payment_that_makes_room_releases_when_the_company_says_so(staff, releases, state):
    make_customer("TIGHT", credit_limit=D(1200))
    invoice = billed(staff, customer="TIGHT")
    number = held_order(staff)
    with atomic():
        db.session.get_one(Company, 1).release_holds_on_payment = releases

    pay(invoice, D(1190), staff)

    assert order_called(number).state is state


def test_a_payment_on_the_wrong_customer_is_put_right(staff):
    wrong, right = billed(staff), billed(staff, customer="YANK")
    payment = pay(wrong, D(500), staff)

    reverse_payment(payment.number, reason="Was from Yank", actor=staff.second_accountant)
    pay(right, D(500), staff)

    assert (invoice_called(wrong.number).open_amount, invoice_called(right.number).open_amount) == (1190, 690)
