"""States of documents and the moves between them, as data.

``MOVES[enum][from][to]`` exists exactly when the move is allowed; ``move`` is the one function that answers.
CHECK constraints and tests are made from the same enums.
"""

from __future__ import annotations

from enum import StrEnum

from webapp.domain.errors import IllegalMove


class OrderState(StrEnum):
    QUOTE = "QUOTE"
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CONFIRMED = "CONFIRMED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


ENDED = (OrderState.CLOSED, OrderState.CANCELLED)
"""An order that does not move any more."""
BEGUN = (OrderState.CONFIRMED, OrderState.CLOSED)
"""An order of which something may have been allocated, shipped or billed."""
BEFORE_SUBMISSION = (OrderState.QUOTE, OrderState.DRAFT, OrderState.REJECTED)
BEFORE_APPROVAL = (*BEFORE_SUBMISSION, OrderState.SUBMITTED)
BEFORE_CONFIRMATION = (*BEFORE_APPROVAL, OrderState.APPROVED)
EDITABLE = (*BEFORE_SUBMISSION, OrderState.APPROVED, OrderState.CONFIRMED)
"""An order whose lines and head may be changed; what was asked for waits instead."""


class ShipmentState(StrEnum):
    DRAFT = "DRAFT"
    PICKED = "PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


class InvoiceState(StrEnum):
    """Stored states of invoices and credit notes; APPROVED means posted."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    APPROVED = "APPROVED"
    VOID = "VOID"


class HoldState(StrEnum):
    OPEN = "OPEN"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"


class AllocationState(StrEnum):
    OPEN = "OPEN"
    SHIPPED = "SHIPPED"
    RELEASED = "RELEASED"


class ApprovalState(StrEnum):
    """A request waits as OPEN; a decided one may later be VOIDED by a change of what it approved."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    VOIDED = "VOIDED"


class PaymentState(StrEnum):
    RECORDED = "RECORDED"
    REVERSED = "REVERSED"


class CustomerStatus(StrEnum):
    OPEN = "OPEN"
    BLOCKED = "BLOCKED"
    CLOSED = "CLOSED"


class Tracking(StrEnum):
    """How stock of an item is told apart."""

    NONE = "NONE"
    BATCH = "BATCH"
    SERIAL = "SERIAL"


O, S, I, P = OrderState, ShipmentState, InvoiceState, PaymentState  # noqa: E741

MOVES: dict[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]] = {
    OrderState: {
        O.QUOTE: frozenset({O.DRAFT, O.CANCELLED}),
        O.DRAFT: frozenset({O.SUBMITTED, O.CANCELLED}),
        O.SUBMITTED: frozenset({O.APPROVED, O.REJECTED, O.DRAFT, O.CANCELLED}),
        O.REJECTED: frozenset({O.DRAFT, O.CANCELLED}),
        O.APPROVED: frozenset({O.CONFIRMED, O.DRAFT, O.CANCELLED}),
        O.CONFIRMED: frozenset({O.CLOSED, O.CANCELLED}),
        O.CLOSED: frozenset(),
        O.CANCELLED: frozenset(),
    },
    ShipmentState: {
        S.DRAFT: frozenset({S.PICKED, S.CANCELLED}),
        S.PICKED: frozenset({S.PACKED, S.CANCELLED}),
        S.PACKED: frozenset({S.SHIPPED, S.CANCELLED}),
        S.SHIPPED: frozenset(),
        S.CANCELLED: frozenset(),
    },
    InvoiceState: {
        I.DRAFT: frozenset({I.VALIDATED, I.VOID}),
        I.VALIDATED: frozenset({I.APPROVED, I.DRAFT, I.VOID}),
        I.APPROVED: frozenset(),
        I.VOID: frozenset(),
    },
    PaymentState: {
        P.RECORDED: frozenset({P.REVERSED}),
        P.REVERSED: frozenset(),
    },
}


def may_move(old: StrEnum, new: StrEnum) -> bool:
    """Whether the document's table of moves allows ``old`` to become ``new``."""
    return new in MOVES[type(old)][old]


def move(old: StrEnum, new: StrEnum, what: str) -> StrEnum:
    """Answer ``new``, or refuse with a sentence about ``what`` ("Order SO-2026-001").

    Raises IllegalMove.
    """
    if not may_move(old, new):
        raise IllegalMove(f"{what} is {old.lower()} and cannot become {new.lower()}.", {"status": old.value})
    return new
