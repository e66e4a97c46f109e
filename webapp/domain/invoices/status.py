"""The status shown on an invoice, derived from its stored state and the facts of sending and settlement."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from webapp.domain.constants import ZERO
from webapp.domain.states import InvoiceState


class InvoiceStatus(StrEnum):
    VOID = "VOID"
    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    FULLY_PAID = "FULLY_PAID"
    CREDITED = "CREDITED"
    WRITTEN_OFF = "WRITTEN_OFF"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    SENT = "SENT"
    APPROVED = "APPROVED"


def invoice_status(
    state: InvoiceState,
    *,
    open_amount: Decimal,
    paid: Decimal,
    credited: Decimal = ZERO,
    written_off: Decimal = ZERO,
    sent: bool = False,
) -> InvoiceStatus:
    """The first word that fits.

    ``paid`` (payments and discounts taken), ``credited`` and ``written_off`` are what stands on the invoice and is
    not reversed. Nothing open is fully paid when any payment stands, else credited or written off; an invoice over
    nothing, which needs no settling, is sent or approved.
    """
    if state is not InvoiceState.APPROVED:
        return InvoiceStatus(state.value)
    settled = _settled_by(paid, credited, written_off) if open_amount == 0 else None
    if settled:
        return settled
    if open_amount and paid:
        return InvoiceStatus.PARTIALLY_PAID
    return InvoiceStatus.SENT if sent else InvoiceStatus.APPROVED


def _settled_by(paid: Decimal, credited: Decimal, written_off: Decimal) -> InvoiceStatus | None:
    by = (
        (paid, InvoiceStatus.FULLY_PAID),
        (credited, InvoiceStatus.CREDITED),
        (written_off, InvoiceStatus.WRITTEN_OFF),
    )
    return next((status for amount, status in by if amount), None)
