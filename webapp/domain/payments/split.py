"""Splitting a payment over open items, and how late an item is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from webapp.domain.errors import Refused

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class OpenItem(Generic[Key]):
    """An invoice or instalment with what is open on it, in the payment's currency."""

    key: Key
    due_date: date
    open_amount: Decimal


class AgeingBucket(StrEnum):
    """How late an open amount is, by days after its due date."""

    CURRENT = "current"
    DAYS_1_30 = "1-30"
    DAYS_31_60 = "31-60"
    DAYS_61_90 = "61-90"
    OVER_90 = "over 90"


_LAST_DAYS = (
    (0, AgeingBucket.CURRENT),
    (30, AgeingBucket.DAYS_1_30),
    (60, AgeingBucket.DAYS_31_60),
    (90, AgeingBucket.DAYS_61_90),
)


def propose_split(amount: Decimal, open_items: Sequence[OpenItem[Key]]) -> tuple[list[tuple[Key, Decimal]], Decimal]:
    """Pay the oldest due items first: pairs of key and amount, and the surplus that none of them takes.

    Items due on the same day keep the order they came in. Raises Refused for an amount that is not positive.
    """
    if amount <= 0:
        raise Refused("The amount of a payment must be more than 0.")
    split = []
    for item in sorted(open_items, key=lambda item: item.due_date):
        part = min(amount, item.open_amount)
        if part > 0:
            split.append((item.key, part))
            amount -= part
    return split, amount


def overdue_days(due_date: date, today: date) -> int:
    """Days after the due date: 0 on the day itself and before, 1 on the next."""
    return max((today - due_date).days, 0)


def ageing_bucket(days: int) -> AgeingBucket:
    """The bucket of an amount ``days`` after its due date (0 or less: not due yet)."""
    return next((bucket for last, bucket in _LAST_DAYS if days <= last), AgeingBucket.OVER_90)
