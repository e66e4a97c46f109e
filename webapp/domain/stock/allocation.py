"""The plan of an allocation: which free stock each demand takes. Pure: the caller locks, and writes what is planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.domain.constants import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Demand:
    """What an order line still wants, in base units of its variant.

    ``locations`` are the ids it may be taken from, None for any; a line that already holds stock at a location names
    that one, where a line may not be split.
    """

    line_id: int
    line_number: int
    variant_id: int
    quantity: Decimal
    locations: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """Unreserved stock of one level: of one batch, of one serial, or untracked. Quarantined stock is not free."""

    level_id: int
    variant_id: int
    location_id: int
    batch_id: int | None
    serial_id: int | None
    quantity: Decimal
    expires_on: date | None = None
    received_at: datetime | None = None
    lot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A part of the plan: ``quantity`` for the line from this level, batch and serial."""

    line_id: int
    level_id: int
    location_id: int
    batch_id: int | None
    serial_id: int | None
    quantity: Decimal
    lot_id: int | None = None


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether a batch may no longer be sold on the company's ``today``: from the day it expires on."""
    return expires_on is not None and expires_on <= today


def plan_picks(
    demands: Sequence[Demand],
    free: Sequence[Free],
    *,
    ship_complete: bool = False,
    split_locations: bool = False,
    preferred_location_id: int | None = None,
    today: date,
) -> list[Pick]:
    """Plan what each demand takes, in order of line numbers; never more than is free, over all lines together.

    Earliest expiry first, then what was received first; expired batches never; serials one by one. A line takes from
    one location (the preferred one, else the one that covers most of it) unless ``split_locations``. With
    ``ship_complete`` the plan covers every demand or is empty.
    """
    shelf = _Shelf(free, today, preferred_location_id)
    picks: list[Pick] = []
    for demand in _in_order(demands, ship_complete):
        taken = shelf.take(demand, split_locations=split_locations)
        if ship_complete and sum((pick.quantity for pick in taken), ZERO) < demand.quantity:
            return []
        picks += taken
    return picks


def _in_order(demands: Iterable[Demand], ship_complete: bool) -> list[Demand]:
    """By line number. Where all must be covered, the largest first: it has the fewest places to go."""
    wanted = [demand for demand in demands if demand.quantity > 0]
    if ship_complete:
        return sorted(wanted, key=lambda demand: (-demand.quantity, demand.line_number))
    return sorted(wanted, key=lambda demand: demand.line_number)


class _Shelf:
    """The free stock while a plan is made: what one line takes is gone for the next."""

    def __init__(self, free: Iterable[Free], today: date, preferred_location_id: int | None) -> None:
        self._preferred = preferred_location_id
        self._by_variant: dict[int, list[Free]] = defaultdict(list)
        self._left: dict[int, Decimal] = {}
        for place in sorted(free, key=_age):
            if place.quantity > 0 and not is_expired(place.expires_on, today):
                self._by_variant[place.variant_id].append(place)
                self._left[id(place)] = place.quantity

    def take(self, demand: Demand, *, split_locations: bool) -> list[Pick]:
        """Take as much of the demand as one location, or with ``split_locations`` all of them, can give."""
        places = [place for place in self._by_variant[demand.variant_id] if self._may_serve(place, demand)]
        ranked = self._ranked_locations(places, demand.quantity)
        if not ranked:
            return []
        if split_locations:
            places.sort(key=lambda place: (_age(place)[:2], ranked.index(place.location_id)))
        else:
            places = [place for place in places if place.location_id == ranked[0]]
        return self._take_from(places, demand)

    def _may_serve(self, place: Free, demand: Demand) -> bool:
        allowed = demand.locations is None or place.location_id in demand.locations
        return allowed and self._left[id(place)] > 0

    def _ranked_locations(self, places: Iterable[Free], quantity: Decimal) -> list[int]:
        """Location ids, best first: preferred, covers most, holds what expires first, leaves least over, lowest id."""
        by_location: dict[int, list[Free]] = defaultdict(list)
        for place in places:
            by_location[place.location_id].append(place)

        def rank(location_id: int) -> tuple[Any, ...]:
            there = by_location[location_id]
            holds = sum((_usable(place, self._left[id(place)]) for place in there), ZERO)
            preferred = location_id == self._preferred
            return (not preferred, -min(holds, quantity), _age(there[0])[0], holds, location_id)

        return sorted(by_location, key=rank)

    def _take_from(self, places: Iterable[Free], demand: Demand) -> list[Pick]:
        picks = []
        missing = demand.quantity
        for place in places:
            quantity = _usable(place, min(missing, self._left[id(place)]))
            if quantity <= 0:
                continue
            self._left[id(place)] -= quantity
            missing -= quantity
            picks.append(
                Pick(
                    demand.line_id,
                    place.level_id,
                    place.location_id,
                    place.batch_id,
                    place.serial_id,
                    quantity,
                    place.lot_id,
                )
            )
        return picks


def _usable(place: Free, quantity: Decimal) -> Decimal:
    """What of ``quantity`` a place can give: a serial number goes whole or not at all."""
    if place.serial_id is None:
        return quantity
    return ONE if quantity >= ONE else ZERO


def _age(place: Free) -> tuple[Any, ...]:
    """Sorts what is to go first: earliest expiry, then received first; what has no date comes last."""
    return (
        (place.expires_on is None, place.expires_on or date.max),
        (place.received_at is None, place.received_at.timestamp() if place.received_at else 0),
        place.level_id,
        place.batch_id or 0,
        place.serial_id or 0,
    )
