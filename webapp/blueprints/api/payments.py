"""Payments: recorded over one or many invoices, applied, reversed."""

from __future__ import annotations

from flask import url_for

from webapp.blueprints.api.routing import Answer, does, listed, reads
from webapp.blueprints.api.schemas.moves import MoveWithReason
from webapp.blueprints.api.schemas.payments import PaymentInput, PaymentList, PaymentOutput, PaymentPart, PaymentQuery
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.states import PaymentState
from webapp.models import Customer, Invoice, Payment
from webapp.pages.documents_for_api import whole_payment
from webapp.pages.payments.lists import PaymentFilter
from webapp.pages.payments.lists import list_payments as payments_page
from webapp.queries.references import at_path, referred
from webapp.services.payments import receiving as payments
from webapp.web.auth import program


@reads("/payments/", Permission.PAYMENTS_READ, PaymentList, query=PaymentQuery)
def list_payments(query: PaymentQuery) -> PaymentList:
    """Payments, the newest first."""
    user = program()
    wanted = PaymentFilter(
        state=fields.choice(PaymentState, PaymentState.RECORDED)(query.status, "status") if query.status else None,
        customer="" if query.customer is None else referred(Customer, query.customer, user, field="customer").code,
        method=query.method or "",
        paid_from=query.paid_from,
        paid_to=query.paid_to,
    )
    page = payments_page(wanted, viewer=user, cursor=query.cursor, limit=query.limit)
    return PaymentList(**listed(page, [PaymentOutput.of(row) for row in page.rows]))


@reads("/payments/<ref>/", Permission.PAYMENTS_READ, PaymentOutput)
def show_payment(ref: str) -> PaymentOutput:
    """One payment, by number or id."""
    return _shown(at_path(Payment, ref, program()).id)


@does("/payments/", payments.record_receipt, PaymentOutput, body=PaymentInput, status=201)
def create_payment(body: PaymentInput) -> Answer:
    """Record what a customer paid, over the invoices named or the oldest due."""
    customer = referred(Customer, body.customer, program(), field="customer")
    parts = None
    if body.allocations is not None:
        parts = [(_invoice(part, f"allocations.{n}.invoice"), part.amount) for n, part in enumerate(body.allocations)]
    payment = payments.record_receipt(
        customer.code,
        body.amount,
        body.method,
        body.reference,
        payment_date=body.payment_date,
        allocations=parts,
        keep_on_account=body.keep_on_account,
        actor=program(),
    )
    return Answer(_shown(payment.id), 201, url_for("api.show_payment", ref=payment.number))


@does("/payments/<ref>/applications/", payments.apply_payment, PaymentOutput, body=PaymentPart)
def apply_payment(body: PaymentPart, ref: str) -> PaymentOutput:
    """Let what a payment has on account settle an invoice, or a part of it."""
    payment = at_path(Payment, ref, program())
    return _shown(payments.apply_payment(payment.number, _invoice(body, "invoice"), body.amount, actor=program()).id)


@does("/payments/<ref>/reverse/", payments.reverse_payment, PaymentOutput, body=MoveWithReason)
def reverse_payment(body: MoveWithReason, ref: str) -> PaymentOutput:
    """Take back a payment that bounced; somebody else than who recorded it does that."""
    payment = at_path(Payment, ref, program())
    return _shown(payments.reverse_payment(payment.number, reason=body.reason, actor=program()).id)


def _shown(payment_id: int) -> PaymentOutput:
    return PaymentOutput.of(whole_payment(payment_id))


def _invoice(part: PaymentPart, field: str) -> str:
    return referred(Invoice, part.invoice, program(), field=field).number
