"""Moving in: invoices of an old system, with their own numbers, dates and open amounts, outside the number series."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Refused
from webapp.domain.importing import fields
from webapp.domain.numbers import Number, parse_date, parse_money
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState
from webapp.models import AddressKind, Customer, Invoice, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import base_rate, the_company, today
from webapp.services.ledger import journals as ledger


@command(Permission.DATA_IMPORT)
def import_opening_invoice(
    invoice_number: str,
    customer_code: str,
    *,
    issue_date: date,
    due_date: date,
    total: Number,
    open_amount: Number,
    actor: User,
) -> Invoice:
    """Bring an invoice of an old system in, in the customer's currency; the one that is there already is left alone.

    Raises Forbidden, NotFound for the customer, BadInput for dates and amounts that cannot be, Refused when the number
    belongs to another invoice.
    """
    number = fields.document_number(invoice_number, "invoice_number")
    customer = locks.lock_customer_by_code(customer_code, actor=actor)
    invoice = _invoice(number, customer, issue_date, due_date, total, open_amount, actor)
    known = db.session.scalars(select(Invoice).where(Invoice.invoice_number == number)).one_or_none()
    if known is not None:
        _check_same(known, invoice)
        return known
    invoice.begin(InvoiceState.APPROVED)
    db.session.add(invoice)
    ledger.post_opening_invoice(invoice, actor=actor)
    audit.record(
        Action.IMPORTED, invoice, customer, actor=actor,
        after={"invoice_number": number, "total": invoice.total, "open": invoice.open_amount},
    )  # fmt: skip
    return invoice


def _invoice(
    number: str, customer: Customer, issue_date: date, due_date: date, total: Number, open_amount: Number, actor: User
) -> Invoice:
    amount = parse_money(total, customer.currency, field="total")
    still_open = parse_money(open_amount, customer.currency, field="open_amount")
    if not 0 <= still_open <= amount:
        raise BadInput("Open amount must be between 0 and the total.", field="open_amount")
    issued, due = _days(issue_date, due_date)
    billing = customer.address(AddressKind.BILLING)
    address = billing.as_dict() if billing else {"name": customer.name}
    return Invoice(
        invoice_number=number,
        is_opening=True,
        customer_id=customer.id,
        currency=customer.currency,
        base_rate=base_rate(customer.currency, issued),
        issue_date=issued,
        due_date=due,
        payment_terms_code=customer.payment_terms_code,
        tax_rounding=the_company().tax_rounding,
        prices_include_tax=False,
        billing_address=address,
        shipping_address=address,
        net_total=amount,
        tax_total=amount - amount,
        rounding_amount=amount - amount,
        total=amount,
        settled_before=amount - still_open,
        paid_amount=amount - amount,
        credited_amount=amount - amount,
        written_off_amount=amount - amount,
        created_by_id=actor.id,
        created_at=clock.now(),
        posted_by_id=actor.id,
        posted_at=clock.now(),
    )


def _days(issue_date: date, due_date: date) -> tuple[date, date]:
    issued, due = parse_date(issue_date, field="issue_date"), parse_date(due_date, field="due_date")
    if issued > today():
        raise BadInput(f"Issue date {issued.isoformat()} is in the future.", field="issue_date")
    if due < issued:
        raise BadInput("Due date must not be before the issue date.", field="due_date")
    return issued, due


def _check_same(known: Invoice, wanted: Invoice) -> None:
    """Importing again changes nothing; another invoice of that number is refused."""
    same = ("is_opening", "customer_id", "issue_date", "due_date", "total", "settled_before")
    if any(getattr(known, field) != getattr(wanted, field) for field in same):
        raise Refused(f"Invoice {known.number} is there already, with other content.")
