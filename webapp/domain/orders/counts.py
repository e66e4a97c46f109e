"""What follows from the counts of an order's lines: what is to ship and to bill, and the words that say how far it is.

Fulfilment and billing are facts, not a status field: this is the one place where the words are made from them. All
counts are in base units of the variant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from webapp.domain.constants import ZERO


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Counts of one line.

    ``invoiced`` is on posted invoices, ``drafted`` on drafts, ``credited`` on posted credit notes; ``rebill`` is the
    part of ``credited`` that is to be billed again, ``returned_unbilled`` the part of ``returned`` that was never
    billed. A price-only credit note changes no count.
    """

    ordered: Decimal
    allocated: Decimal = ZERO
    picked: Decimal = ZERO
    packed: Decimal = ZERO
    shipped: Decimal = ZERO
    cancelled: Decimal = ZERO
    returned: Decimal = ZERO
    invoiced: Decimal = ZERO
    drafted: Decimal = ZERO
    credited: Decimal = ZERO
    returned_unbilled: Decimal = ZERO
    rebill: Decimal = ZERO


class Progress(StrEnum):
    """How far the lines of an order are, cancelled quantities left out."""

    NONE = "NONE"
    PART = "PART"
    FULL = "FULL"


def wanted(line: LineCounts) -> Decimal:
    """What the customer is still to have in the end: ordered less cancelled."""
    return line.ordered - line.cancelled


def to_ship(line: LineCounts) -> Decimal:
    """Ordered, neither shipped nor cancelled."""
    return max(wanted(line) - line.shipped, ZERO)


def backorder(line: LineCounts) -> Decimal:
    """To ship, but nothing is reserved for it yet."""
    return max(to_ship(line) - line.allocated, ZERO)


def to_bill(line: LineCounts, *, in_advance: bool = False) -> Decimal:
    """What the next invoice may take: shipped, not returned unbilled, on no draft, not billed or to be billed again.

    ``in_advance`` bills what is wanted before it is shipped. Never negative.
    """
    basis = wanted(line) if in_advance else line.shipped
    return max(basis - line.returned_unbilled - billed(line) - line.drafted, ZERO)


def is_changeable(line: LineCounts) -> bool:
    """Whether price or quantity of the line can still matter: something of it is to ship or to bill."""
    return to_ship(line) > 0 or to_bill(line) > 0 or line.drafted > 0


def to_bill_again(line: LineCounts) -> Decimal:
    """What was credited to be billed again, at a corrected price perhaps, and is on no invoice since."""
    return min(line.rebill, to_bill(line))


def billed(line: LineCounts) -> Decimal:
    """On posted invoices, less what was credited to be billed again."""
    return line.invoiced - line.rebill


def to_credit(line: LineCounts) -> Decimal:
    """Returned after it was billed, and not credited yet: what a credit note is proposed for."""
    return max(line.returned - line.returned_unbilled - (line.credited - line.rebill), ZERO)


def split_return(line: LineCounts, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """A return of ``quantity`` as (unbilled, billed) parts: it first takes back what is unbilled."""
    unbilled = min(quantity, to_bill(line))
    return unbilled, quantity - unbilled


# -- the words --------------------------------------------------------------------------------------------------------


def allocation_status(lines: Iterable[LineCounts]) -> Progress:
    """How much is reserved; what is shipped was reserved before."""
    return _progress(lines, lambda line: line.allocated + line.shipped, wanted)


def shipping_status(lines: Iterable[LineCounts]) -> Progress:
    """How much has left."""
    return _progress(lines, lambda line: line.shipped, wanted)


def billing_status(lines: Iterable[LineCounts]) -> Progress:
    """How much is on posted invoices; what came back unbilled needs none."""
    return _progress(lines, billed, lambda line: wanted(line) - line.returned_unbilled)


def is_closed(lines: Iterable[LineCounts]) -> bool:
    """Whether nothing is left to do: every line shipped or cancelled, all that was shipped billed or returned."""
    counted = list(lines)
    return bool(counted) and not any(to_ship(line) or to_bill(line) or line.drafted for line in counted)


def _progress(
    lines: Iterable[LineCounts], done: Callable[[LineCounts], Decimal], needed: Callable[[LineCounts], Decimal]
) -> Progress:
    counted = [line for line in lines if needed(line) > 0]
    if not any(done(line) > 0 for line in counted):
        return Progress.NONE
    return Progress.FULL if all(done(line) >= needed(line) for line in counted) else Progress.PART
