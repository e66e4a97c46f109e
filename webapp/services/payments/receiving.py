"""Payments of customers: recording them, applying them to invoices, taking back what bounced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput, FourEyes, Refused
from webapp.domain.money import plain
from webapp.domain.numbers import Number, parse_money
from webapp.domain.payments.split import OpenItem, overdue_days, propose_split
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState, PaymentState
from webapp.domain.text import clean, given_reason
from webapp.models import Customer, Invoice, Payment, PaymentMethod, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import system_user, today
from webapp.services.credit_control import holds as credit_holds
from webapp.services.ledger import journals as ledger
from webapp.services.ledger.open_days import open_day
from webapp.services.numbering import next_number
from webapp.services.order_steps import credit_desk
from webapp.services.payments.settlement import check_amount_due, check_positive, settle_by_payment, standing, take_back

SERIES = "PAY"
LONGEST_REFERENCE = 100

Part = tuple[Invoice, Decimal]


# -- what outsiders rely on --------------------------------------------------------------------------------------------


def record_payment(
    invoice: Invoice,
    payment_amount: Number,
    payment_method: str,
    payment_reference: str,
    user: User | None,
    *,
    payment_date: date | None = None,
) -> Payment:
    """As ``pay_invoice``; no user is the system."""
    return pay_invoice(
        invoice.id, payment_amount, payment_method, payment_reference, payment_date, actor=user or system_user()
    )


def calculate_overdue_amount(invoice: Invoice) -> Decimal:
    """The open part of what was due before today, in the invoice's currency."""
    return invoice.open_amount if _is_overdue(invoice) else ZERO


def calculate_overdue_days(invoice: Invoice) -> int:
    """Days since the due date of an invoice that is open: 0 on the day itself."""
    return overdue_days(invoice.due_date, today()) if invoice.due_date and invoice.open_amount else 0


def _is_overdue(invoice: Invoice) -> bool:
    return calculate_overdue_days(invoice) > 0


# -- receipts ----------------------------------------------------------------------------------------------------------


@command(Permission.PAYMENTS_RECORD)
def pay_invoice(
    invoice_id: int,
    payment_amount: Number,
    payment_method: str,
    payment_reference: str,
    payment_date: date | None = None,
    *,
    actor: User,
) -> Payment:
    """Record what a customer paid on one posted invoice, in the invoice's currency, at most its open amount.

    ``payment_method`` is a method's code, ``payment_date`` the value date (default: today). Raises Forbidden, NotFound,
    IllegalMove for an invoice that is not posted, BadInput for an unknown method, a missing reference or an impossible
    date, Refused for an amount of 0 or less, above the open amount, or a used reference.
    """
    invoice = locks.lock_invoice_head(invoice_id, actor=actor)
    invoice.must_be(InvoiceState.APPROVED)
    amount = parse_money(payment_amount, invoice.currency, field="payment_amount")
    check_positive(amount, "The amount of a payment")
    check_amount_due(invoice, amount)
    received = _received(invoice.customer, payment_method, payment_reference, payment_date)
    return _record(received, amount, [(invoice, amount)], actor=actor)


@command(Permission.PAYMENTS_RECORD)
def record_receipt(
    customer_code: str,
    amount: Number,
    method: str,
    reference: str,
    *,
    payment_date: date | None = None,
    allocations: Sequence[tuple[str, Number]] | None = None,
    keep_on_account: bool = False,
    actor: User,
) -> Payment:
    """Record what a customer paid, split over ``allocations`` (invoice number and amount) or, when None, over the
    oldest due invoices; what is left over stays on account only with ``keep_on_account``.

    Raises Forbidden, NotFound, BadInput, and Refused for parts above the payment or an invoice's open amount, for a
    rest that is to stay nowhere, and for a used reference.
    """
    customer = locks.lock_customer_by_code(customer_code, actor=actor)
    paid = parse_money(amount, customer.currency, field="amount")
    check_positive(paid, "The amount of a payment")
    parts = _oldest_first(customer, paid) if allocations is None else _chosen(customer, allocations, actor)
    _check_surplus(paid - sum((part for _, part in parts), ZERO), customer.currency, keep_on_account=keep_on_account)
    received = _received(customer, method, reference, payment_date)
    return _record(received, paid, parts, actor=actor)


