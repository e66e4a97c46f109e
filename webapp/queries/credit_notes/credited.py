"""What credit notes take of an invoice's lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState
from webapp.domain.taxes.parts import restored
from webapp.models import CreditNote, CreditNoteLine, Invoice


@dataclass(frozen=True, slots=True)
class Credited:
    """What credit notes, drafts included, take of an invoice line: by quantity, and off its price alone.

    ``parts`` and ``price_parts`` are the taxes that make up the tax, by place; empty where it is a plain one.
    """

    quantity: Decimal = ZERO
    subtotal: Decimal = ZERO
    order_discount_share: Decimal = ZERO
    line_charges: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO
    price_net: Decimal = ZERO
    price_tax: Decimal = ZERO
    parts: tuple[Decimal, ...] = ()
    price_parts: tuple[Decimal, ...] = ()


def credited_of(invoice: Invoice) -> dict[int, Credited]:
    """By invoice line id, what is credited or drafted to be."""
    amounts = (
        CreditNoteLine.quantity,
        CreditNoteLine.subtotal,
        CreditNoteLine.order_discount_share,
        CreditNoteLine.line_charges,
        CreditNoteLine.net_amount,
        CreditNoteLine.tax_amount,
    )
    off_the_price = (CreditNoteLine.net_amount, CreditNoteLine.tax_amount)
    rows = db.session.execute(
        select(
            CreditNoteLine.invoice_line_id,
            *(_sum_of(amount, counts_quantity=True) for amount in amounts),
            *(_sum_of(amount, counts_quantity=False) for amount in off_the_price),
        )
        .join(CreditNote, CreditNoteLine.credit_note_id == CreditNote.id)
        .where(CreditNote.invoice_id == invoice.id, CreditNote.state != InvoiceState.VOID)
        .group_by(CreditNoteLine.invoice_line_id)
    )
    credited = {line_id: Credited(*sums) for line_id, *sums in rows}
    return _with_parts(credited, invoice) if any(line.tax_parts for line in invoice.lines) else credited


def _with_parts(credited: dict[int, Credited], invoice: Invoice) -> dict[int, Credited]:
    """The same with the sums of each of several taxes, which one statement more reads from the lines that took them."""
    sums = {line.id: ([ZERO] * len(line.tax_parts), [ZERO] * len(line.tax_parts)) for line in invoice.lines}
    rows = db.session.execute(
        select(CreditNoteLine.invoice_line_id, CreditNoteLine.counts_quantity, CreditNoteLine.tax_parts)
        .join(CreditNote, CreditNoteLine.credit_note_id == CreditNote.id)
        .where(CreditNote.invoice_id == invoice.id, CreditNote.state != InvoiceState.VOID)
    )
    for line_id, counts_quantity, taken in rows:
        of_line = sums[line_id][0 if counts_quantity else 1]
        for place, part in enumerate(restored(taken)):
            of_line[place] += part.amount
    return {
        line_id: replace(done, parts=tuple(sums[line_id][0]), price_parts=tuple(sums[line_id][1]))
        for line_id, done in credited.items()
    }


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What all credit notes of an invoice come to, drafts included: net and tax together, and with their rounding."""

    net_and_tax: Decimal
    total: Decimal


def given_back(invoice: Invoice) -> GivenBack:
    """What the invoice's credit notes come to."""
    total, rounding = func.sum(CreditNote.total), func.sum(CreditNote.rounding_amount)
    row = db.session.execute(
        select(total, rounding).where(CreditNote.invoice_id == invoice.id, CreditNote.state != InvoiceState.VOID)
    ).one()
    whole, part = row[0] or ZERO, row[1] or ZERO
    return GivenBack(whole - part, whole)


def _sum_of(amount: InstrumentedAttribute[Decimal], *, counts_quantity: bool) -> ColumnElement[Decimal]:
    counted = case((CreditNoteLine.counts_quantity == counts_quantity, amount), else_=ZERO)
    return func.sum(counted)
