"""What moves an order on, and what its allocation and its credit are answered with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.blueprints.api.schemas.base import (
    Amount,
    Count,
    Day,
    Exact,
    Flag,
    Input,
    LineNumber,
    Output,
    Quantity,
    Reason,
    Sentence,
    Version,
    count,
)
from webapp.domain.credit_control.rule import CreditCheck, HoldReason
from webapp.domain.money import decimals_of, round_half_up
from webapp.services.stock.allocation import AllocationOutcome

FEWEST_DECIMALS = 2


class Move(Input):
    """A move; ``reason`` is kept with it."""

    reason: Sentence = ""


class Submission(Move):
    """``version`` refuses the move (409) when somebody has changed the order since."""

    version: Version | None = None


class MoveWithReason(Input):
    """A move that needs a reason."""

    reason: Reason


class Release(MoveWithReason):
    """Letting a held order go on: up to an amount (by default the order's total), until a day, for one step only."""

    up_to_amount: Amount | None = None
    until: Day | None = None
    single_step: Flag = False


class LinePart(Input):
    """A line, or so much of it (base units)."""

    line_number: LineNumber
    quantity: Quantity | None = None


class LineParts(Input):
    """Some lines; without them all."""

    lines: list[LinePart] | None = None


class AllocatedLine(Output):
    """What one line holds after the call."""

    line_number: int
    item: str
    success: bool
    allocated_qty: Count
    message: str


class AllocationOutput(Output):
    """What was reserved."""

    message: str
    order_number: str
    allocation_details: list[AllocatedLine]

    @classmethod
    def of(cls, outcome: AllocationOutcome) -> AllocationOutput:
        """An outcome that was not held."""
        details = [
            AllocatedLine(**{**result.details, "allocated_qty": count(result.allocated_qty)})
            for result in outcome.results
        ]
        return cls(message=outcome.message, order_number=outcome.order.number, allocation_details=details)


class CreditDetails(Output):
    """Every number that was weighed, as JSON numbers."""

    approved: bool
    credit_limit: Exact | None
    outstanding_balance: Exact
    open_orders: Exact
    available_credit: Exact | None
    order_amount: Exact
    message: str
    overdue_amount: Exact | None = None
    overdue_days: int | None = None


class CreditRefusal(Output):
    """Credit ran out: the order is on hold now, and that is saved."""

    error: str
    details: CreditDetails

    @classmethod
    def of(cls, check: CreditCheck, currency: str) -> CreditRefusal:
        """The refusal; what is overdue is named when that, or a block by hand, is the cause."""
        decimals = max(FEWEST_DECIMALS, decimals_of(currency))

        def exact(amount: Decimal | None) -> Decimal | None:
            return None if amount is None else round_half_up(amount, decimals)

        overdue: dict[str, Any] = {"overdue_amount": exact(check.overdue_amount), "overdue_days": check.overdue_days}
        details = CreditDetails(
            approved=check.approved,
            credit_limit=exact(check.credit_limit),
            outstanding_balance=round_half_up(check.outstanding_balance, decimals),
            open_orders=round_half_up(check.open_orders, decimals),
            available_credit=exact(check.available_credit),
            order_amount=round_half_up(check.order_amount, decimals),
            message=check.message,
            **({} if check.reason is HoldReason.LIMIT else overdue),
        )
        return cls(error=check.title, details=details)
