"""Tax categories of EN 16931 and the choice of a dated rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from webapp.domain.constants import HUNDRED
from webapp.domain.errors import BadInput, Refused


class TaxCategory(StrEnum):
    """Codes of UNTDID 5305 as EN 16931 uses them. Those not named in the sets below are computed like S."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    NOT_SUBJECT = "O"
    CANARY_ISLANDS = "L"
    CEUTA_MELILLA = "M"
    SPLIT_PAYMENT = "B"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def must_be_zero(self) -> bool:
        """Whether the only rate allowed is 0."""
        return self in ZERO_RATED

    @property
    def needs_exemption_reason(self) -> bool:
        """Whether an invoice must say why no tax is charged."""
        return self in WITH_EXEMPTION_REASON


_LABELS = {
    TaxCategory.STANDARD: "Standard rate",
    TaxCategory.ZERO: "Zero rated",
    TaxCategory.EXEMPT: "Exempt from tax",
    TaxCategory.REVERSE_CHARGE: "Reverse charge",
    TaxCategory.INTRA_COMMUNITY: "Intra-community supply",
    TaxCategory.EXPORT: "Export outside the EU",
    TaxCategory.NOT_SUBJECT: "Not subject to tax",
    TaxCategory.CANARY_ISLANDS: "Canary Islands tax (IGIC)",
    TaxCategory.CEUTA_MELILLA: "Tax in Ceuta and Melilla (IPSI)",
    TaxCategory.SPLIT_PAYMENT: "Split payment",
}

WITH_EXEMPTION_REASON = frozenset(
    {
        TaxCategory.EXEMPT,
        TaxCategory.REVERSE_CHARGE,
        TaxCategory.INTRA_COMMUNITY,
        TaxCategory.EXPORT,
        TaxCategory.NOT_SUBJECT,
    }
)
"""EN 16931 BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10; Z and S carry none."""

ZERO_RATED = WITH_EXEMPTION_REASON | {TaxCategory.ZERO}


def rate_on(rates: Sequence[tuple[date, Decimal]], on: date) -> Decimal:
    """The rate in percent valid on the day ``on``: that of the latest start not after it.

    ``rates`` are pairs of first day and percentage, in any order. Raises Refused when none is valid yet.
    """
    started = [(start, percent) for start, percent in rates if start <= on]
    if not started:
        raise Refused(f"No rate of this tax code is valid on {on.isoformat()}.")
    return max(started, key=lambda rate: rate[0])[1]


def check_rate(category: str, percent: Decimal) -> str:
    """What is wrong with a rate in ``category``, in a sentence, or nothing. Unknown categories are like S."""
    known = next((one for one in TaxCategory if one == category), TaxCategory.STANDARD)
    if not 0 <= percent <= HUNDRED:
        return "Tax rate must be between 0 and 100."
    return f"{known.label} ({known}) must have the rate 0." if known.must_be_zero and percent else ""


def check_tax(category: TaxCategory, percent: Decimal, exemption_reason: str) -> None:
    """Refuse a rate or a missing reason that EN 16931 does not allow for ``category``. Raises BadInput."""
    fault = check_rate(category, percent)
    if fault:
        raise BadInput(fault, field="percent")
    if category.needs_exemption_reason and not exemption_reason.strip():
        raise BadInput(f"{category.label} ({category}) needs an exemption reason.", field="exemption_reason")
