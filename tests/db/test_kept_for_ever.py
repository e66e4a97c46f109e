"""What is written for ever cannot be changed or deleted, on either engine."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.factories import (
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from webapp.db import Base, db
from webapp.models.triggers import APPEND_ONLY, POSTED_PARTS, REFUSAL, SETTLEMENT, trigger_names
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.sending import send_invoice
from webapp.services.payments.receiving import record_payment


@pytest.fixture
def books(session) -> None:
    """Rows in every table that keeps them for ever."""
    make_company()
    staff = make_staff()
    make_customer()
    make_item()
    put_in_stock("A-1", 10, actor=staff.warehouse)
    invoice = make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)
    send_invoice(invoice.id, actor=staff.accountant)
    record_payment(invoice, "50", "CASH", "", staff.accountant)
    credit_note = draft_credit_note(invoice.number, reason="Scratched", actor=staff.accountant)
    post_credit_note(credit_note.id, actor=staff.accountant)
    session.rollback()


def tables() -> list[str]:
    return sorted({*APPEND_ONLY, *SETTLEMENT, *POSTED_PARTS})


def test_no_row_can_be_changed_or_deleted(books, session):
    for table in tables():
        column = next(one.name for one in Base.metadata.tables[table].columns if one.name not in _loose(table))
        assert session.scalar(db.text(f"SELECT count(*) FROM {table}")), table
        for statement in (f"UPDATE {table} SET {column} = NULL", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match=REFUSAL):
                session.execute(db.text(statement))
            session.rollback()


def test_no_line_can_be_added_to_a_posted_document(books, session):
    for table in POSTED_PARTS:
        names = [one.name for one in Base.metadata.tables[table].columns if one.name != "id"]
        copied = ", ".join("line_number + 100" if name == "line_number" else name for name in names)
        with pytest.raises(DBAPIError, match=REFUSAL):
            session.execute(db.text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {copied} FROM {table}"))
        session.rollback()


def test_every_trigger_is_there(session):
    catalogue = {"sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'"}.get(
        db.engine.dialect.name, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )

    assert {name for name, _ in trigger_names()} <= set(session.scalars(db.text(catalogue)))


def _loose(table: str) -> tuple[str, ...]:
    return ("id", *SETTLEMENT.get(table, ()))
