"""Cash rounding from the setting to the ledger: expected on the order, owed on the invoice, given back in full."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on, journal_of, order_called
from tests.support.factories import (
    LONG_AGO,
    make_confirmed_order,
    make_customer,
    make_posted_invoice,
    make_shipped_order,
    ship,
)
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, NotFound
from webapp.models import Account, CashRounding, CustomerPrice, ExchangeRate, Variant
from webapp.queries.invariants import run_all
from webapp.services.company import the_company
from webapp.services.credit_notes.notes import CreditLine, draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice, redraft_invoice
from webapp.services.papers.printed import printed
from webapp.services.payments.receiving import record_payment
from webapp.services.settings.terms import put_cash_rounding, remove_cash_rounding

D = Decimal


@pytest.fixture
def swiss(staff):
    """HEIDI pays in francs, to five rappen: A-1 at 9.95 with 19 %, B-1 at 3.33 with 7 %."""
    customer = make_customer("HEIDI", currency="CHF", credit_limit=None)
    put_cash_rounding("CHF", unit="0.05", actor=staff.admin)
    with atomic():
        db.session.add(ExchangeRate(currency="CHF", valid_from=LONG_AGO, rate=D("1.03")))
        for sku, price in (("A-1", D("9.95")), ("B-1", D("3.33"))):
            variant = db.session.scalars(select(Variant).where(Variant.sku == sku)).one()
            db.session.add(CustomerPrice(customer_id=customer.id, variant_id=variant.id, unit_price=price))
    return staff


def sums(document):
    return document.net_total, document.tax_total, document.rounding_amount, document.total


def test_the_order_expects_it_and_the_invoice_owes_it(swiss):
    number = make_shipped_order({"A-1": 1, "B-1": 1}, swiss, customer="HEIDI")
    order = order_called(number)
    assert sums(order) == (D("13.28"), D("2.12"), D("0.00"), D("15.40"))

    other = make_shipped_order({"A-1": 1}, swiss, customer="HEIDI")
    assert sums(order_called(other)) == (D("9.95"), D("1.89"), D("0.01"), D("11.85"))
    assert order_called(other).to_bill_amount == D("11.84")  # each invoice rounds anew

    invoice = make_posted_invoice(other, swiss)

    assert sums(invoice) == (D("9.95"), D("1.89"), D("0.01"), D("11.85"))
    assert invoice.open_amount == D("11.85")
    assert journal_of(invoice) == {
        "receivables": (D("11.85"), D("12.21")),
        "sales": (D("-9.95"), D("-10.25")),
        "tax": (D("-1.89"), D("-1.95")),
        "rounding": (D("-0.01"), D("-0.01")),
    }
    record_payment(invoice, D("11.85"), "CASH", "", swiss.accountant)
    assert invoice.open_amount == 0
    assert run_all() == []


def test_it_has_its_own_row_on_paper(swiss):
    invoice = make_posted_invoice(make_shipped_order({"A-1": 1}, swiss, customer="HEIDI"), swiss)

    sheet = printed(invoice.snapshot)

    assert [(fact.label, fact.value) for fact in sheet.sums] == [
        ("Net", "9.95"), ("VAT", "1.89"), ("Rounding", "0.01"), ("Total CHF", "11.85"),
    ]  # fmt: skip


def test_currencies_without_a_coin_are_not_rounded(swiss):
    invoice = make_posted_invoice(make_shipped_order({"B-1": 1}, swiss), swiss)

    assert (invoice.rounding_unit, invoice.rounding_amount) == (None, 0)
    assert "rounding" not in journal_of(invoice)
    assert "Rounding" not in [fact.label for fact in printed(invoice.snapshot).sums]


def test_parts_are_each_rounded_and_each_is_owed(swiss):
    number = make_confirmed_order({"A-1": 3}, swiss, customer="HEIDI")
    totals = []
    for _ in range(3):
        ship(number, swiss, {1: 1})
        totals.append(make_posted_invoice(number, swiss).total)

    assert totals == [D("11.85")] * 3
    assert order_called(number).total == D("35.50")
    assert run_all() == []


@pytest.mark.parametrize(
    "steps",
    [
        [None],
        [[CreditLine(1, quantity=D(1))], None],
        [[CreditLine(1, amount=D("1.23"))], [CreditLine(2, quantity=D(1))], None],
        [[CreditLine(1, quantity=D(1))], [CreditLine(1, quantity=D(1))], [CreditLine(2, quantity=D(2))]],
    ],
)
def test_credited_in_full_it_comes_to_exactly_nothing(swiss, steps):
    invoice = make_posted_invoice(make_shipped_order({"A-1": 2, "B-1": 2}, swiss, customer="HEIDI"), swiss)
    notes = []
    for lines in steps:
        note = draft_credit_note(invoice.number, lines=lines, reason="Returned", actor=swiss.accountant)
        notes.append(post_credit_note(note.id, actor=swiss.second_accountant))

    assert sum(note.total for note in notes) == invoice.total
    assert invoice.open_amount == 0
    assert [sum(parts) for parts in zip(*map(sums, notes), strict=True)] == list(sums(invoice))
    for note in notes:
        assert not note.total % D("0.05")
        assert sum(amount for amount, _ in journal_of(note).values()) == 0
    assert run_all() == []


def test_documents_that_exist_keep_their_coin(swiss):
    order = make_shipped_order({"A-1": 1}, swiss, customer="HEIDI")
    invoice = make_posted_invoice(order, swiss)
    waiting = make_shipped_order({"A-1": 1}, swiss, customer="HEIDI")
    draft = draft_invoice(waiting, actor=swiss.accountant)

    put_cash_rounding("CHF", unit="1", actor=swiss.admin)

    assert (invoice.total, draft.total, order_called(waiting).total) == (D("11.85"), D("11.85"), D("11.85"))
    assert redraft_invoice(draft.id, actor=swiss.accountant).total == 12
    assert run_all() == []


def test_the_setting_is_changed_and_taken_back_with_its_event(staff):
    put_cash_rounding("SEK", unit="1", actor=staff.admin)
    put_cash_rounding("SEK", unit="0.50", actor=staff.admin)
    assert db.session.get(CashRounding, "SEK").unit == D("0.5")

    remove_cash_rounding("SEK", actor=staff.admin)

    assert db.session.get(CashRounding, "SEK") is None
    assert events_on(the_company())[-3:] == [Action.CASH_ROUNDING_CHANGED] * 3
    with pytest.raises(NotFound, match="not rounded to a coin"):
        remove_cash_rounding("SEK", actor=staff.admin)


@pytest.mark.parametrize(
    ("currency", "unit", "sentence"),
    [
        ("CHF", "0.01", "Unit must be more than 0.01"),
        ("CHF", "0", "Unit must be more than 0.01"),
        ("CHF", "0.055", "may have 2 decimals at most"),
        ("CHF", "-0.05", "must not be negative"),
        ("XXX", "1", "not a currency code"),
    ],
)
def test_a_coin_that_cannot_be_is_refused(staff, currency, unit, sentence):
    with pytest.raises(BadInput, match=sentence):
        put_cash_rounding(currency, unit=unit, actor=staff.admin)


def test_only_who_may_change_settings_changes_it(staff):
    with pytest.raises(Forbidden):
        put_cash_rounding("CHF", unit="0.05", actor=staff.accountant)


def test_the_account_is_there_from_the_first_day(staff):
    assert db.session.scalars(select(Account.code).where(Account.purpose == "rounding")).one() == "4910"
