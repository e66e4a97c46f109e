"""Orders: their counts, totals and open amounts, what was done while they were held, and what was checked before."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from webapp.domain.states import AllocationState, HoldState, InvoiceState, OrderState, ShipmentState
from webapp.models import (
    Allocation,
    CheckStage,
    CreditHold,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    ReturnLine,
    Shipment,
    ShipmentLine,
    StoredCreditCheck,
)
from webapp.queries.invariants.every_order import each_order
from webapp.queries.invariants.registry import Breaking, Fault, rows_break
from webapp.queries.orders.amounts import open_amounts, totals_of


@rows_break("I5")
def billing_counts_are_right() -> Iterable[Breaking]:
    """No more is billed than was shipped, and each line counts what stands on its invoices and credit notes."""
    lines = select(Order.order_number, OrderLine.line_number).join(Order)
    billed = OrderLine.invoiced_qty + OrderLine.drafted_qty - OrderLine.credited_qty
    subject = "order {0} line {1}"
    yield Breaking(lines.where(billed > OrderLine.shipped_qty), subject, "more is billed than was shipped")
    for word, column, facts in (
        ("invoiced", OrderLine.invoiced_qty, _on_invoices(InvoiceState.APPROVED)),
        ("drafted", OrderLine.drafted_qty, _on_invoices(InvoiceState.DRAFT, InvoiceState.VALIDATED)),
        ("credited", OrderLine.credited_qty, _on_credit_notes()),
        ("returned", OrderLine.returned_qty, _returned()),
    ):
        yield Breaking(lines.where(column != facts), subject, f"counts another quantity {word} than its documents")


def _on_invoices(*states: InvoiceState) -> Any:
    return (
        select(func.coalesce(func.sum(InvoiceLine.quantity), 0))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.order_line_id == OrderLine.id, Invoice.state.in_(states))
        .scalar_subquery()
    )


def _on_credit_notes() -> Any:
    return (
        select(func.coalesce(func.sum(CreditNoteLine.quantity), 0))
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .where(
            InvoiceLine.order_line_id == OrderLine.id,
            CreditNote.state == InvoiceState.APPROVED,
            CreditNoteLine.counts_quantity,
        )
        .scalar_subquery()
    )


def _returned() -> Any:
    return (
        select(func.coalesce(func.sum(ReturnLine.quantity), 0))
        .where(ReturnLine.order_line_id == OrderLine.id)
        .scalar_subquery()
    )


@each_order("I7")
def orders_add_up(order: Order) -> Iterable[Fault]:
    """Lines, charges and cash rounding sum to the order's net, tax and total."""
    if not _adds_up(order):
        yield f"order {order.number}", "its lines do not sum to its totals"


def _adds_up(order: Order) -> bool:
    net = sum((line.net_amount for line in order.lines), Decimal(0))
    net += sum((charge.total - charge.tax_amount for charge in order.charges), Decimal(0))
    tax = sum((line.tax_amount for line in order.lines), Decimal(0))
    tax += sum((charge.tax_amount for charge in order.charges), Decimal(0))
    said = (order.net_total, order.tax_total, order.total)
    return (net, tax, net + tax + order.rounding_amount) == said


@each_order("I21")
def open_amounts_follow_from_the_counts(order: Order) -> Iterable[Fault]:
    """What an order counts as still to ship and to bill equals what its lines give."""
    if (order.to_ship_amount, order.to_bill_amount) != open_amounts(order):
        yield f"order {order.number}", "its open amounts differ from what its lines give"


@each_order("I22")
def order_totals_recompute(order: Order) -> Iterable[Fault]:
    """Stored totals that add up are also what the lines compute to."""
    if _adds_up(order) and not _computes(order):
        yield f"order {order.number}", "its stored totals differ from what its lines compute to"


def _computes(order: Order) -> bool:
    totals = totals_of(order)
    stored = (order.subtotal, order.order_discount_amount, order.net_total, order.tax_total, order.rounding_amount)
    computed = (totals.subtotal, totals.order_discount_amount, totals.net_total, totals.tax_total, totals.rounding)
    return stored == computed and all(
        (line.net_amount, line.tax_amount, line.total) == (one.net_amount, one.tax_amount, one.total)
        for line, one in zip(order.lines, totals.lines, strict=True)
    )


@rows_break("I15")
def at_most_one_open_hold() -> Iterable[Breaking]:
    """An order has at most one hold that waits."""
    held = (
        select(func.coalesce(Order.order_number, Order.quote_number), func.count())
        .join(CreditHold, CreditHold.order_id == Order.id)
        .where(CreditHold.state == HoldState.OPEN)
        .group_by(Order.id)
        .having(func.count() > 1)
    )
    yield Breaking(held, "order {0}", "has {1} open credit holds")


@rows_break("I16")
def nothing_moves_during_a_hold() -> Iterable[Breaking]:
    """No pick and no departure lies between the start and the end of a hold of its order."""
    moved = (
        select(Shipment.shipment_number, Order.order_number)
        .join(Order, Order.id == Shipment.order_id)
        .join(CreditHold, CreditHold.order_id == Order.id)
        .where(or_(*(_during(moment) for moment in (Shipment.picked_at, Shipment.shipped_at))))
        .distinct()
    )
    yield Breaking(moved, "shipment {0}", "moved while order {1} was on hold")


def _during(moment: Any) -> ColumnElement[bool]:
    ended = func.coalesce(CreditHold.decided_at > moment, True)
    return and_(CreditHold.applied_at < moment, ended)


@rows_break("I20")
def every_step_was_checked() -> Iterable[Breaking]:
    """Every confirmed, allocated or shipped order has a stored check of that step that passed or names its release."""
    passed = or_(StoredCreditCheck.approved, StoredCreditCheck.covered_by_id.is_not(None))
    steps = {
        CheckStage.CONFIRM: Order.confirmed_at.is_not(None),
        CheckStage.ALLOCATE: exists().where(
            Allocation.order_line_id == OrderLine.id,
            OrderLine.order_id == Order.id,
            Allocation.state.in_([AllocationState.OPEN, AllocationState.SHIPPED]),
        ),
        CheckStage.SHIP: exists().where(Shipment.order_id == Order.id, Shipment.state == ShipmentState.SHIPPED),
    }
    for stage, happened in steps.items():
        checked = exists().where(StoredCreditCheck.order_id == Order.id, StoredCreditCheck.stage == stage, passed)
        unchecked = select(Order.order_number).where(happened, ~checked)
        yield Breaking(unchecked, "order {0}", f"has no credit check that let it {stage.lower()}")


@rows_break("I26")
def no_half_orders() -> Iterable[Breaking]:
    """An order beyond draft has lines; an order that is submitted or later has a number."""
    has_lines = exists().where(OrderLine.order_id == Order.id)
    early = (OrderState.QUOTE, OrderState.DRAFT, OrderState.CANCELLED)
    empty = select(Order.order_number).where(Order.state.not_in(early), ~has_lines)
    yield Breaking(empty, "order {0}", "has no lines")
    has_shipment_lines = exists().where(ShipmentLine.shipment_id == Shipment.id)
    yield Breaking(select(Shipment.shipment_number).where(~has_shipment_lines), "shipment {0}", "has no lines")
