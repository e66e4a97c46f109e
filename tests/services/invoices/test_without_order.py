"""Invoices without an order: what they say, what they owe, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on, journal_of
from tests.support.factories import make_customer, make_shipped_order, make_tax_code
from tests.support.statements import count_statements
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, NotFound, Refused, StaleVersion
from webapp.domain.states import CustomerStatus, InvoiceState
from webapp.models import Customer, Invoice, TaxClassRule, TaxCode, TaxRate
from webapp.queries.credit_control.exposure import standing_of
from webapp.queries.invariants import run_all
from webapp.queries.receivables.ageing import ledger_balances
from webapp.services.company import today
from webapp.services.credit_notes.notes import CreditLine, draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice, redraft_invoice, validate_invoice, void_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.invoices.without_order import (
    Adjustment,
    FreeCharge,
    FreeInvoice,
    FreeLine,
    draft_free_invoice,
    prepare_free_invoice,
    redraft_free_invoice,
)
from webapp.services.papers.printed import printed
from webapp.services.payments.receiving import record_payment

D = Decimal


def repair(**changes):
    return FreeLine(
        **{"description": "Repair", "quantity": "2.5", "unit": "h", "unit_price": "80", "tax_code": "VAT19"} | changes
    )


FULL = FreeInvoice(
    customer="ACME",
    lines=[
        repair(discount_percent="10"),
        repair(
            description="Pump",
            quantity="1",
            unit_price="123.4",
            price_base="10",
            adjustments=[Adjustment("Fitting", "5.00"), Adjustment("Scratched", "-2.34")],
        ),
        repair(description="Old pump taken back", quantity="-1", unit_price="20", tax_code="VAT7"),
    ],
    charges=[FreeCharge("Travel", "35.50", "VAT19"), FreeCharge("Good will", "-10", "VAT19")],
)


def posted(given, staff) -> Invoice:
    draft = draft_free_invoice(given, actor=staff.accountant)
    validate_invoice(draft.id, actor=staff.accountant)
    return post_invoice(draft.id, actor=staff.accountant)


def test_it_says_line_by_line_what_was_given_and_totals_it_by_rate(staff):
    invoice = draft_free_invoice(FULL, actor=staff.accountant)

    amounts = ("description", "subtotal", "discount_amount", "line_charges", "net_amount")
    assert [tuple(getattr(line, name) for name in amounts) for line in invoice.lines] == [
        ("Repair", 200, 20, 0, 180),
        ("Pump", D("12.34"), 0, D("2.66"), 15),
        ("Old pump taken back", -20, 0, 0, -20),
        ("Travel", D("35.50"), 0, 0, D("35.50")),
        ("Good will", -10, 0, 0, -10),
    ]  # fmt: skip
    assert [line.is_charge for line in invoice.lines] == [False, False, False, True, True]
    assert {(tax.percent, tax.net_amount, tax.tax_amount) for tax in invoice.taxes} == {
        (19, D("220.50"), D("41.90")),
        (7, -20, D("-1.40")),
    }
    assert (invoice.net_total, invoice.tax_total, invoice.total) == (D("200.50"), D("40.50"), D("241.00"))
    assert (invoice.order_id, invoice.payment_terms_code, invoice.delivery_date) == (None, "NET30", date(2026, 5, 4))
    assert events_on(invoice) == [Action.INVOICE_DRAFTED]


def test_it_is_posted_paid_and_counted_as_every_other(staff):
    invoice = posted(FULL, staff)
    acme = invoice.customer

    assert (invoice.number, invoice.due_date) == ("INV-2026-001", date(2026, 6, 3))
    assert {purpose: amount for purpose, (amount, _) in journal_of(invoice).items()} == {
        "receivables": D("241.00"),
        "sales": D("-175.00"),
        "charges": D("-25.50"),
        "tax": D("-40.50"),
    }
    assert standing_of(acme, today()).exposure.outstanding_balance == D("241.00")
    assert ledger_balances()[acme.id, "EUR"] == D("241.00")

    record_payment(invoice, D("41.00"), "CASH", "", staff.accountant)
    assert invoice.open_amount == 200
    assert run_all() == []


def test_its_paper_tells_the_charges_of_a_line_and_of_the_whole(staff):
    sheet = printed(posted(FULL, staff).snapshot)

    assert [(line.quantity, line.price, line.notes, line.net) for line in sheet.lines] == [
        ("2.5", "80.00", (), "180.00"),
        ("1", "123.40 / 10", ("Fitting 5.00", "Scratched −2.34"), "15.00"),
        ("−1", "20.00", (), "−20.00"),
    ]
    assert ("Travel", "35.50") in [(fact.label, fact.value) for fact in sheet.sums]
    assert ("Good will", "−10.00") in [(fact.label, fact.value) for fact in sheet.sums]


@pytest.mark.parametrize(
    "steps",
    [
        [None],
        [[CreditLine(1, quantity=D("0.5"))], [CreditLine(4, amount=D("5"))], None],
        [[CreditLine(2, quantity=D(1)), CreditLine(3, quantity=D(-1)), CreditLine(4, quantity=D(1))], None],
    ],
)
def test_credited_in_full_it_comes_to_exactly_nothing(staff, steps):
    invoice = posted(FULL, staff)
    notes = []
    for lines in steps:
        note = draft_credit_note(invoice.number, lines=lines, reason="Not done", actor=staff.accountant)
        notes.append(post_credit_note(note.id, actor=staff.second_accountant))

    assert invoice.open_amount == 0
    assert sum(line.line_charges for note in notes for line in note.lines) == D("2.66")
    for name in ("net_total", "tax_total", "total"):
        assert sum(getattr(note, name) for note in notes) == getattr(invoice, name)
    assert run_all() == []


@pytest.mark.parametrize("quantity", [D(1), D(-2), D("-1.5")])
def test_a_line_that_took_back_is_credited_by_its_own_sign_and_no_more(staff, quantity):
    invoice = posted(FULL, staff)

    with pytest.raises(Refused, match="Line 3: -1 h can be credited"):
        draft_credit_note(
            invoice.number, lines=[CreditLine(3, quantity=quantity)], reason="Wrong", actor=staff.accountant
        )


def test_the_day_of_delivery_chooses_the_rate_and_the_customers_class_the_code(staff):
    with atomic():
        code = db.session.scalars(select(TaxCode).where(TaxCode.code == "VAT19")).one()
        code.rates.append(TaxRate(valid_from=date(2026, 5, 1), percent=D(21)))
        export = make_tax_code("EXPORT", D(0), category="G", exemption_reason="Export.")
        db.session.flush()
        db.session.add(TaxClassRule(tax_class="ABROAD", item_tax_code_id=code.id, tax_code_id=export.id))
    make_customer("FAR", tax_class="ABROAD")

    def percents(customer, day):
        given = FreeInvoice(customer, [repair()], delivery_date=day)
        (line,) = draft_free_invoice(given, actor=staff.accountant).lines
        return line.tax_category, line.tax_percent

    assert percents("ACME", date(2026, 4, 30)) == ("S", 19)
    assert percents("ACME", date(2026, 5, 1)) == ("S", 21)
    assert percents("FAR", None) == ("G", 0)


def test_a_draft_is_given_other_lines_and_checked_again(staff):
    draft = prepare_free_invoice(FULL, actor=staff.accountant)
    assert draft.state is InvoiceState.VALIDATED
    version = draft.version

    redraft_free_invoice(draft.id, FreeInvoice("ACME", [repair()]), version=version, actor=staff.accountant)

    assert (draft.state, draft.total, len(draft.lines)) == (InvoiceState.VALIDATED, D("238.00"), 1)
    assert events_on(draft) == [Action.INVOICE_DRAFTED] * 2
    with pytest.raises(StaleVersion):
        redraft_free_invoice(draft.id, FULL, version=version, actor=staff.accountant)
    with pytest.raises(BadInput, match="The customer of a draft stays"):
        redraft_free_invoice(draft.id, FreeInvoice("YANK", [repair()]), actor=staff.accountant)
    post_invoice(draft.id, actor=staff.accountant)
    with pytest.raises(IllegalMove):
        redraft_free_invoice(draft.id, FULL, actor=staff.accountant)
    assert run_all() == []


def test_drafts_of_orders_and_free_ones_are_filled_each_in_its_own_way(staff):
    of_order = draft_invoice(make_shipped_order({"A-1": 1}, staff), actor=staff.accountant)
    free = draft_free_invoice(FULL, actor=staff.accountant)

    with pytest.raises(IllegalMove, match="bills SO-2026-001"):
        redraft_free_invoice(of_order.id, FULL, actor=staff.accountant)
    with pytest.raises(IllegalMove, match="bills no order"):
        redraft_invoice(free.id, actor=staff.accountant)


def test_a_void_draft_owes_nothing(staff):
    draft = draft_free_invoice(FULL, actor=staff.accountant)

    void_invoice(draft.id, reason="Typed twice", actor=staff.accountant)

    assert (draft.state, draft.open_amount) == (InvoiceState.VOID, 0)
    assert run_all() == []


def test_a_rounding_that_was_agreed_is_owed_and_given_back(staff):
    invoice = posted(FreeInvoice("ACME", [repair(tax_code="STD")], rounding="-0.30"), staff)

    assert (invoice.rounding_amount, invoice.rounding_unit, invoice.total) == (D("-0.30"), None, D("199.70"))
    for lines in ([CreditLine(1, quantity=D(1))], None):
        note = draft_credit_note(invoice.number, lines=lines, reason="Returned", actor=staff.accountant)
        post_credit_note(note.id, actor=staff.second_accountant)
    assert invoice.open_amount == 0
    assert run_all() == []


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"lines": []}, {"lines": "An invoice needs a line."}),
        ({"lines": [repair(description=" ")]}, {"lines.0.description": "Description is missing."}),
        ({"lines": [repair(), repair(quantity="0")]}, {"lines.1.quantity": "Quantity must not be 0."}),
        ({"lines": [repair(unit_price="-1")]}, {"lines.0.unit_price": "Unit price must not be negative."}),
        ({"lines": [repair(price_base="0")]}, {"lines.0.price_base": "Price base must be more than 0."}),
        ({"lines": [repair(discount_percent="101")]}, {
            "lines.0.discount_percent": "Discount percent must be between 0 and 100.",
        }),
        ({"lines": [repair(tax_code="VAT99")]}, {"lines.0.tax_code": "There is no tax code VAT99."}),
        ({"lines": [repair(adjustments=[Adjustment("", "1.005")])]}, {
            "lines.0.adjustments.0.reason": "Reason is missing.",
            "lines.0.adjustments.0.amount": "Amount may have 2 decimals at most.",
        }),
        ({"charges": [FreeCharge("Freight", "x", "VAT19")]}, {
            "charges.0.amount": "Amount must be a number in plain digits, like 1234.56.",
        }),
        ({"delivery_date": date(2026, 5, 5)}, {"delivery_date": "Delivery date 2026-05-05 is in the future."}),
        ({"rounding": "1"}, {"rounding": "Rounding must be less than 1 EUR up or down."}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_field_by_field(staff, given, wrong):
    with pytest.raises(BadInput) as refusal:
        draft_free_invoice(FreeInvoice(**{"customer": "ACME", "lines": [repair()]} | given), actor=staff.accountant)

    assert refusal.value.details == wrong
    assert db.session.scalars(select(Invoice)).all() == []


def test_less_than_nothing_is_no_invoice(staff):
    with pytest.raises(Refused, match=r"would come to -238\.00"):
        draft_free_invoice(FreeInvoice("ACME", [repair(quantity="-2.5")]), actor=staff.accountant)


def test_who_and_for_whom(staff):
    with pytest.raises(Forbidden):
        draft_free_invoice(FULL, actor=staff.sales)
    with pytest.raises(NotFound, match="no customer NOBODY"):
        draft_free_invoice(FreeInvoice("NOBODY", [repair()]), actor=staff.accountant)
    with atomic():
        db.session.scalars(select(Customer).where(Customer.code == "ACME")).one().status = CustomerStatus.CLOSED
    with pytest.raises(Refused, match="closed and gets no new document"):
        draft_free_invoice(FULL, actor=staff.accountant)


def test_five_hundred_lines_need_as_many_statements_as_one(staff):
    def statements(count):
        return count_statements(lambda: posted(FreeInvoice("ACME", [repair()] * count), staff))

    statements(1)  # the first of everything opens its number series
    assert statements(500) == statements(1)
