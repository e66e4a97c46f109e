"""Each error planted in invoices, payments, credit notes and the ledger is reported by its own invariant alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.factories import Staff, make_desk, make_posted_invoice, make_shipped_order
from tests.support.planting import reported
from tests.support.scenes import scene
from webapp.models import User
from webapp.services.credit_notes.notes import CreditLine, draft_credit_note, post_credit_note
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.once import once
from webapp.services.payments.receiving import record_payment, record_receipt, reverse_payment

D = Decimal

PLANTS = {
    "I7: a line whose net and tax are not its total": "UPDATE invoice_lines SET tax_amount = tax_amount + 100",
    "I7: a credit note over more than its lines": """
        UPDATE credit_note_lines SET net_amount = net_amount - 100, tax_amount = tax_amount + 200""",
    "I7: a charge of a line that its amounts do not have": """
        UPDATE invoice_lines SET adjustments = '[{"reason": "Fitting", "amount": "1"}]' WHERE line_number = 1""",
    "I7: cash rounding that nobody added to the total": "UPDATE credit_notes SET rounding_amount = 100",
    "I22: cash rounding that is not to the coin": """
        UPDATE invoices SET rounding_unit = 50000, rounding_amount = rounding_amount + 100, total = total + 100
            WHERE invoice_number LIKE '%-001';
        UPDATE journal_lines SET amount = amount + 100 WHERE account_code = '1200' AND :first;
        UPDATE journal_lines SET amount = amount - 100 WHERE account_code = '4000' AND :first""",
    "I8: an invoice that counts a payment nobody made": """
        UPDATE invoices SET paid_amount = paid_amount + 100 WHERE id = (SELECT max(id) FROM invoices)""",
    "I9: receivables that no document explains": """
        UPDATE journal_lines SET amount = amount + 100 WHERE account_code = '1200' AND :first;
        UPDATE journal_lines SET amount = amount - 100 WHERE account_code = '4000' AND :first""",
    "I10: a journal that does not balance": """
        UPDATE journal_lines SET amount = amount + 100 WHERE account_code = '4000' AND :first""",
    "I10: a journal that does not balance in the base currency": """
        UPDATE journal_lines SET base_amount = base_amount + 100 WHERE account_code = '4000' AND :first""",
    "I11: a payment that counts more than it settled": """
        UPDATE payments SET applied_amount = applied_amount + 100 WHERE payment_number LIKE '%-002'""",
    "I11: a credit note that counts more than it settled": """
        UPDATE credit_notes SET applied_amount = applied_amount + 100""",
    "I12: a payment in another currency than its invoice": """
        UPDATE payments SET currency = 'USD' WHERE payment_number LIKE '%-001';
        UPDATE journal_lines SET currency = 'USD' WHERE journal_id IN
            (SELECT id FROM journals WHERE document_number LIKE 'PAY-%-001')""",
    "I13: a gap in the numbers": """
        UPDATE invoices SET invoice_number = replace(invoice_number, '-002', '-009')""",
    "I13: a number dated before the one it follows": """
        UPDATE invoices SET issue_date = '2000-01-01' WHERE invoice_number LIKE '%-002'""",
    "I22: lines that compute to another total": """
        UPDATE invoice_lines SET unit_price = unit_price + 1000000 WHERE line_number = 1""",
    "I23: a fraction of a cent": """
        UPDATE journal_lines SET amount = amount + 1 WHERE account_code = '4000' AND :first;
        UPDATE journal_lines SET amount = amount - 1 WHERE account_code = '2200' AND :first""",
    "I23: a fraction of a cent in the base currency": """
        UPDATE journal_lines SET base_amount = base_amount + 1 WHERE account_code = '4000' AND :first;
        UPDATE journal_lines SET base_amount = base_amount - 1 WHERE account_code = '2200' AND :first""",
    "I25: two commands under one key": """
        UPDATE events SET idempotency_key_id = (SELECT max(id) FROM idempotency_keys)
            WHERE action = 'invoice.posted'""",
    "I25: the key of another user": """
        UPDATE idempotency_keys SET user_id = (SELECT min(id) FROM users)""",
    "I26: a posted invoice without its journal": """
        UPDATE journals SET document_id = document_id + 1000 WHERE kind = 'invoice'""",
    "I26: a posted invoice without its paper": "DELETE FROM document_files",
    "I26: a reversal without its journal": "UPDATE journals SET kind = 'other' WHERE kind = 'payment_reversal'",
}
FIRST = "journal_id = (SELECT min(journal_id) FROM journal_lines WHERE account_code = '1200')"


@pytest.fixture
@scene
def books(session) -> Staff:
    """Two invoices, one paid in part and credited in part; money on account; a reversal; an opening item; a key."""
    staff = make_desk()
    first = make_posted_invoice(make_shipped_order({"A-1": 3, "B-1": 2}, staff), staff)
    record_payment(first, D(100), "BANK_TRANSFER", "TXN1", staff.accountant)
    record_receipt("ACME", D(50), "CASH", "", allocations=[], keep_on_account=True, actor=staff.accountant)
    bounced = record_payment(first, D(10), "BANK_TRANSFER", "TXN2", staff.accountant)
    reverse_payment(bounced.number, reason="Bounced", actor=staff.second_accountant)
    note = draft_credit_note(
        first.number, lines=[CreditLine(1, quantity=D(1))], reason="Dented", actor=staff.accountant
    )
    post_credit_note(note.id, actor=staff.accountant)
    import_opening_invoice(
        "OLD-7", "ACME", issue_date=date(2026, 1, 5), due_date=date(2026, 2, 5), total=D(70), open_amount=D(30),
        actor=staff.admin,
    )  # fmt: skip
    make_posted_invoice(make_shipped_order({"A-1": 1}, staff, customer="YANK"), staff)
    pay_with_key(staff.accountant)
    return staff


def pay_with_key(accountant: User) -> None:
    def work() -> dict[str, str]:
        given = {"allocations": [], "keep_on_account": True, "actor": accountant}
        return {"number": record_receipt("YANK", D(5), "CASH", "", **given).number}

    once("key-1", accountant, "0" * 64, work)


@pytest.mark.plants_errors
def test_each_error_is_found_by_its_own_invariant_alone(books):
    found = {error: reported(*planted.replace(":first", FIRST).split(";")) for error, planted in PLANTS.items()}

    assert found == {error: {error.split(":")[0]} for error in PLANTS}


@pytest.mark.plants_errors
@pytest.mark.engines("sqlite")
def test_a_number_that_is_no_integer_is_found(books):
    assert reported("UPDATE variants SET reorder_level = 0.5") == {"I23"}
