"""Sending documents: the fact, the message in the outbox, and what the worker makes of it."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, update

from tests.services.conftest import MONDAY
from tests.support.books import events_on
from tests.support.factories import make_posted_invoice, make_shipped_order
from tests.support.mailbox import mail_server
from webapp import jobs
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove
from webapp.domain.invoices.status import InvoiceStatus
from webapp.models import Customer, DocumentFile, OutboxMessage, Sending
from webapp.pages.invoices.lists import status_of
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.invoices.sending import send_invoice
from webapp.services.mail import mailer
from webapp.services.outbox import MOST_ATTEMPTS, deliver_next

GO_ON = threading.Event()


@pytest.fixture
def invoice(staff):
    return make_posted_invoice(make_shipped_order({"A-1": 1}, staff), staff)


def message() -> OutboxMessage:
    db.session.expire_all()
    return db.session.scalars(select(OutboxMessage)).one()


def test_sending_is_a_fact_with_a_message(invoice, staff):
    send_invoice(invoice.id, actor=staff.accountant)

    sending = db.session.scalars(select(Sending)).one()
    assert (sending.invoice_id, sending.recipient, sending.sent_by_id) == (
        invoice.id,
        "acme@example.com",
        staff.accountant.id,
    )
    assert message().message_id == f"<invoice.INV-2026-001.{sending.id}@counterfoil.invalid>"
    assert status_of(invoice) is InvoiceStatus.SENT
    assert events_on(invoice)[-1] == Action.INVOICE_SENT


def test_the_worker_writes_the_mail_with_the_stored_pdf(invoice, staff, tmp_path):
    send_invoice(invoice.id, recipient="books@acme.example", actor=staff.accountant)

    assert jobs.work_off(mailer(f"file:{tmp_path / 'mail'}"), GO_ON) == 1

    (file,) = (tmp_path / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Message-ID"]) == ("books@acme.example", message().message_id)
    assert mail["Subject"] == "Invoice INV-2026-001 from Counterfoil Test GmbH"
    assert "EUR 119.00. Due on 3 June 2026." in mail.get_body().get_content()
    (pdf,) = mail.iter_attachments()
    assert pdf.get_filename() == "INV-2026-001.pdf"
    assert pdf.get_content() == db.session.scalars(select(DocumentFile.content)).one()
    assert message().sent_at is not None
    assert jobs.work_off(mailer(f"file:{tmp_path / 'mail'}"), GO_ON) == 0


def test_what_fails_is_tried_later_and_in_the_end_no_more(invoice, staff):
    send_invoice(invoice.id, actor=staff.accountant)

    def fail(leased):
        raise ConnectionRefusedError("nobody listens")

    moment = MONDAY
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with clock.set_to(moment):
            assert deliver_next(fail)
            assert not deliver_next(fail)  # not before its pause is over
        assert (message().attempts, message().last_error, message().sent_at) == (attempt, "nobody listens", None)
        moment += timedelta(days=1)
    with clock.set_to(moment):
        assert not deliver_next(fail)


def test_a_message_is_in_the_hands_of_one_worker(invoice, staff):
    send_invoice(invoice.id, actor=staff.accountant)
    seen = []

    def deliver(leased):
        seen.append(leased.message_id)
        assert not deliver_next(deliver)

    assert deliver_next(deliver)
    assert len(seen) == 1


def test_a_worker_that_died_leaves_its_message_to_the_next(invoice, staff, tmp_path):
    send_invoice(invoice.id, actor=staff.accountant)
    with atomic():
        db.session.execute(update(OutboxMessage).values(leased_until=MONDAY + timedelta(minutes=1), attempts=1))

    deliver = mailer(f"file:{tmp_path}")
    assert not deliver_next(deliver)
    with clock.set_to(MONDAY + timedelta(minutes=2)):
        assert deliver_next(deliver)
    assert message().attempts == 2


def test_one_bad_message_does_not_stop_the_others(invoice, staff, tmp_path):
    send_invoice(invoice.id, actor=staff.accountant)
    send_invoice(invoice.id, actor=staff.accountant)
    with atomic():
        first = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        first.payload = {"to": "x"}

    assert jobs.work_off(mailer(f"file:{tmp_path}"), GO_ON) == 2

    errors = list(db.session.scalars(select(OutboxMessage.last_error).order_by(OutboxMessage.id)))
    assert errors == ["'from'", ""]


@pytest.mark.parametrize("recipient", ["nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>"])
def test_a_recipient_is_one_address(invoice, staff, recipient):
    with pytest.raises(BadInput, match="Enter an e-mail address"):
        send_invoice(invoice.id, recipient=recipient, actor=staff.accountant)


def test_drafts_and_customers_without_an_address_are_not_written_to(invoice, staff):
    draft = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    with pytest.raises(IllegalMove):
        send_invoice(draft.id, actor=staff.accountant)
    with pytest.raises(Forbidden):
        send_invoice(invoice.id, actor=staff.sales)
    with atomic():
        db.session.get_one(Customer, invoice.customer_id).email = ""
    with pytest.raises(BadInput, match="has no e-mail address"):
        send_invoice(invoice.id, actor=staff.accountant)


def test_another_kind_of_mail_address_is_said_at_once():
    with pytest.raises(ValueError, match="MAIL_URL must begin with"):
        mailer("gopher://x")


def test_a_mail_server_gets_the_mail(invoice, staff):
    send_invoice(invoice.id, actor=staff.accountant)

    with mail_server() as box:
        assert deliver_next(mailer(f"smtp://127.0.0.1:{box.port}"))

    ((recipient, content),) = box.messages
    mail = message_from_bytes(content, policy=policy.default)
    assert (recipient, mail["Message-ID"]) == ("acme@example.com", message().message_id)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["INV-2026-001.pdf"]
    assert message().sent_at is not None


def test_a_recipient_that_the_server_refuses_is_noted(invoice, staff):
    send_invoice(invoice.id, actor=staff.accountant)

    with mail_server(refuse=True) as box:
        assert deliver_next(mailer(f"smtp://127.0.0.1:{box.port}"))

    assert box.messages == []
    assert "nobody here" in message().last_error
    assert message().sent_at is None


def test_the_worker_goes_on_until_it_is_told_to_stop(app, invoice, staff, tmp_path):
    send_invoice(invoice.id, actor=staff.accountant)
    app.config["MAIL_URL"] = f"file:{tmp_path}"
    stop = threading.Event()
    worker = threading.Thread(target=jobs.work, args=(app, stop))
    worker.start()
    try:
        for _ in range(100):
            if message().sent_at is not None:
                break
            stop.wait(0.1)
            db.session.rollback()
    finally:
        stop.set()
        worker.join(10)

    assert message().sent_at is not None
    assert not worker.is_alive()
