"""A wrong price that was billed is credited, corrected, approved and billed anew."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.books import events_on, order_called
from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, NotFound, StaleVersion
from webapp.domain.states import OrderState
from webapp.models import Invoice
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import standing_of
from webapp.services.approvals.deciding import approve_order
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.invoices.price_corrections import correct_price

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return make_desk()


@pytest.fixture
def invoice(staff: Staff) -> Invoice:
    """Ten of A-1 at 100 and three of B-1, billed and posted."""
    return make_posted_invoice(make_shipped_order({"A-1": 10, "B-1": 3}, staff), staff)


@pytest.fixture
def number(invoice: Invoice, staff: Staff) -> str:
    """The order, its invoice credited to be billed again."""
    note = draft_credit_note(invoice.number, reason="Wrong price.", rebill=True, actor=staff.accountant)
    post_credit_note(note.id, actor=staff.accountant)
    return invoice.order.number


def test_a_corrected_price_is_approved_by_another_before_it_is_billed(number: str, staff: Staff) -> None:
    order = correct_price(number, 1, D(90), reason="The quote said 90.", actor=staff.sales)
    assert (order.state, order.lines[0].unit_price, order.total) == (OrderState.CLOSED, 90, D("1103.07"))
    assert standing_of(order.customer, today()).exposure.shipped_unbilled == order.total
    with pytest.raises(IllegalMove, match="waits for approval"):
        draft_invoice(number, actor=staff.accountant)
    approve_order(number, actor=staff.manager)
    assert draft_invoice(number, actor=staff.accountant).total == D("1103.07")
    assert events_on(order_called(number))[-3:] == ["order.line_changed", "order.approved", "invoice.drafted"]


def test_only_goods_to_be_billed_again_are_corrected(invoice: Invoice, staff: Staff) -> None:
    with pytest.raises(IllegalMove, match="Nothing of line 1 waits to be billed again"):
        correct_price(invoice.order.number, 1, D(90), reason="Typing error.", actor=staff.sales)


def test_a_correction_is_refused_with_a_sentence(number: str, staff: Staff) -> None:
    with pytest.raises(Forbidden):
        correct_price(number, 1, D(90), reason="x", actor=staff.accountant)
    with pytest.raises(NotFound, match="has no line 9"):
        correct_price(number, 9, D(90), reason="x", actor=staff.sales)
    with pytest.raises(BadInput, match="A reason is needed"):
        correct_price(number, 1, D(90), reason=" ", actor=staff.sales)
    with pytest.raises(BadInput, match="the price the line has already"):
        correct_price(number, 1, D(100), reason="x", actor=staff.sales)
    with pytest.raises(BadInput, match="must not be negative"):
        correct_price(number, 1, "-1", reason="x", actor=staff.sales)
    with pytest.raises(StaleVersion):
        correct_price(number, 1, D(90), reason="x", version=0, actor=staff.sales)