@command(Permission.PAYMENTS_RECORD)
def apply_payment(payment_number: str, invoice_number: str, amount: Number, *, actor: User) -> Payment:
    """Let what a payment has on account settle (a part of) an invoice of the same customer, as of today.

    Raises Forbidden, NotFound, IllegalMove for a reversed payment, BadInput and Refused.
    """
    payment = locks.lock_payment(payment_number, actor=actor)
    payment.must_be(PaymentState.RECORDED)
    (invoice,) = locks.lock_invoices_by_number([invoice_number], field="invoice", actor=actor)
    invoice.must_be(InvoiceState.APPROVED)
    part = parse_money(amount, payment.currency, field="amount")
    check_positive(part, "The amount to apply")
    settle_by_payment(payment, invoice, part, on=open_day(None, field="date"), actor=actor)
    audit.record(
        Action.PAYMENT_APPLIED, payment, invoice, payment.customer, actor=actor,
        after={"amount": part, "open": invoice.open_amount, "unapplied": payment.unapplied},
    )  # fmt: skip
    return payment


@command(Permission.PAYMENTS_REVERSE)
def reverse_payment(payment_number: str, *, reason: str, actor: User) -> Payment:
    """Take back a payment that bounced or was somebody else's: what it paid is open again, nothing is deleted.

    The customer's releases of credit end and confirmed orders are checked again. Raises Forbidden, NotFound, FourEyes
    for who recorded it, IllegalMove when it is reversed already, BadInput without a reason, Refused after a refund.
    """
    payment = locks.lock_payment(payment_number, actor=actor)
    reason = given_reason(reason)
    payment.must_be(PaymentState.RECORDED)
    _check_may_reverse(payment, actor)
    invoices = locks.lock_invoices(application.invoice_id for application in standing(payment))
    reversed_on = open_day(None, field="date")
    take_back(payment, invoices, on=reversed_on)
    payment.move_to(PaymentState.REVERSED)
    payment.reversed_on, payment.reversed_at, payment.reversed_by = reversed_on, clock.now(), actor
    payment.reversal_reason = reason
    ledger.post_reversal(payment, actor=actor)
    credit_holds.end_releases(payment.customer, f"{payment.label} was reversed.", actor=actor)
    cause = f"{payment.label} was reversed: {reason.rstrip('.')}."
    credit_holds.recheck_customer(payment.customer, cause=cause, actor=actor)
    audit.record(
        Action.PAYMENT_REVERSED, payment, *invoices, payment.customer, actor=actor, reason=reason,
        after={"amount": payment.amount, "invoices": [invoice.number for invoice in invoices]},
    )  # fmt: skip
    return payment


def _check_may_reverse(payment: Payment, actor: User) -> None:
    if payment.recorded_by_id == actor.id:
        raise FourEyes(f"{payment.label} was recorded by {actor.name}: somebody else has to reverse it.")
    if payment.refunded_amount:
        raise Refused(f"{payment.label} has been refunded and cannot be reversed.")


# -- how a payment comes to be -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Received:
    """From whom, how and when money came in, checked."""

    customer: Customer
    method: PaymentMethod
    reference: str
    payment_date: date


def _received(customer: Customer, method_code: str, reference: str, payment_date: date | None) -> _Received:
    method = db.session.get(PaymentMethod, method_code)
    if method is None or not method.is_active:
        raise BadInput(f"There is no payment method {method_code}.", field="payment_method")
    reference = clean(reference, field="payment_reference", max_length=LONGEST_REFERENCE)
    if method.needs_reference and not reference:
        raise BadInput(f"{method.name} needs a reference.", field="payment_reference")
    if reference:
        _check_unused(customer, method, reference)
    return _Received(customer, method, reference, open_day(payment_date, field="payment_date"))


