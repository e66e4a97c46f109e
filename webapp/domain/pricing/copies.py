"""Copying the prices of a list with a change in percent, valid from a day on.

Onto the list itself it is a price increase: each price that counts on that day gets a successor, and the old row ends
the day before. Onto a new list the prices that start later come along with their own dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from webapp.domain.constants import HUNDRED
from webapp.domain.money import WIDE, round_half_up
from webapp.domain.pricing.lists import Ending, change_price

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OldPrice:
    """A row of the list that is copied; both days included, None is without end."""

    id: int
    variant_id: int
    min_quantity: Decimal
    unit_price: Decimal
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What becomes of an old price."""

    old: OldPrice
    unit_price: Decimal
    valid_from: date
    valid_to: date | None

    @property
    def change_percent(self) -> Decimal | None:
        """By how much the price changes, to one decimal; None from a price of 0."""
        old = self.old.unit_price
        return round_half_up(WIDE.divide((self.unit_price - old) * HUNDRED, old), 1) if old else None


@dataclass(frozen=True, slots=True)
class Copying:
    """How prices are copied: from ``day`` on, changed by ``percent`` (-10 is 10 % less), perhaps with an ending."""

    day: date
    percent: Decimal
    ending: Ending | None = None
    onto_itself: bool = False

    @property
    def day_before(self) -> date:
        """The last day of the old prices."""
        return self.day - ONE_DAY

    def of(self, rows: Iterable[OldPrice]) -> list[NewPrice]:
        """The new prices, item by item and quantity by quantity.

        Of rows that are valid together the one that counts comes first; the others follow only where it ends before
        them, as they do today.
        """
        together: dict[tuple[int, Decimal], list[OldPrice]] = defaultdict(list)
        for row in rows:
            together[row.variant_id, row.min_quantity].append(row)
        return [new for part in together.values() for new in self._of_one(part)]

    def ends(self, row: OldPrice) -> bool:
        """Whether ``row`` is valid on the day and began before it: on the list itself it ends the day before."""
        return (row.valid_from is None or row.valid_from < self.day) and not _is_over(row, self.day)

    def _of_one(self, rows: Sequence[OldPrice]) -> list[NewPrice]:
        later = [row for row in rows if row.valid_from is not None and row.valid_from >= self.day]
        found, start = [], _free_from(self.day, later)
        for row in sorted(filter(self.ends, rows), key=_rank):
            if start is not None and not _is_over(row, start):
                found.append(self._new(row, start))
                start = None if row.valid_to is None else _free_from(row.valid_to + ONE_DAY, later)
        if self.onto_itself:
            return found
        return found + [self._new(row, row.valid_from) for row in later if row.valid_from is not None]

    def _new(self, row: OldPrice, start: date) -> NewPrice:
        return NewPrice(row, change_price(row.unit_price, self.percent, self.ending), start, row.valid_to)


def _free_from(start: date, later: Sequence[OldPrice]) -> date | None:
    """The first day from ``start`` on that no row which starts later, and so goes first, holds; None: there is none."""
    holding = next(
        (row for row in later if row.valid_from and row.valid_from <= start and not _is_over(row, start)), None
    )
    if holding is None:
        return start
    return None if holding.valid_to is None else _free_from(holding.valid_to + ONE_DAY, later)


def _is_over(row: OldPrice, day: date) -> bool:
    return row.valid_to is not None and row.valid_to < day


def _rank(row: OldPrice) -> tuple[int, Decimal, int]:
    return -(row.valid_from or date.min).toordinal(), row.unit_price, row.id
