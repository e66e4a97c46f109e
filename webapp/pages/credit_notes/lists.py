"""Credit notes in lists: what narrows them, and which have a rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import defer, joinedload

from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState
from webapp.models import (
    CreditNote,
    Customer,
    Invoice,
    User,
)
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class CreditNoteFilter:
    """What a list is narrowed to; ``text`` is part of a number or customer name."""

    state: InvoiceState | None = None
    customer: str = ""
    invoice: str = ""
    text: str = ""
    issued_from: date | None = None
    issued_to: date | None = None
    unapplied_only: bool = False


def list_credit_notes(
    wanted: CreditNoteFilter, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[CreditNote]:
    """Credit notes and drafts, the newest first, with customer and invoice. Raises BadInput for a bad cursor."""
    statement = (
        select(CreditNote)
        .where(visible(CreditNote, viewer), *_conditions(wanted))
        .options(
            joinedload(CreditNote.customer, innerjoin=True),
            joinedload(CreditNote.invoice, innerjoin=True).defer(Invoice.snapshot),
            defer(CreditNote.snapshot),
        )
    )
    return page_of(statement, CreditNote.id, cursor=cursor, limit=limit)


def _conditions(wanted: CreditNoteFilter) -> list[ColumnElement[bool]]:
    return narrowed(
        (wanted.state, lambda state: CreditNote.state == state),
        (wanted.customer, lambda code: CreditNote.customer_id == _id_of(Customer, Customer.code == code)),
        (wanted.invoice, lambda number: CreditNote.invoice_id == _id_of(Invoice, Invoice.invoice_number == number)),
        (wanted.text, _mentions),
        (wanted.issued_from, lambda day: CreditNote.issue_date >= day),
        (wanted.issued_to, lambda day: CreditNote.issue_date <= day),
        (wanted.unapplied_only, lambda _: has_rest()),
    )


def has_rest() -> ColumnElement[bool]:
    """Posted, with something that has settled no invoice."""
    rest = CreditNote.total - CreditNote.applied_amount - CreditNote.refunded_amount
    return and_(CreditNote.state == InvoiceState.APPROVED, rest > ZERO)


def _id_of(model: type[Customer] | type[Invoice], named: ColumnElement[bool]) -> ColumnElement[int]:
    return select(model.id).where(named).scalar_subquery()


def _mentions(text: str) -> ColumnElement[bool]:
    named = select(Customer.id).where(Customer.name.icontains(text, autoescape=True))
    return or_(CreditNote.credit_note_number.icontains(text, autoescape=True), CreditNote.customer_id.in_(named))
