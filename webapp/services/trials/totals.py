"""What a document would come to, without storing it: the same arithmetic as for stored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.documents.totals import DocumentCharge, DocumentLine, DocumentTotals, document_totals
from webapp.domain.money import WIDE, round_money
from webapp.queries.company import rates_on
from webapp.services.company import the_company, today


@dataclass(frozen=True, slots=True)
class TrialTotals:
    """The totals, and their tax in the company's base currency; None where today's rate is not known."""

    totals: DocumentTotals
    base_currency: str
    tax_in_base_currency: Decimal | None


def total_document(
    lines: Sequence[DocumentLine],
    charges: Sequence[DocumentCharge],
    *,
    currency: str,
    prepaid: Decimal = Decimal(0),
    rounding: Decimal = Decimal(0),
) -> TrialTotals:
    """Total a document in ``currency``; tax is rounded once per category and rate. Raises BadInput."""
    totals = document_totals(lines, charges, currency=currency, prepaid=prepaid, rounding=rounding)
    base_currency = the_company().base_currency
    rate = rates_on(today()).get(currency)
    tax = None if rate is None else round_money(WIDE.multiply(totals.tax_total, rate), base_currency)
    return TrialTotals(totals, base_currency, tax)
