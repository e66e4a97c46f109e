"""Customers and their documents locked, for whom may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from webapp.db import db
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.states import InvoiceState, ShipmentState
from webapp.models import (
    Approval,
    CreditNote,
    Customer,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    Shipment,
    ShipmentLine,
    User,
)
from webapp.queries.visibility import sees, visible
from webapp.services.locks.rows import M, Parts, held_by_number, is_held, lock_all, lock_by_id, lock_one, locking


def customer_of(column: InstrumentedAttribute[int], named: ColumnElement[bool]) -> Select[Customer]:
    """The statement that locks the customer of the document that ``named`` finds."""
    return locking(select(Customer).where(Customer.id == select(column).where(named).scalar_subquery()), Customer)


def _read_anew(model: type[M], place: InstrumentedAttribute[int]) -> Select[M]:
    """The statement that reads what belongs to some locked orders, each order's rows in their place."""
    of_orders = model.order_id.in_(bindparam("order_ids", expanding=True))  # type: ignore[attr-defined]
    return select(model).where(of_orders).order_by(place).execution_options(populate_existing=True)


# Built once, since every command begins with some of them.
ORDER_PARTS: Parts = (joinedload(Order.charges), joinedload(Order.holds))


LINES = _read_anew(OrderLine, OrderLine.line_number).options(joinedload(OrderLine.variant, innerjoin=True))


APPROVALS = _read_anew(Approval, Approval.id)


INVOICE_PARTS: Parts = (selectinload(Invoice.lines), selectinload(Invoice.taxes))


ORDER_NAMED = or_(Order.order_number == bindparam("number"), Order.quote_number == bindparam("number"))


CUSTOMER_OF_ORDER = customer_of(Order.customer_id, ORDER_NAMED)


ORDER = locking(select(Order).where(ORDER_NAMED).options(*ORDER_PARTS), Order)


def lock_customer(customer_id: int, *, actor: User) -> Customer:
    """The customer row, locked: first of all in every command that changes exposure or limit. Raises NotFound."""
    return _seen(lock_by_id(Customer, [customer_id]), actor, f"customer {customer_id}")


def lock_customer_by_code(code: str, *, actor: User) -> Customer:
    """The customer called ``code``, locked. Raises NotFound."""
    rows = lock_all(locking(select(Customer).where(Customer.code == code), Customer))
    return _seen(rows, actor, f"customer {code}")


def lock_customers(customer_ids: Iterable[int]) -> list[Customer]:
    """Several customers, locked in the order of their ids."""
    return lock_by_id(Customer, customer_ids)


def lock_order(number: str, *, actor: User) -> Order:
    """The order (or quote) called ``number`` with lines and charges, its customer locked before it. Raises NotFound."""
    held = held_by_number(Order, number)
    if held is not None:
        lock_customer(held.customer_id, actor=actor)
        return held
    _seen(lock_all(CUSTOMER_OF_ORDER, {"number": number}), actor, f"order {number}")
    rows = lock_all(ORDER, {"number": number})
    _read_parts(rows)
    return rows[0]


def lock_orders(order_ids: Iterable[int]) -> list[Order]:
    """Several orders of customers that are locked already, in the order of their ids."""
    orders = set(order_ids)
    new = {one for one in orders if not is_held(Order, one)}
    rows = lock_by_id(Order, orders, ORDER_PARTS)
    _read_parts([order for order in rows if order.id in new])
    return rows


def lock_shipment(number: str, *, actor: User) -> Shipment:
    """The shipment called ``number`` with its lines, after its customer and order. Raises NotFound."""
    held = held_by_number(Shipment, number)
    if held is not None:
        lock_customer(held.order.customer_id, actor=actor)
        return held
    named = Shipment.shipment_number == number
    order_number = db.session.execute(
        select(Order.order_number).join(Shipment, Shipment.order_id == Order.id).where(named, visible(Shipment, actor))
    ).scalar_one_or_none()
    if order_number is None:
        raise NotFound(f"There is no shipment {number}.")
    lock_order(order_number, actor=actor)
    return lock_one(
        select(Shipment)
        .where(named)
        .options(selectinload(Shipment.lines).joinedload(ShipmentLine.order_line, innerjoin=True)),
        Shipment,
        number,
        "shipment",
    )


def lock_shipments_of(order: Order, *states: ShipmentState) -> list[Shipment]:
    """The shipments of a locked order that are in one of ``states``, with their lines, in the order of their ids."""
    statement = (
        select(Shipment)
        .where(Shipment.order_id == order.id, Shipment.state.in_(states))
        .order_by(Shipment.id)
        .options(selectinload(Shipment.lines))
    )
    return lock_all(locking(statement, Shipment))


def lock_invoice(invoice_id: int, *, actor: User) -> Invoice:
    """The invoice with lines and taxes, its customer locked before it. Raises NotFound."""
    _lock_customer_of(Invoice.customer_id, Invoice.id == invoice_id, actor, f"invoice {invoice_id}")
    return lock_by_id(Invoice, [invoice_id], INVOICE_PARTS)[0]


def lock_invoice_head(invoice_id: int, *, actor: User) -> Invoice:
    """The invoice without its lines and taxes, its customer locked before it. Raises NotFound."""
    _lock_customer_of(Invoice.customer_id, Invoice.id == invoice_id, actor, f"invoice {invoice_id}")
    return lock_by_id(Invoice, [invoice_id])[0]


