"""Credit notes and payments: their pages offer an act exactly when its command allows it, in every state."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.rights.acts import Act, check, refusal_of
from tests.support.factories import (
    Staff,
    make_confirmed_order,
    make_desk,
    make_posted_invoice,
    make_shipped_order,
    ship,
)
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.models import (
    Company,
    CreditNote,
    Invoice,
)
from webapp.services.credit_notes.lines import CreditLine
from webapp.services.credit_notes.notes import (
    apply_credit_note,
    draft_credit_note,
    draft_credit_notes_for_return,
    post_credit_note,
    void_credit_note,
)
from webapp.services.invoices.sending import send_credit_note
from webapp.services.payments.receiving import apply_payment, pay_invoice, record_receipt, reverse_payment
from webapp.services.shipments.returns import ReturnInput, receive_return

pytestmark = pytest.mark.engines("sqlite")

D = Decimal


def _posted(staff: Staff) -> Invoice:
    return make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)


CREDIT_DRAFT, CREDIT, PAYMENT = "/credit-notes/drafts/{}", "/credit-notes/{}", "/payments/{}"


def _note_called(number: str) -> int:
    return db.session.scalars(select(CreditNote.id).where(CreditNote.credit_note_number == number)).one()


CREDIT_DRAFT_ACTS = [
    Act(
        "post", CREDIT_DRAFT, ("/credit-notes/drafts/{}/approval",), lambda n, who: post_credit_note(int(n), actor=who)
    ),
    Act(
        "void",
        CREDIT_DRAFT,
        ("/credit-notes/drafts/{}/void",),
        lambda n, who: void_credit_note(int(n), reason="No", actor=who),
    ),
]


@scene
def credits_and_payments() -> tuple[Staff, dict[str, str], dict[str, str], dict[str, str], str]:
    """Drafts of credit notes, posted ones, payments, and an open invoice."""
    staff = make_desk()
    with atomic():
        db.session.get_one(Company, 1).credit_note_approval_above = D(200)
    small, large, gone, used, rest = (_posted(staff) for _ in range(5))
    drafts = {
        "small": draft_credit_note(
            small.number, reason="Broken", lines=[CreditLine(1, quantity=D(1))], actor=staff.accountant
        ),
        "large": draft_credit_note(large.number, reason="Broken", actor=staff.accountant),
        "void": draft_credit_note(gone.number, reason="Broken", actor=staff.accountant),
    }
    void_credit_note(drafts["void"].id, reason="No", actor=staff.accountant)
    posted = {}
    for name, invoice in (("used up", used), ("with a rest", rest)):
        if name == "with a rest":
            pay_invoice(invoice.id, invoice.open_amount, "CASH", "", actor=staff.accountant)
        note = draft_credit_note(invoice.number, reason="Broken", actor=staff.accountant)
        posted[name] = post_credit_note(note.id, actor=staff.second_accountant).number
    open_invoice = _posted(staff)
    receipts = {
        "on account": _receipt(staff, "T 1", []),
        "used up": _receipt(staff, "T 2", [(open_invoice.number, D(100))]),
        "reversed": _receipt(staff, "T 3", []),
    }
    reverse_payment(receipts["reversed"], reason="Bounced", actor=staff.second_accountant)
    by_id = {name: str(draft.id) for name, draft in drafts.items()}
    return staff, by_id, posted, receipts, open_invoice.number


def _receipt(staff: Staff, reference: str, allocations) -> str:
    return record_receipt(
        "ACME", D(100), "BANK_TRANSFER", reference, allocations=allocations, keep_on_account=True,
        actor=staff.accountant,
    ).number  # fmt: skip


def test_acts_of_credit_notes_and_payments(browsers) -> None:
    staff, drafts, posted, receipts, invoice = credits_and_payments()
    people = browsers(staff)
    check(CREDIT_DRAFT_ACTS, drafts, people)
    credit_acts = [
        Act("send", CREDIT, ("/credit-notes/{}/sending",), lambda n, who: send_credit_note(_note_called(n), actor=who)),
        Act(
            "apply",
            CREDIT,
            ("/credit-notes/{}/applications",),
            lambda n, who: apply_credit_note(n, invoice, D(1), actor=who),
        ),
    ]
    check(credit_acts, posted, people)
    payment_acts = [
        Act(
            "apply", PAYMENT, ("/payments/{}/applications",), lambda n, who: apply_payment(n, invoice, D(1), actor=who)
        ),
        Act(
            "reverse",
            PAYMENT,
            ("/payments/{}/reversal",),
            lambda n, who: reverse_payment(n, reason="Bounced", actor=who),
        ),
    ]
    check(payment_acts, receipts, people)


def test_credit_for_a_return_is_offered_in_its_list(browsers) -> None:
    staff = make_desk()
    order = make_confirmed_order({"A-1": 2}, staff)
    shipment = ship(order, staff)
    make_posted_invoice(order, staff)
    returned = receive_return(shipment, [ReturnInput(1, D(1))], reason="Broken", actor=staff.warehouse)
    act = Act(
        "draft its credit note",
        "/credit-notes/to-credit",
        ("/credit-notes",),
        lambda _, who: draft_credit_notes_for_return(returned.number, actor=who),
    )
    for role, (user, client) in browsers(staff).items():
        page = client.get(act.page)
        offered = returned.number in page.text and 'method="post" action="/credit-notes"' in page.text
        assert offered == (not refusal_of(act, "", user)), role