USED_BY = select(Payment.payment_number).where(
    Payment.customer_id == bindparam("customer_id"),
    Payment.method_code == bindparam("method"),
    Payment.reference == bindparam("reference"),
    Payment.state == PaymentState.RECORDED,
)


def _check_unused(customer: Customer, method: PaymentMethod, reference: str) -> None:
    of = {"customer_id": customer.id, "method": method.code, "reference": reference}
    used_by = db.session.scalars(USED_BY, of).first()
    if used_by:
        raise Refused(
            f"The reference {reference} is already used by payment {used_by}.",
            {"payment_number": used_by, "payment_reference": reference},
        )


def _record(received: _Received, amount: Decimal, parts: Iterable[Part], *, actor: User) -> Payment:
    """Write the payment with what it settles and its journal, and let it make room for held orders."""
    customer = received.customer
    payment = Payment(
        payment_number=next_number(SERIES, today().year),
        customer_id=customer.id,
        currency=customer.currency,
        amount=amount,
        applied_amount=ZERO,
        refunded_amount=ZERO,
        method=received.method,
        reference=received.reference,
        payment_date=received.payment_date,
        recorded_by_id=actor.id,
        recorded_at=clock.now(),
    )
    payment.begin(PaymentState.RECORDED)
    db.session.add(payment)
    settled = []
    for invoice, part in parts:
        settle_by_payment(payment, invoice, part, on=_joined_on(payment, invoice), actor=actor)
        settled.append({"invoice": invoice.number, "amount": part, "open": invoice.open_amount})
    ledger.post_payment(payment, actor=actor)
    credit_desk.room_was_made(customer, actor=actor)
    audit.record(
        Action.PAYMENT_RECORDED, payment, *(invoice for invoice, _ in parts), customer, actor=actor,
        after={"amount": amount, "method": received.method.code, "reference": received.reference, "settled": settled},
    )  # fmt: skip
    return payment


def _joined_on(payment: Payment, invoice: Invoice) -> date:
    """An application is never dated before the documents it joins."""
    return max(payment.payment_date, invoice.issue_date or payment.payment_date)


def _oldest_first(customer: Customer, amount: Decimal) -> list[Part]:
    invoices = {invoice.id: invoice for invoice in locks.lock_open_invoices(customer)}
    items = [
        OpenItem(invoice.id, invoice.due_date, invoice.open_amount) for invoice in invoices.values() if invoice.due_date
    ]
    split, _ = propose_split(amount, items)
    return [(invoices[key], part) for key, part in split]


def _chosen(customer: Customer, allocations: Sequence[tuple[str, Number]], actor: User) -> list[Part]:
    amounts: dict[str, Decimal] = {}
    for number, amount in allocations:
        part = parse_money(amount, customer.currency, field="amount")
        check_positive(part, f"The part for {number}")
        amounts[number] = amounts.get(number, ZERO) + part
    invoices = locks.lock_invoices_by_number(amounts, field="allocations", actor=actor)
    for invoice in invoices:
        invoice.must_be(InvoiceState.APPROVED)
        if invoice.customer_id != customer.id:
            raise BadInput(f"{invoice.label} belongs to another customer.", field="allocations")
        check_amount_due(invoice, amounts[invoice.number], invoice_number=invoice.number)
    return [(invoice, amounts[invoice.number]) for invoice in invoices]


def _check_surplus(surplus: Decimal, currency: str, *, keep_on_account: bool) -> None:
    if surplus < 0:
        raise Refused(f"The parts come to {plain(-surplus, currency)} more than the payment.")
    if surplus and not keep_on_account:
        raise Refused(
            f"{plain(surplus, currency)} of the payment is left over. Keep it on account, or apply it to an invoice.",
            {"surplus": plain(surplus, currency)},
        )
