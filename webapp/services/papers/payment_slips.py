"""The payment slip at the foot of a printed invoice: it stands whole on the first page or not at all.

A printer breaks pages where it likes, so what stands above the slip is weighed beforehand, generously: a slip that
would just fit is left out rather than torn in two.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from webapp.services.papers.printed import PrintedDocument

SHEET = {"A4": 270, "Letter": 252}
"""Millimetres between the margins."""

HEAD, FACT, LINE, ROW, END, SLIP, FOOT = 40, 6, 12, 6, 11, 24, 9
"""Millimetres, rounded up: what surrounds the facts, one fact, a line of goods with its SKU, a row of text, what
surrounds the sums, the slip and the foot without their rows."""

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
    if not paper.bank_details or height_with_slip(paper) > SHEET[paper.paper]:
        return None
    return Slip(
        payee=paper.seller[0],
        bank_details=tuple(line.strip() for line in paper.bank_details.splitlines() if line.strip()),
        reference=paper.number,
        amount=next(fact.value for fact in paper.sums if fact.strong),
        currency=paper.currency,
        due=paper.due,
    )


def height_with_slip(paper: PrintedDocument) -> int:
    """How tall the sheet with its slip may become, in millimetres."""
    head = HEAD + FACT * max(len(paper.facts), len(paper.buyer) + len(paper.delivered_to) + 1)
    lines = sum(LINE + ROW * (_rows(line.description) - 1) for line in paper.lines)
    words = sum(_rows(text) for text in (paper.due, paper.note, paper.footer, *(tax.reason for tax in paper.taxes)))
    end = END + ROW * max(len(paper.taxes) + 1 + words, len(paper.sums) + 1)
    bank = len(paper.bank_details.splitlines())
    foot = FOOT + 4 * max(len(paper.seller), len(paper.contact), bank)
    return head + lines + end + SLIP + 5 * bank + foot


def _rows(text: str) -> int:
    return sum(ceil(len(row) / CHARACTERS_OF_A_ROW) for row in text.splitlines())
