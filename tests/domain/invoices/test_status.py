from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.domain.invoices.status import InvoiceStatus, invoice_status
from webapp.domain.states import InvoiceState

D = Decimal


@pytest.mark.parametrize("state", [InvoiceState.VOID, InvoiceState.DRAFT, InvoiceState.VALIDATED])
def test_an_invoice_that_is_not_posted_shows_its_state(state):
    assert invoice_status(state, open_amount=D(100), paid=D(0)) == state.value


@pytest.mark.parametrize(
    ("open_amount", "paid", "credited", "written_off", "sent", "status"),
    [
        ("100", "0", "0", "0", False, "APPROVED"),
        ("100", "0", "0", "0", True, "SENT"),
        ("60", "40", "0", "0", False, "PARTIALLY_PAID"),
        ("60", "40", "0", "0", True, "PARTIALLY_PAID"),
        ("60", "0", "40", "0", False, "APPROVED"),
        ("60", "0", "40", "0", True, "SENT"),
        ("60", "10", "30", "0", True, "PARTIALLY_PAID"),
        ("0", "100", "0", "0", False, "FULLY_PAID"),
        ("0", "1", "98", "1", True, "FULLY_PAID"),
        ("0", "0", "100", "0", True, "CREDITED"),
        ("0", "0", "99", "1", True, "CREDITED"),
        ("0", "0", "0", "100", True, "WRITTEN_OFF"),
        ("0", "0", "0", "0", False, "APPROVED"),
        ("0", "0", "0", "0", True, "SENT"),
    ],
)
def test_a_posted_invoice_shows_the_first_word_that_fits(open_amount, paid, credited, written_off, sent, status):
    shown = invoice_status(
        InvoiceState.APPROVED,
        open_amount=D(open_amount),
        paid=D(paid),
        credited=D(credited),
        written_off=D(written_off),
        sent=sent,
    )
    assert shown is InvoiceStatus(status)
