"""Moving in with the open invoices of an old system."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on, journal_of
from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, NotFound, Refused
from webapp.domain.states import InvoiceState
from webapp.models import Invoice, Journal, NumberSeries
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.payments.receiving import record_payment

D = Decimal
ISSUED, DUE = date(2026, 3, 1), date(2026, 3, 31)


def bring(staff, number="OLD-7", customer="ACME", actor=None, **more) -> Invoice:
    given = {"issue_date": ISSUED, "due_date": DUE, "total": D("100.00"), "open_amount": D("40.00")} | more
    return import_opening_invoice(number, customer, **given, actor=actor or staff.admin)


def test_an_opening_item_keeps_its_number_and_dates_outside_the_series(staff):
    invoice = bring(staff)

    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("OLD-7", ISSUED, DUE)
    assert (invoice.state, invoice.total, invoice.open_amount) == (InvoiceState.APPROVED, 100, 40)
    assert journal_of(invoice, "opening_invoice") == {"receivables": (40, 40), "opening": (-40, -40)}
    assert db.session.scalars(select(NumberSeries).where(NumberSeries.prefix == "INV")).all() == []
    assert events_on(invoice) == [Action.IMPORTED]


def test_it_is_paid_like_any_other(staff):
    invoice = bring(staff)

    record_payment(invoice, D(40), "CASH", "", staff.accountant)

    assert invoice.open_amount == 0


def test_bringing_it_again_changes_nothing(staff):
    first = bring(staff)
    record_payment(first, D(10), "CASH", "", staff.accountant)

    assert bring(staff).id == first.id

    assert len(db.session.scalars(select(Journal).where(Journal.kind == "opening_invoice")).all()) == 1
    assert events_on(first).count(Action.IMPORTED) == 1
    with pytest.raises(Refused, match="there already, with other content"):
        bring(staff, open_amount=D(50))


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        ({"open_amount": D("100.01")}, BadInput, "between 0 and the total"),
        ({"open_amount": D(-1)}, BadInput, "between 0 and the total"),
        ({"total": D("1.001")}, BadInput, "2 decimals"),
        ({"issue_date": date(2026, 5, 5)}, BadInput, "in the future"),
        ({"due_date": date(2026, 2, 1)}, BadInput, "before the issue date"),
        ({"customer": "NOBODY"}, NotFound, "NOBODY"),
        ({"number": ""}, BadInput, "missing"),
        ({"number": "R#1"}, BadInput, "must begin with a letter or digit"),
        ({"number": "R/1?x"}, BadInput, "must begin with a letter or digit"),
        ({"number": "R/print"}, BadInput, "slashes before a part with a digit"),
        ({"number": "R//1"}, BadInput, "slashes before a part with a digit"),
        ({"number": "../1"}, BadInput, "must begin with a letter or digit"),
        ({"number": "drafts/1"}, BadInput, "Invoice number drafts/1"),
        ({"number": "1.pdf"}, BadInput, "Invoice number 1.pdf"),
    ],
)
def test_what_cannot_be_is_refused(staff, given, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        bring(staff, **given)


def test_accountants_do_not_import(staff):
    with pytest.raises(Forbidden):
        bring(staff, actor=staff.accountant)
