"""The published invoices of EN 16931 (tests/data/totals) are stored, posted and paid, and owe what they say they owe.

An invoice (type 380) is drafted line by line without an order. A credit note (type 381) of ours takes back lines of an
invoice, so the invoice that it would take back is stored, and credited in full: the credit note says what was
published. What was prepaid is a payment on account that is applied right after posting.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.factories import LONG_AGO, make_customer, make_tax_code
from webapp.db import atomic, db
from webapp.domain.taxes.categories import WITH_EXEMPTION_REASON
from webapp.models import ExchangeRate
from webapp.queries.invariants import run_all
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.invoices.without_order import Adjustment, FreeCharge, FreeInvoice, FreeLine, draft_free_invoice
from webapp.services.payments.receiving import apply_payment, record_receipt

D = Decimal
VECTORS = json.loads((Path(__file__).parents[2] / "data/totals/en16931.json").read_text(encoding="utf-8"))["vectors"]

XRECHNUNG = "xrechnung-testsuite__src__test__business-cases"
SELF_BILLED = "type 389, a self-billed invoice: the buyer writes it, so it is no invoice that we post"
NOT_STORED = {
    "peppol-bis-3__rules__examples__base-negative-inv-correction.xml": (
        "an invoice of less than 0: what is given back is a credit note here, as the same case of type 381 shows"
    ),
    f"{XRECHNUNG}__extension__04.03a-INVOICE_ubl.xml": "type 877, a final construction invoice over what parts billed",
    f"{XRECHNUNG}__standard__01.20a-INVOICE_ubl.xml": SELF_BILLED,
    f"{XRECHNUNG}__standard__01.20a-INVOICE_uncefact.xml": SELF_BILLED,
    "xrechnung-schematron__test__instances__cii__cii-peppol-en16931-r130-2.xml": SELF_BILLED,
    "zugferd-corpus__XML-Rechnung__CII__EN16931_Innergemeinschaftliche_Lieferungen.cii.xml": SELF_BILLED,
    "xrechnung-schematron__test__instances__ubl-inv__ubl-inv-br-dex-02-some-invoicelines-with-sub.xml": (
        "type 875, a partial construction invoice"
    ),
    "zugferd-corpus__XML-Rechnung__CII__EN16931_Elektron.cii.xml": "type 204, a payment valuation",
}
"""What is published beside invoices and credit notes, and why it is not stored as either."""

STORED = [one for one in VECTORS if one["typeCode"] in ("380", "381") and D(one["expected"]["payable"]) >= 0]


def test_every_published_document_is_stored_or_has_its_reason():
    stored = {one["id"] for one in STORED}

    assert stored.isdisjoint(NOT_STORED)
    assert stored | NOT_STORED.keys() == {one["id"] for one in VECTORS}
    assert (len(stored), len(NOT_STORED)) == (53, 8)


@pytest.fixture
def desk(staff):
    """A customer for each currency, and a tax code for each category and rate."""
    currencies = {one["currency"] for one in STORED}
    rates = {rate_of(tax) for one in STORED for tax in one["expected"]["taxBreakdown"]}
    with atomic():
        for currency in currencies - {"EUR", "USD"}:
            db.session.add(ExchangeRate(currency=currency, valid_from=LONG_AGO, rate=D("0.9")))
        for category, percent in rates:
            reason = "As the law has it." if category in WITH_EXEMPTION_REASON else ""
            make_tax_code(code_of(category, percent), percent, category=category, exemption_reason=reason)
    for currency in currencies:
        make_customer(f"IN-{currency}", currency=currency, credit_limit=None, tax_id="DE136695976")
    return staff


def test_each_is_stored_posted_and_paid_as_it_was_published(desk):
    stored = {one["id"]: stored_as(one, desk) for one in STORED}

    assert stored == {one["id"]: expected_of(one) for one in STORED}
    assert run_all() == []


def stored_as(vector, staff):
    """What the books say of the document after it was posted and what was prepaid was applied."""
    draft = draft_free_invoice(given(vector), actor=staff.accountant)
    validate_invoice(draft.id, actor=staff.accountant)
    document = invoice = post_invoice(draft.id, actor=staff.accountant)
    prepaid = D(vector["inputs"].get("prepaid") or 0)
    if vector["typeCode"] == "381":
        note = draft_credit_note(invoice.number, reason="As published.", actor=staff.accountant)
        document = post_credit_note(note.id, actor=staff.second_accountant)
        assert invoice.open_amount == 0
    elif prepaid:
        payment = record_receipt(
            invoice.customer.code, prepaid, "CASH", "", allocations=[], keep_on_account=True, actor=staff.accountant
        )
        apply_payment(payment.number, invoice.number, prepaid, actor=staff.accountant)
    return {
        "lines": [line.net_amount for line in document.lines if not line.is_charge],
        "net": document.net_total,
        "tax": document.tax_total,
        "open": document.total if vector["typeCode"] == "381" else document.open_amount,
        "taxes": {(tax.category, tax.percent, tax.net_amount, tax.tax_amount) for tax in document.taxes},
    }


def expected_of(vector):
    expected = vector["expected"]
    return {
        "lines": [D(net) for net in expected["lineNet"]],
        "net": D(expected["taxExclusive"]),
        "tax": D(expected.get("taxTotal") or 0),
        "open": D(expected["payable"]),
        "taxes": {(*rate_of(tax), D(tax["taxable"]), D(tax["tax"])) for tax in expected["taxBreakdown"]},
    }


def given(vector):
    inputs = vector["inputs"]
    rounding = D(inputs.get("rounding") or 0)
    return FreeInvoice(
        customer=f"IN-{vector['currency']}",
        lines=[line_of(one) for one in inputs["lines"]],
        charges=[
            FreeCharge(one["reason"] or "As agreed", sign * D(one["amount"]), code_of(*rate_of(one, "taxCategory")))
            for kind, sign in (("charges", 1), ("allowances", -1))
            for one in inputs.get(kind, [])
        ],
        rounding=rounding or None,
    )


def line_of(one):
    price, base = exactly(D(one["netPrice"]), D(one.get("priceBaseQuantity") or 1))
    return FreeLine(
        description=f"Line {one['id']}",
        quantity=D(one["quantity"]),
        unit=one.get("unit") or "",
        unit_price=price,
        price_base=base,
        tax_code=code_of(*rate_of(one, "taxCategory")),
        adjustments=[
            Adjustment(part.get("reason") or "As agreed", sign * D(part["amount"]))
            for kind, sign in (("charges", 1), ("allowances", -1))
            for part in one.get(kind, [])
        ],
    )


def exactly(price, base):
    """A price with more decimals than its column, as the price of so many more units."""
    decimals = -price.normalize().as_tuple().exponent
    more = D(10) ** decimals if decimals > 6 else D(1)
    return price * more, base * more


def rate_of(part, category="category"):
    return part[category], D(part.get("taxRate") or part.get("rate") or 0)


def code_of(category, percent):
    return f"{category}-{percent.normalize():f}"
