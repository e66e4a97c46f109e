"""Drafting invoices: what may be billed, at which amounts, and what giving a draft up does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from webapp.services.payments import record_payment

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=D(100000))
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 500, actor=staff.warehouse, unit_cost=D(60))
    return staff


def test_what_was_shipped_is_billed_and_paid(staff):
    invoice = make_posted_invoice(make_shipped_order({"A-1": 10}, staff), staff)

    payment = record_payment(invoice, D(300), "BANK_TRANSFER", "TXN1", staff.accountant)

    assert (invoice.total, invoice.open_amount) == (1000, 700)
    assert payment.payment_number.startswith("PAY-")
