"""How tax codes are read so that asking for rates takes no further statement."""

from __future__ import annotations

from sqlalchemy.orm import joinedload

from webapp.models import TaxCode, TaxCodePart

WITH_RATES = (
    joinedload(TaxCode.rates),
    joinedload(TaxCode.parts)
    .joinedload(TaxCodePart.part, innerjoin=True)
    .options(joinedload(TaxCode.rates), joinedload(TaxCode.parts)),
)
"""Options that load codes with their own rates and those of the codes they are made of, in one statement."""
