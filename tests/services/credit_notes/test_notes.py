"""Credit notes: what can be credited at which amounts, what it settles, and who may decide it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.support.books import events_on, journal_of, order_called
from tests.support.factories import make_confirmed_order, make_posted_invoice, make_shipped_order, ship
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, FourEyes, IllegalMove, NotFound, Refused
from webapp.domain.states import InvoiceState, OrderState
from webapp.models import Company, CreditNote
from webapp.services.credit_notes.notes import (
    CreditLine,
    apply_credit_note,
    draft_credit_note,
    draft_credit_notes_for_return,
    post_credit_note,
    void_credit_note,
)
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.orders.entry import ChargeInput
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments.returns import ReturnInput, receive_return

D = Decimal


@pytest.fixture
@scene
def invoice(staff):
    """Three of A-1 and seven of B-1 with freight and 5 % off: 369.93 - 18.50 + 10.00 net."""
    freight = ChargeInput("FREIGHT", D("10.00"), "VAT19", "Freight")
    number = make_shipped_order({"A-1": 3, "B-1": 7}, staff, charges=[freight], order_discount_percent=D(5))
    return make_posted_invoice(number, staff)


def credit(invoice, staff, *lines: CreditLine, **more) -> CreditNote:
    draft = draft_credit_note(invoice.number, lines=lines or None, reason="Wrong goods", actor=staff.accountant, **more)
    return post_credit_note(draft.id, actor=staff.accountant)


def test_a_full_credit_leaves_exactly_nothing(invoice, staff):
    note = credit(invoice, staff)

    assert (note.number, note.state) == ("CN-2026-001", InvoiceState.APPROVED)
    assert (note.net_total, note.tax_total, note.total) == (invoice.net_total, invoice.tax_total, invoice.total)
    assert (invoice.credited_amount, invoice.open_amount, note.unapplied) == (invoice.total, 0, 0)
    booked, taken_back = journal_of(invoice), journal_of(note)
    assert {account: (-amount, -base) for account, (amount, base) in booked.items()} == taken_back
    order = order_called(invoice.order.number)
    assert [(line.invoiced_qty, line.credited_qty, line.rebill_qty) for line in order.lines] == [(3, 3, 0), (7, 7, 0)]
    assert events_on(note) == [Action.CREDIT_NOTE_DRAFTED, Action.CREDIT_NOTE_POSTED]
    assert events_on(invoice)[-1] == Action.CREDIT_NOTE_POSTED
    with pytest.raises(Refused, match="nothing left to credit"):
        credit(invoice, staff)


def test_parts_in_sum_never_exceed_what_was_invoiced(invoice, staff):
    notes = [credit(invoice, staff, CreditLine(1, quantity=D(1)), CreditLine(2, quantity=D(2))) for _ in range(3)]
    notes.append(credit(invoice, staff))

    assert [len(note.lines) for note in notes] == [2, 2, 2, 2]  # the last one: one of B-1, and the freight
    assert sum(note.net_total for note in notes) == invoice.net_total
    assert sum(note.tax_total for note in notes) == invoice.tax_total
    assert invoice.open_amount == 0


def test_an_amount_off_the_price_changes_no_count(invoice, staff):
    note = credit(invoice, staff, CreditLine(1, amount=D("35.00")))

    assert (note.net_total, note.tax_total) == (35, D("6.65"))
    assert order_called(invoice.order.number).lines[0].credited_qty == 0
    rest = credit(invoice, staff)
    assert note.total + rest.total == invoice.total


def test_goods_that_come_back_after_a_price_credit_are_worth_what_was_left(invoice, staff):
    credit(invoice, staff, CreditLine(1, amount=D("135.00")))  # 285.00 were 3 pieces: 50 each are left

    note = credit(invoice, staff, CreditLine(1, quantity=D(1)))

    assert note.net_total == 50


@pytest.mark.parametrize(
    ("line", "refusal", "sentence"),
    [
        (CreditLine(1, quantity=D(4)), Refused, "Line 1: 3 pcs can be credited, not 4"),
        (CreditLine(1, quantity=D(0)), BadInput, "must be more than 0"),
        (CreditLine(1), BadInput, "Quantity is missing"),
        (CreditLine(1, amount=D("285.01")), Refused, r"Line 1: 285\.00 can be credited, not 285\.01"),
        (CreditLine(1, amount=D(-1)), Refused, "must be more than 0"),
        (CreditLine(1, quantity=D(1), amount=D(1)), BadInput, "not both"),
        (CreditLine(9, quantity=D(1)), BadInput, "has no line 9"),
    ],
)
def test_what_was_not_invoiced_is_not_credited(invoice, staff, line, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        draft_credit_note(invoice.number, lines=[line], reason="x", actor=staff.accountant)


def test_drafts_count_against_what_is_left(invoice, staff):
    draft_credit_note(invoice.number, lines=[CreditLine(1, quantity=D(3))], reason="x", actor=staff.accountant)

    with pytest.raises(Refused, match="0 pcs can be credited"):
        draft_credit_note(invoice.number, lines=[CreditLine(1, quantity=D(1))], reason="x", actor=staff.accountant)


def test_only_posted_invoices_are_credited_by_accountants_with_a_reason(invoice, staff):
    with pytest.raises(NotFound):
        draft_credit_note("INV-1999-001", reason="x", actor=staff.accountant)
    with pytest.raises(Forbidden):
        draft_credit_note(invoice.number, reason="x", actor=staff.sales)
    with pytest.raises(BadInput, match="A reason is needed"):
        draft_credit_note(invoice.number, reason=" ", actor=staff.accountant)
    with pytest.raises(BadInput, match="named once"):
        draft_credit_note(invoice.number, lines=[CreditLine(1, amount=D(1))] * 2, reason="x", actor=staff.accountant)


def test_a_corrected_price_is_billed_again(invoice, staff):
    number = invoice.order.number
    credit(invoice, staff, rebill=True)

    order = order_called(number)
    assert [(line.credited_qty, line.rebill_qty) for line in order.lines] == [(3, 3), (7, 7)]
    assert (order.state, order.charges[0].invoiced_amount) == (OrderState.CLOSED, 0)
    assert order.to_bill_amount == order.total
    draft = draft_invoice(number, actor=staff.accountant)
    assert (draft.total, draft.order_discount_amount) == (invoice.total, invoice.order_discount_amount)


def test_what_is_paid_already_becomes_credit_for_another_invoice(invoice, staff):
    record_payment(invoice, invoice.total - 100, "CASH", "", staff.accountant)
    note = credit(invoice, staff)
    assert (invoice.open_amount, invoice.credited_amount) == (0, 100)
    assert note.unapplied == note.total - 100
    other = make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)
    foreign = make_posted_invoice(make_shipped_order({"A-1": 1}, staff, customer="YANK"), staff)

    apply_credit_note(note.number, other.number, D(50), actor=staff.accountant)

    assert (other.open_amount, other.credited_amount, note.applied_amount) == (69, 50, 150)
    assert events_on(note)[-1] == Action.CREDIT_NOTE_APPLIED
    with pytest.raises(Refused, match="exceeds the amount due"):
        apply_credit_note(note.number, other.number, D(70), actor=staff.accountant)
    with pytest.raises(BadInput, match="another customer"):
        apply_credit_note(note.number, foreign.number, D(1), actor=staff.accountant)


def test_a_large_credit_note_is_approved_by_somebody_else(invoice, staff):
    with atomic():
        db.session.get_one(Company, 1).credit_note_approval_above = D(100)
    small = draft_credit_note(invoice.number, lines=[CreditLine(3, quantity=1)], reason="x", actor=staff.accountant)
    large = draft_credit_note(invoice.number, lines=[CreditLine(1, quantity=1)], reason="x", actor=staff.accountant)
    post_credit_note(small.id, actor=staff.accountant)

    with pytest.raises(FourEyes, match=r"above EUR 100\.00"):
        post_credit_note(large.id, actor=staff.accountant)

    assert post_credit_note(large.id, actor=staff.second_accountant).number == "CN-2026-002"
    with pytest.raises(IllegalMove):
        post_credit_note(large.id, actor=staff.second_accountant)


def test_a_void_draft_frees_what_it_took(invoice, staff):
    draft = draft_credit_note(invoice.number, reason="x", actor=staff.accountant)

    void_credit_note(draft.id, reason="Mistake", actor=staff.accountant)

    assert (draft.state, draft.void_reason) == (InvoiceState.VOID, "Mistake")
    assert credit(invoice, staff).total == invoice.total


def test_a_credit_note_is_not_dated_before_its_invoice(invoice, staff):
    draft = draft_credit_note(invoice.number, reason="x", actor=staff.accountant)

    with pytest.raises(BadInput, match="is dated later"):
        post_credit_note(draft.id, issue_date=date(2026, 5, 3), actor=staff.accountant)


def test_a_return_proposes_a_credit_for_each_invoice_that_billed_it(staff):
    number = make_confirmed_order({"A-1": 5}, staff)
    shipment = ship(number, staff)
    first = make_posted_invoice(number, staff, lines={1: D(3)})
    second = make_posted_invoice(number, staff)
    returned = receive_return(shipment, [ReturnInput(1, D(4))], reason="Damaged", actor=staff.warehouse)

    notes = draft_credit_notes_for_return(returned.number, actor=staff.accountant)

    assert [(note.invoice_id, note.lines[0].quantity) for note in notes] == [(second.id, 2), (first.id, 2)]
    assert {note.return_id for note in notes} == {returned.id}
    with pytest.raises(Refused, match="left to credit"):
        draft_credit_notes_for_return(returned.number, actor=staff.accountant)
    for note in notes:
        post_credit_note(note.id, actor=staff.accountant)
    assert (first.open_amount, second.open_amount) == (119, 0)


def test_a_foreign_credit_note_balances_at_the_rate_of_its_day(staff):
    with clock.set_to(datetime(2026, 4, 30, 9, tzinfo=UTC)):
        invoice = make_posted_invoice(make_shipped_order({"B-1": 3}, staff, customer="YANK"), staff)

    note = credit(invoice, staff)

    assert (invoice.base_rate, note.base_rate) == (D("0.8"), D("0.9"))
    journal = journal_of(note)
    assert sum(base for _, base in journal.values()) == sum(amount for amount, _ in journal.values()) == 0
