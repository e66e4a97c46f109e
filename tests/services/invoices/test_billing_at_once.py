"""What was shipped, invoiced in one act: drafted, checked and posted, or nothing of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.books import events_on, journal_of, order_called
from tests.support.factories import make_posted_invoice, make_shipped_order
from tests.support.statements import sent_statements
from tests.support.warehouse import last_event
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import Forbidden, Refused, StaleVersion
from webapp.domain.states import InvoiceState, OrderState
from webapp.models import Event, Invoice
from webapp.pages.timeline import sentence_of
from webapp.queries.invariants import run_all
from webapp.services.invoices.posting import bill_order

D = Decimal


def number_of_events() -> int:
    return db.session.scalar(select(func.count()).select_from(Event)) or 0


def test_an_order_is_invoiced_by_one_act_with_one_event(staff):
    number = make_shipped_order({"A-1": 3, "B-1": 7}, staff)
    waiting, before = order_called(number).to_bill_amount, number_of_events()

    invoice = bill_order(number, total=waiting, actor=staff.accountant)

    assert (invoice.state, invoice.number) == (InvoiceState.APPROVED, "INV-2026-001")
    assert invoice.total == waiting == D("431.83")
    assert journal_of(invoice)["receivables"] == (D("431.83"), D("431.83"))
    assert (order_called(number).state, order_called(number).to_bill_amount) == (OrderState.CLOSED, 0)
    assert (number_of_events() - before, events_on(invoice)) == (1, [Action.INVOICE_POSTED])
    steps = [step["action"] for step in last_event().details["steps"]]
    assert steps == [Action.INVOICE_DRAFTED, Action.INVOICE_VALIDATED, Action.INVOICE_POSTED]
    assert sentence_of(last_event(), "EUR") == "Anna Conti posted INV-2026-001 over 431.83."
    assert run_all() == []


def test_an_invoice_posted_at_once_is_the_one_posted_step_by_step(staff):
    at_once = bill_order(make_shipped_order({"A-1": 3, "B-1": 7}, staff), total=D("431.83"), actor=staff.accountant)
    by_steps = make_posted_invoice(make_shipped_order({"A-1": 3, "B-1": 7}, staff), staff)

    assert (at_once.total, at_once.due_date, at_once.state) == (by_steps.total, by_steps.due_date, by_steps.state)
    assert [(line.sku, line.net_amount) for line in at_once.lines] == [
        (line.sku, line.net_amount) for line in by_steps.lines
    ]


def test_an_amount_that_was_not_seen_is_not_posted(staff):
    number = make_shipped_order({"A-1": 3}, staff)

    with pytest.raises(StaleVersion, match=r"comes to 357\.00 now, not to what you saw"):
        bill_order(number, total=D(300), actor=staff.accountant)

    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0
    assert bill_order(number, total=D(357), actor=staff.accountant).total == D(357)


def test_what_is_not_in_order_is_refused_whole(staff):
    number = make_shipped_order({"A-1": 3}, staff)
    with atomic():
        order = order_called(number)
        order.billing_address = {**order.billing_address, "country": ""}

    with pytest.raises(Refused, match="The billing address has no country"):
        bill_order(number, total=D(357), actor=staff.accountant)

    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0
    assert order_called(number).lines[0].drafted_qty == 0


def test_only_who_may_post_invoices_at_once_and_never_twice(staff):
    number = make_shipped_order({"A-1": 3}, staff)
    with pytest.raises(Forbidden):
        bill_order(number, total=D(357), actor=staff.sales)
    bill_order(number, total=D(357), actor=staff.accountant)
    with pytest.raises(Refused, match=r"[Nn]othing"):
        bill_order(number, total=D(357), actor=staff.accountant)


def test_many_lines_take_as_many_statements_as_one(staff):
    given = {"A-1": 1}, {"A-1": 1, "B-1": 2}
    one, many = (make_shipped_order(lines, staff) for lines in given)
    bill_order(make_shipped_order(given[1], staff), total=D("140.38"), actor=staff.accountant)
    counted = []
    for number, total in ((one, D(119)), (many, D("140.38"))):
        db.session.rollback()
        db.session.expire_all()
        with sent_statements() as sent:
            bill_order(number, total=total, actor=staff.accountant)
        counted.append(len(sent))
    assert counted[0] == counted[1]
