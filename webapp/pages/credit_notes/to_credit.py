"""Returns that ask for a credit note: something came back after it was billed, and no credit note takes it yet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState
from webapp.models import CreditNote, CreditNoteLine, Order, OrderLine, Return, ReturnLine, User
from webapp.queries.visibility import visible

MOST = 50


def returns_to_credit(*, viewer: User) -> Sequence[Return]:
    """At most 50 returns with order, customer and shipment, the oldest first."""
    return db.session.scalars(
        select(Return)
        .join(Order, Return.order_id == Order.id)
        .where(visible(Order, viewer), _came_back_billed() > _credited(), _has_line_to_credit())
        .options(
            joinedload(Return.order, innerjoin=True).joinedload(Order.customer, innerjoin=True),
            joinedload(Return.shipment, innerjoin=True),
        )
        .order_by(Return.id)
        .limit(MOST)
    ).all()


def _came_back_billed() -> ScalarSelect[Decimal]:
    billed = func.coalesce(func.sum(ReturnLine.quantity - ReturnLine.unbilled_qty), ZERO)
    return select(billed).where(ReturnLine.return_id == Return.id).correlate(Return).scalar_subquery()


def _credited() -> ScalarSelect[Decimal]:
    """What credit notes of the return take, drafts included."""
    return (
        select(func.coalesce(func.sum(CreditNoteLine.quantity), ZERO))
        .join(CreditNote, CreditNoteLine.credit_note_id == CreditNote.id)
        .where(CreditNote.return_id == Return.id, CreditNote.state != InvoiceState.VOID)
        .correlate(Return)
        .scalar_subquery()
    )


def _has_line_to_credit() -> ColumnElement[bool]:
    """``domain.order_facts.to_credit`` of a line that came back, in SQL: somebody may have credited it by hand."""
    line = OrderLine
    return exists().where(
        ReturnLine.return_id == Return.id,
        ReturnLine.order_line_id == line.id,
        line.returned_qty - line.returned_unbilled_qty > line.credited_qty - line.rebill_qty,
    )