def lock_posted_invoice(number: str, *, actor: User) -> Invoice:
    """The posted invoice called ``number`` with lines and taxes, its customer locked before it. Raises NotFound."""
    named = Invoice.invoice_number == number
    _lock_customer_of(Invoice.customer_id, named, actor, f"invoice {number}")
    return lock_all(locking(select(Invoice).where(named).options(*INVOICE_PARTS), Invoice))[0]


def lock_invoices(invoice_ids: Iterable[int]) -> list[Invoice]:
    """Several invoices of customers that are locked already, in the order of their ids."""
    return lock_by_id(Invoice, invoice_ids)


def lock_invoices_by_number(numbers: Iterable[str], *, field: str, actor: User) -> list[Invoice]:
    """Invoices by number, in the order of their ids, their customers locked already. Raises BadInput, naming ``field``,
    for a number that no invoice has, or none that ``actor`` may see."""
    wanted = set(numbers)
    named = select(Invoice).where(Invoice.invoice_number.in_(wanted), visible(Invoice, actor)).order_by(Invoice.id)
    rows = lock_all(locking(named, Invoice))
    missing = wanted - {invoice.invoice_number for invoice in rows}
    if missing:
        raise BadInput(f"There is no invoice {', '.join(sorted(missing))}.", field=field)
    return rows


def lock_open_invoices(customer: Customer) -> list[Invoice]:
    """The posted invoices of a locked customer on which something is open, oldest due first."""
    open_amount = (
        Invoice.total
        - Invoice.settled_before
        - Invoice.paid_amount
        - Invoice.credited_amount
        - Invoice.written_off_amount
    )
    statement = (
        select(Invoice)
        .where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.APPROVED, open_amount > Decimal(0))
        .order_by(Invoice.due_date, Invoice.id)
    )
    return lock_all(locking(statement, Invoice))


def lock_invoice_with_orders(invoice_id: int, *, actor: User) -> tuple[Invoice, list[Order]]:
    """The invoice with lines and taxes, after its customer and the orders it bills. Raises NotFound."""
    if is_held(Invoice, invoice_id):
        invoice = lock_invoice(invoice_id, actor=actor)
        return invoice, lock_orders(_orders_billed(invoice))
    _lock_customer_of(Invoice.customer_id, Invoice.id == invoice_id, actor, f"invoice {invoice_id}")
    of_lines = (
        select(OrderLine.order_id)
        .join(InvoiceLine, InvoiceLine.order_line_id == OrderLine.id)
        .where(InvoiceLine.invoice_id == invoice_id)
    )
    of_invoice = select(Invoice.order_id).where(Invoice.id == invoice_id, Invoice.order_id.is_not(None))
    orders = lock_orders(db.session.scalars(of_lines.union(of_invoice)))
    return lock_invoice(invoice_id, actor=actor), orders


def _orders_billed(invoice: Invoice) -> set[int]:
    of_lines = {line.order_line.order_id for line in invoice.lines if line.order_line is not None}
    return of_lines | ({invoice.order_id} if invoice.order_id is not None else set())


def lock_credit_note(credit_note_id: int, *, actor: User) -> CreditNote:
    """The credit note with lines and taxes, its customer locked before it. Raises NotFound."""
    return _lock_credit_note(CreditNote.id == credit_note_id, credit_note_id, actor)


def lock_posted_credit_note(number: str, *, actor: User) -> CreditNote:
    """The posted credit note called ``number`` with lines and taxes, its customer locked before it. Raises NotFound."""
    return _lock_credit_note(CreditNote.credit_note_number == number, number, actor)


def _lock_credit_note(named: ColumnElement[bool], called: object, actor: User) -> CreditNote:
    _lock_customer_of(CreditNote.customer_id, named, actor, f"credit note {called}")
    parts = (selectinload(CreditNote.lines), selectinload(CreditNote.taxes))
    return lock_all(locking(select(CreditNote).where(named).options(*parts), CreditNote))[0]


def lock_payment(number: str, *, actor: User) -> Payment:
    """The payment with its applications, its customer locked before it. Raises NotFound."""
    named = Payment.payment_number == number
    _lock_customer_of(Payment.customer_id, named, actor, f"payment {number}")
    return lock_one(
        select(Payment).where(named).options(selectinload(Payment.applications)), Payment, number, "payment"
    )


def _lock_customer_of(
    column: InstrumentedAttribute[int], named: ColumnElement[bool], actor: User, called: str
) -> Customer:
    return _seen(lock_all(customer_of(column, named)), actor, called)


def _seen(customers: Sequence[Customer], actor: User, called: str) -> Customer:
    """The customer of what is ``called`` so, when there is one and ``actor`` may see it. Raises NotFound."""
    if not customers or not sees(actor, customers[0]):
        raise NotFound(f"There is no {called}.")
    return customers[0]


def _read_parts(orders: Sequence[Order]) -> None:
    """Give locked orders their lines and approvals: two statements for any number of orders."""
    if not orders:
        return
    ids = {"order_ids": [order.id for order in orders]}
    for name, statement in (("lines", LINES), ("approvals", APPROVALS)):
        parts = defaultdict(list)
        for part in db.session.scalars(statement, ids):
            parts[part.order_id].append(part)
        for order in orders:
            set_committed_value(order, name, parts[order.id])
