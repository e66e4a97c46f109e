"""Tax codes read with all their rates, so that asking for one takes no further statement; and what a code charges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import joinedload

from webapp.domain.documents.totals import DocumentLine, document_totals
from webapp.domain.money import plain
from webapp.models import TaxCode, TaxCodePart

WITH_RATES = (
    joinedload(TaxCode.rates),
    joinedload(TaxCode.parts)
    .joinedload(TaxCodePart.part, innerjoin=True)
    .options(joinedload(TaxCode.rates), joinedload(TaxCode.parts)),
)
"""Options that load codes with their own rates and those of the codes they are made of, in one statement."""


def worked_example(code: TaxCode, day: date, currency: str) -> str:
    """What the code charges on 100 on ``day``, in words: "100.00 → GST 5.00, QST 9.98"; empty while it has no rate."""
    if not has_rate(code, day):
        return ""
    line = DocumentLine(
        1, "", Decimal(1), Decimal(100), Decimal(0), code.category, code.rate_on(day), tax_parts=code.parts_on(day)
    )
    (taxed,) = document_totals([line], currency=currency).lines
    taxes = [(part.part.name, part.amount) for part in taxed.tax_parts] or [(code.name, taxed.tax_amount)]
    told = ", ".join(f"{name} {plain(amount, currency)}" for name, amount in taxes)
    return f"{plain(taxed.net_amount, currency)} \N{RIGHTWARDS ARROW} {told}"


def has_rate(code: TaxCode, day: date) -> bool:
    """Whether the code, and each code it is made of, has a rate on ``day``."""
    if code.parts:
        return all(has_rate(one.part, day) for one in code.parts)
    return any(rate.valid_from <= day for rate in code.rates)
