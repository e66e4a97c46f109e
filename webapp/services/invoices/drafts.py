"""Drafts of invoices: from what was shipped and is not billed, validated, drafted anew or voided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput, IllegalMove, Refused, StaleVersion
from webapp.domain.numbers import Number, parse_quantity, tidy
from webapp.domain.permissions import Permission
from webapp.domain.states import InvoiceState, OrderState
from webapp.domain.text import given_reason
from webapp.models import (
    Invoice,
    Order,
    OrderLine,
    User,
)
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.invoices.checks import problems, refuse_problems
from webapp.services.invoices.deliveries import Delivery, unbilled_deliveries
from webapp.services.invoices.lines import fill_invoice, give_back
from webapp.services.stock.allocation import refuse_waiting_amendment

BILLABLE = (OrderState.CONFIRMED, OrderState.CLOSED)


# -- commands ----------------------------------------------------------------------------------------------------------


@command(Permission.INVOICES_WRITE)
def draft_invoice(order_number: str, *, lines: Mapping[int, Number] | None = None, actor: User) -> Invoice:
    """Draft an invoice over what an order has shipped and not billed; ``lines`` (line number to base quantity) takes
    a part of it.

    Raises Forbidden, NotFound, IllegalMove, BadInput for an unknown line or a bad quantity, Refused for more than is to
    be billed or when nothing is.
    """
    order = locks.lock_order(order_number, actor=actor)
    order.must_be(*BILLABLE)
    refuse_waiting_amendment(order)
    deliveries = unbilled_deliveries(order)
    return _draft(order, deliveries if lines is None else _chosen(order, deliveries, lines), actor=actor)


@command(Permission.INVOICES_WRITE)
def prepare_invoice(order_number: str, *, lines: Mapping[int, Number] | None = None, actor: User) -> Invoice:
    """Draft an invoice and check it in the same act; one with problems stays a draft. Raises as ``draft_invoice``."""
    invoice = draft_invoice(order_number, lines=lines, actor=actor)
    if not problems(invoice):
        validate_invoice(invoice.id, actor=actor)
    audit.record(Action.INVOICE_DRAFTED, invoice, actor=actor, after=_facts(invoice))
    return invoice


@command(Permission.INVOICES_WRITE)
def redraft_invoice(
    invoice_id: int, *, lines: Mapping[int, Number] | None = None, version: int | None = None, actor: User
) -> Invoice:
    """Fill a draft anew (order line number to base quantity; None takes all that is to be billed); a validated one
    becomes a draft again.

    Raises as ``draft_invoice`` does, and StaleVersion.
    """
    invoice, order = _lock_draft(invoice_id, actor)
    if version is not None and invoice.version != version:
        raise StaleVersion(f"{invoice.label} was changed by somebody else meanwhile.")
    if invoice.state is InvoiceState.VALIDATED:
        invoice.move_to(InvoiceState.DRAFT)
        invoice.validated_at = None
    before = {"total": invoice.total}
    give_back(invoice)
    invoice.lines.clear()
    invoice.taxes.clear()
    db.session.flush()
    refuse_waiting_amendment(order)
    deliveries = unbilled_deliveries(order)
    fill_invoice(invoice, order, deliveries if lines is None else _chosen(order, deliveries, lines))
    invoice.bump()
    audit.record(Action.INVOICE_DRAFTED, invoice, order, actor=actor, before=before, after=_facts(invoice))
    return invoice


@command(Permission.INVOICES_WRITE)
def validate_invoice(invoice_id: int, *, actor: User) -> Invoice:
    """Check a draft: customer, totals, tax, terms, nothing billed twice, and that its PDF can be made.

    Raises Forbidden, NotFound, IllegalMove, and Refused with every problem.
    """
    invoice, orders = locks.lock_invoice_with_orders(invoice_id, actor=actor)
    invoice.must_be(InvoiceState.DRAFT)
    refuse_problems(invoice)
    invoice.move_to(InvoiceState.VALIDATED)
    invoice.validated_at = clock.now()
    invoice.bump()
    audit.record(Action.INVOICE_VALIDATED, invoice, *orders, actor=actor)
    return invoice


@command(Permission.INVOICES_WRITE)
def void_invoice(invoice_id: int, *, reason: str, actor: User) -> Invoice:
    """Give a draft up; what it was to bill can be billed again. Raises Forbidden, NotFound, IllegalMove, BadInput."""
    invoice, orders = locks.lock_invoice_with_orders(invoice_id, actor=actor)
    reason = given_reason(reason)
    invoice.move_to(InvoiceState.VOID)
    invoice.void_reason = reason
    give_back(invoice)
    invoice.bump()
    audit.record(Action.INVOICE_VOIDED, invoice, *orders, actor=actor, reason=reason)
    return invoice


# -- what goes on it ---------------------------------------------------------------------------------------------------


def _lock_draft(invoice_id: int, actor: User) -> tuple[Invoice, Order]:
    invoice, orders = locks.lock_invoice_with_orders(invoice_id, actor=actor)
    invoice.must_be(InvoiceState.DRAFT, InvoiceState.VALIDATED)
    if not orders:
        raise IllegalMove(f"{invoice.label} bills no order: its lines are given one by one.")
    return invoice, orders[0]


def _chosen(order: Order, deliveries: Sequence[Delivery], lines: Mapping[int, Number]) -> list[Delivery]:
    """The oldest deliveries that make up the wanted quantity of each line."""
    chosen: list[Delivery] = []
    for line_number, typed in lines.items():
        line = order.line(line_number)
        if line is None:
            raise BadInput(f"{order.label} has no line {line_number}.", field="line_number")
        quantity = parse_quantity(typed, field="quantity")
        chosen += _oldest([one for one in deliveries if one.line is line], quantity, line)
    return chosen


def _oldest(deliveries: Sequence[Delivery], quantity: Decimal, line: OrderLine) -> list[Delivery]:
    open_quantity = sum((one.quantity for one in deliveries), ZERO)
    if quantity > open_quantity:
        raise Refused(
            f"Line {line.line_number}: {tidy(open_quantity):f} {line.unit} are to be billed, not {tidy(quantity):f}.",
            {"line_number": line.line_number, "to_bill": f"{tidy(open_quantity):f}"},
        )
    taken = []
    for one in deliveries:
        part = min(one.quantity, quantity)
        if part:
            taken.append(Delivery(one.line, part, one.shipped_on))
            quantity -= part
    return taken


def _draft(order: Order, deliveries: Sequence[Delivery], *, actor: User) -> Invoice:
    invoice = Invoice(
        customer=order.customer,
        order=order,
        currency=order.currency,
        payment_terms_code=order.payment_terms_code,
        tax_rounding=order.tax_rounding,
        prices_include_tax=order.prices_include_tax,
        billing_address=order.billing_address,
        shipping_address=order.shipping_address,
        created_by=actor,
        created_at=clock.now(),
    )
    invoice.begin(InvoiceState.DRAFT)
    with db.session.no_autoflush:
        fill_invoice(invoice, order, deliveries)
    db.session.add(invoice)
    db.session.flush()
    locks.hold(invoice)
    audit.record(Action.INVOICE_DRAFTED, invoice, order, actor=actor, after=_facts(invoice))
    return invoice


def _facts(invoice: Invoice) -> dict[str, object]:
    return {"total": invoice.total, "lines": [[line.sku, line.quantity] for line in invoice.lines]}
