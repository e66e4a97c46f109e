"""The credit rule: what a customer already uses, whether an order fits, and what a release covers.

Exposure, tax included, in the customer's currency: (A) open posted invoices less unapplied credit, (B) shipped but not
yet invoiced, (C) still to ship on confirmed orders without an open hold, less (D) deposits not yet deducted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from webapp.domain.constants import ZERO
from webapp.domain.money import plain


class HoldReason(StrEnum):
    """Why an order is held. The first three come from a failed check; MANUAL is somebody's own decision."""

    LIMIT = "LIMIT"
    OVERDUE = "OVERDUE"
    BLOCKED = "BLOCKED"
    MANUAL = "MANUAL"

    @property
    def headline(self) -> str:
        """The refusal in a few words, as the API's ``error``."""
        return _HEADLINES[self]


_HEADLINES = {
    HoldReason.LIMIT: "Credit limit exceeded",
    HoldReason.OVERDUE: "Customer is overdue",
    HoldReason.BLOCKED: "Customer is blocked",
    HoldReason.MANUAL: "Order is on credit hold",
}


# -- exposure ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderExposure:
    """What one order adds to its customer's exposure, tax included, in the customer's currency.

    ``shipped_unbilled`` is B, whatever the order's state; ``to_ship`` is C; ``deposits`` are posted and not yet
    deducted, and count at most as B + C.
    """

    shipped_unbilled: Decimal = ZERO
    to_ship: Decimal = ZERO
    deposits: Decimal = ZERO

    @property
    def open_amount(self) -> Decimal:
        """B + C - D, never below 0."""
        return max(self.shipped_unbilled + self.to_ship - self.deposits, ZERO)

    @property
    def order_amount(self) -> Decimal:
        """What a check for this very order weighs: C less its unused deposit."""
        return max(self.to_ship - self.deposits, ZERO)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A customer's exposure by its parts; ``deposits`` are those that count (per order at most B + C)."""

    open_invoices: Decimal = ZERO
    unapplied: Decimal = ZERO
    shipped_unbilled: Decimal = ZERO
    to_ship: Decimal = ZERO
    deposits: Decimal = ZERO

    @property
    def outstanding_balance(self) -> Decimal:
        """A: open posted invoices less unapplied payments and credit notes; negative when the customer has credit."""
        return self.open_invoices - self.unapplied

    @property
    def open_orders(self) -> Decimal:
        """B + C - D."""
        return self.shipped_unbilled + self.to_ship - self.deposits

    @property
    def total(self) -> Decimal:
        return self.outstanding_balance + self.open_orders


def exposure_of(
    open_invoices: Decimal,
    unapplied: Decimal,
    orders: Iterable[OrderExposure],
    *,
    checked: OrderExposure | None = None,
) -> Exposure:
    """The exposure from a customer's orders.

    ``checked`` is the order a check is for, left out of ``orders``: its B stays in, its C is weighed as
    ``order_amount`` instead, and of its deposit only what exceeds C is taken off here.
    """
    everything = list(orders)
    shipped_unbilled = sum((order.shipped_unbilled for order in everything), ZERO)
    to_ship = sum((order.to_ship for order in everything), ZERO)
    deposits = sum((_counting_deposit(order) for order in everything), ZERO)
    if checked:
        shipped_unbilled += checked.shipped_unbilled
        deposits += checked.shipped_unbilled - (checked.open_amount - checked.order_amount)
    return Exposure(open_invoices, unapplied, shipped_unbilled, to_ship, deposits)


def _counting_deposit(order: OrderExposure) -> Decimal:
    return min(order.deposits, order.shipped_unbilled + order.to_ship)


# -- the check --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreditCheck:
    """The answer of a check with every number it weighed; no limit: ``credit_limit`` and ``available_credit`` None.

    ``reason`` names the first cause of a refusal (blocked by hand, limit, overdue); ``excess`` is by how much the order
    goes beyond the available credit.
    """

    approved: bool
    credit_limit: Decimal | None
    outstanding_balance: Decimal
    open_orders: Decimal
    available_credit: Decimal | None
    order_amount: Decimal
    message: str
    overdue_amount: Decimal = ZERO
    overdue_days: int = 0
    reason: HoldReason | None = None

    @property
    def title(self) -> str:
        """The refusal in a few words; empty when approved."""
        return self.reason.headline if self.reason else ""

    @property
    def excess(self) -> Decimal:
        if self.available_credit is None:
            return ZERO
        return max(self.order_amount - self.available_credit, ZERO)


def decide(
    *,
    credit_limit: Decimal | None,
    outstanding_balance: Decimal,
    open_orders: Decimal,
    order_amount: Decimal,
    currency: str,
    blocked: bool = False,
    overdue_amount: Decimal = ZERO,
    overdue_days: int = 0,
    tolerated_days: int = 0,
    tolerated_amount: Decimal = ZERO,
) -> CreditCheck:
    """Whether an order of ``order_amount`` fits; all amounts tax included in ``currency``.

    ``credit_limit`` None is no limit, 0 is prepayment only; it includes a temporary extra that is valid. Overdue
    counts when it exceeds both the tolerated days and the tolerated amount. ``overdue_amount`` is net of unapplied
    credit. The message names every cause at once.
    """
    available = None if credit_limit is None else credit_limit - outstanding_balance - open_orders
    causes: dict[HoldReason, str] = {}
    if blocked:
        causes[HoldReason.BLOCKED] = "The customer is blocked."
    if available is not None and order_amount > available:
        shown, required = plain(available, currency), plain(order_amount, currency)
        causes[HoldReason.LIMIT] = f"Insufficient credit. Available: {shown}, Required: {required}"
    if overdue_amount > tolerated_amount and overdue_days > tolerated_days:
        causes[HoldReason.OVERDUE] = f"{plain(overdue_amount, currency)} is overdue by {_days(overdue_days)}."
    return CreditCheck(
        approved=not causes,
        credit_limit=credit_limit,
        outstanding_balance=outstanding_balance,
        open_orders=open_orders,
        available_credit=available,
        order_amount=order_amount,
        message=" ".join(_sentences(causes)) or _approval(available, order_amount, currency),
        overdue_amount=overdue_amount,
        overdue_days=overdue_days,
        reason=next(iter(causes), None),
    )


def _sentences(causes: dict[HoldReason, str]) -> Iterator[str]:
    """The causes; the limit's sentence takes its full stop only where another one follows."""
    texts = list(causes.values())
    for place, text in enumerate(texts, 1):
        yield text if text.endswith(".") or place == len(texts) else f"{text}."


def _approval(available: Decimal | None, order_amount: Decimal, currency: str) -> str:
    required = plain(order_amount, currency)
    if available is None:
        return f"No credit limit. Required: {required}"
    return f"Sufficient credit. Available: {plain(available, currency)}, Required: {required}"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def release_covers(up_to_amount: Decimal | None, until: date | None, order_total: Decimal, today: date) -> bool:
    """Whether a release still covers its order: total at most ``up_to_amount``, ``today`` at most ``until``.

    None sets no bound.
    """
    within_amount = up_to_amount is None or order_total <= up_to_amount
    within_time = until is None or today <= until
    return within_amount and within_time
