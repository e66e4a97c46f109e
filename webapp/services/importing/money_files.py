"""Opening invoices and payments of files: how rows become a document, and when it is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.models import Customer, Invoice, Payment, User
from webapp.queries.visibility import visible
from webapp.services.importing.documents import Rows, Take
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.importing.reading import FileRow
from webapp.services.payments.receiving import record_receipt

INVOICE_COLUMNS = ("invoice_number", "customer", "issue_date", "due_date", "total", "open_amount")
PAYMENT_COLUMNS = ("customer", "payment_date", "amount", "method", "reference", "invoice", "payment_number")
RECEIPT = ("customer", "payment_date", "method", "reference")
"""Rows that agree in these are one receipt over several invoices."""


def opening_invoices(actor: User) -> Take:
    """Takes invoices of an old system by their own numbers; one that is there alike already stays as it is."""

    def take(rows: Rows) -> bool:
        values = rows[0].values
        customer = _customer(values, actor)
        record = fields.read_whole(_invoice_table(customer.currency), values)
        if _stands_alike(record, customer):
            return False
        import_opening_invoice(
            record["invoice_number"],
            customer.code,
            issue_date=record["issue_date"],
            due_date=record["due_date"],
            total=record["total"],
            open_amount=record["open_amount"],
            actor=actor,
        )
        return True

    return take


def receipts(actor: User) -> Take:
    """Takes payments; what names no invoice stays on account.

    A payment is known again by its number, or by customer, day, method, reference and amount; of those that agree in
    all of these, as many are taken as the file has more than the books.
    """
    taken: Counter[tuple[Any, ...]] = Counter()

    def take(rows: Rows) -> bool:
        customer = _customer(rows[0].values, actor)
        records = [fields.read_whole(_payment_table(customer.currency), row.values) for row in rows]
        first, amount = records[0], sum((record["amount"] for record in records), Decimal(0))
        key = (customer.id, first["payment_date"], first["method"], first["reference"], amount)
        if not (_number_stands(first, customer, amount) or _times_recorded(key) > taken[key]):
            record_receipt(
                customer.code,
                amount,
                first["method"],
                first["reference"],
                payment_date=first["payment_date"],
                allocations=[(record["invoice"], record["amount"]) for record in records if record["invoice"]],
                keep_on_account=True,
                actor=actor,
            )
            taken[key] += 1
            return True
        taken[key] += 1
        return False

    return take


def by_receipt(rows: Rows) -> list[Rows]:
    """Rows of one payment number, or else of one receipt with a reference, together; any other row alone."""
    groups: dict[object, list[FileRow]] = {}
    for row in rows:
        number = row.values.get("payment_number", "").strip()
        receipt = tuple(row.values.get(field, "").strip() for field in RECEIPT)
        groups.setdefault(number or (receipt if all(receipt) else row.line), []).append(row)
    return list(groups.values())


def _invoice_table(currency: str) -> fields.Table:
    return {
        "invoice_number": fields.document_number,
        "customer": fields.text(40, required=True),
        "issue_date": fields.day,
        "due_date": fields.day,
        "total": fields.money(currency),
        "open_amount": fields.money(currency),
    }


def _payment_table(currency: str) -> fields.Table:
    return {
        "customer": fields.text(40, required=True),
        "payment_date": fields.day,
        "amount": fields.money(currency),
        "method": fields.text(40, required=True),
        "reference": fields.text(100),
        "invoice": fields.text(60),
        "payment_number": fields.text(60),
    }


def _customer(values: Mapping[str, str], actor: User) -> Customer:
    code = values.get("customer", "").strip()
    found = db.session.scalar(select(Customer).where(Customer.code == code, visible(Customer, actor)))
    if found is None:
        raise BadInput(f"There is no customer {code}.", field="customer")
    return found


def _stands_alike(record: Mapping[str, Any], customer: Customer) -> bool:
    """Whether this very invoice is there, with the open amount it was brought in with or has now."""
    found = db.session.scalar(select(Invoice).where(Invoice.invoice_number == record["invoice_number"]))
    if found is None:
        return False
    alike = (found.customer_id, found.issue_date, found.due_date, found.total) == (
        customer.id, record["issue_date"], record["due_date"], record["total"],
    )  # fmt: skip
    return alike and record["open_amount"] in (found.total - found.settled_before, found.open_amount)


def _number_stands(record: Mapping[str, Any], customer: Customer, amount: Decimal) -> bool:
    statement = select(Payment.id).where(
        Payment.payment_number == record["payment_number"],
        Payment.customer_id == customer.id,
        Payment.amount == amount,
    )
    return bool(record["payment_number"]) and db.session.scalar(statement) is not None


def _times_recorded(key: tuple[Any, ...]) -> int:
    """How often the books have this payment; one that was reversed later counts, for it was taken once."""
    columns = (Payment.customer_id, Payment.payment_date, Payment.method_code, Payment.reference, Payment.amount)
    alike = (column == value for column, value in zip(columns, key, strict=True))
    return db.session.scalar(select(func.count()).select_from(Payment).where(*alike)) or 0
