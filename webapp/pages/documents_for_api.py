"""Single documents with everything that programs read of them, as they stand in the transaction."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.db import db
from webapp.domain.states import ShipmentState
from webapp.models import (
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    PaymentApplication,
    Shipment,
    ShipmentLine,
    User,
)
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible


def whole_invoice(invoice_id: int) -> Invoice:
    """The invoice with lines, customer, order and sendings."""
    return db.session.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(
            joinedload(Invoice.customer, innerjoin=True),
            joinedload(Invoice.order),
            selectinload(Invoice.lines).joinedload(InvoiceLine.order_line),
            selectinload(Invoice.sendings),
            defer(Invoice.snapshot),
        )
        .execution_options(populate_existing=True)
    ).one()


def whole_credit_note(credit_note_id: int) -> CreditNote:
    """The credit note with lines, customer and invoice."""
    return db.session.scalars(
        select(CreditNote)
        .where(CreditNote.id == credit_note_id)
        .options(
            joinedload(CreditNote.customer, innerjoin=True),
            joinedload(CreditNote.invoice, innerjoin=True).defer(Invoice.snapshot),
            selectinload(CreditNote.lines).joinedload(CreditNoteLine.invoice_line, innerjoin=True),
            defer(CreditNote.snapshot),
        )
    ).one()


def whole_payment(payment_id: int) -> Payment:
    """The payment with customer and what it settles."""
    return db.session.scalars(
        select(Payment)
        .where(Payment.id == payment_id)
        .options(
            joinedload(Payment.customer, innerjoin=True),
            selectinload(Payment.applications).joinedload(PaymentApplication.invoice).defer(Invoice.snapshot),
        )
    ).one()


def whole_shipment(shipment_id: int) -> Shipment:
    """The shipment with order, location and lines."""
    statement = select(Shipment).where(Shipment.id == shipment_id).options(*_SHIPMENT_PARTS)
    return db.session.scalars(statement).one()


def shipments_page(
    *, user: User, order_id: int | None = None, state: ShipmentState | None = None, cursor: str | None, limit: int
) -> Page[Shipment]:
    """Shipments that ``user`` may see, the newest first. Raises BadInput."""
    statement = select(Shipment).where(visible(Shipment, user)).options(*_SHIPMENT_PARTS)
    if order_id is not None:
        statement = statement.where(Shipment.order_id == order_id)
    if state is not None:
        statement = statement.where(Shipment.state == state)
    return page_of(statement, Shipment.id, cursor=cursor, limit=limit)


_SHIPMENT_PARTS = (
    joinedload(Shipment.order, innerjoin=True).joinedload(Order.customer, innerjoin=True),
    joinedload(Shipment.location, innerjoin=True),
    selectinload(Shipment.lines)
    .joinedload(ShipmentLine.order_line, innerjoin=True)
    .joinedload(OrderLine.variant, innerjoin=True),
)
