"""The payment slip at the foot of a printed invoice: it stands whole on the first page or not at all.

A printer breaks pages where it likes, so what stands above the slip is weighed beforehand, generously: a slip that
would just fit is left out rather than torn in two.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from webapp.queries.printed import PrintedDocument

SHEET = {"A4": 271, "Letter": 253}
"""Millimetres from the top to the bottom margin."""

HEAD, FACT, LINE, ROW, SUM, SLIP, FOOT = 56, 5, 10, 6, 6, 48, 18
"""Millimetres: the head without its facts, one fact, a line of goods, each further row of its text, one sum, …"""

CHARACTERS_OF_A_ROW = 42


@dataclass(frozen=True, slots=True)
class Slip:
    """Whom to pay, into which account, what, under which reference, until when."""

    payee: str
    bank_details: tuple[str, ...]
    reference: str
    amount: str
    currency: str
    due: str


def slip_of(paper: PrintedDocument) -> Slip | None:
    """The slip of an invoice; None when no account is known or the first page has no room for it."""
    if not paper.bank_details or height_above(paper) + SLIP + FOOT > SHEET[paper.paper]:
        return None
    return Slip(
        payee=paper.seller[0],
        bank_details=tuple(line.strip() for line in paper.bank_details.splitlines() if line.strip()),
        reference=paper.number,
        amount=next(fact.value for fact in paper.sums if fact.strong),
        currency=paper.currency,
        due=paper.due,
    )


def height_above(paper: PrintedDocument) -> int:
    """How tall everything above the slip may become, in millimetres."""
    head = HEAD + FACT * max(len(paper.facts), len(paper.buyer) + len(paper.delivered_to) + 2)
    lines = sum(LINE + ROW * (_rows(line.description) - 1) for line in paper.lines)
    words = sum(_rows(text) for text in (paper.note, paper.footer, *(tax.reason for tax in paper.taxes)) if text)
    end = max(ROW * (len(paper.taxes) + 3 + words), SUM * (len(paper.sums) + 2))
    return head + lines + end


def _rows(text: str) -> int:
    return sum(max(ceil(len(row) / CHARACTERS_OF_A_ROW), 1) for row in text.splitlines())
