"""Cash rounding of a document: what is owed is a whole multiple of the smallest coin, and the difference has a row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from webapp.domain.constants import ONE
from webapp.domain.documents.amounts import DocumentTotals
from webapp.domain.errors import BadInput
from webapp.domain.money import cash_rounding, decimals_of, is_whole_minor, plain


def rounded_for_cash(totals: DocumentTotals, unit: Decimal | None) -> DocumentTotals:
    """The same document with its total rounded half-up to the cash ``unit``; ``payable`` is then what is owed."""
    return with_rounding(totals, cash_rounding(totals.total, unit))


def with_rounding(totals: DocumentTotals, rounding: Decimal) -> DocumentTotals:
    """The same document with ``rounding`` added to what is owed."""
    return replace(totals, rounding=rounding, payable=totals.total - totals.prepaid + rounding)


def check_unit(unit: Decimal, currency: str) -> None:
    """Refuse a cash unit that is no whole number of minor units of ``currency``, or no more than one of them.

    Raises BadInput.
    """
    smallest = ONE.scaleb(-decimals_of(currency))
    if unit <= smallest or not is_whole_minor(unit, currency):
        raise BadInput(
            f"Unit must be more than {plain(smallest, currency)}, the smallest unit of {currency}, and a multiple.",
            field="unit",
        )


def check_agreed(rounding: Decimal, currency: str) -> None:
    """Refuse a rounding that was agreed apart from any coin unless it is below 1 of ``currency``: it is no discount.

    Raises BadInput.
    """
    if not is_whole_minor(rounding, currency):
        raise BadInput(f"Rounding must be a whole number of the smallest unit of {currency}.", field="rounding")
    if abs(rounding) >= ONE:
        raise BadInput(f"Rounding must be less than 1 {currency} up or down.", field="rounding")


def credited_in_all(total: Decimal, so_far: Decimal, unit: Decimal | None, *, is_all: bool) -> Decimal:
    """What credit notes over ``so_far`` (net and tax together) of an invoice of ``total`` give back altogether.

    Each is rounded to the invoice's cash ``unit`` cumulatively, so that the last one brings them to exactly ``total``
    and none goes beyond it.
    """
    return total if is_all else min(so_far + cash_rounding(so_far, unit), total)
