"""When what happens to which order: the acts of two years in the order of their moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from webapp.demo import rules
from webapp.demo.northwind import Northwind, Order


class Act(StrEnum):
    """What is done to an order at one moment; each is one command or a few."""

    ENTER = "enter"
    DECIDE = "decide"
    CONFIRM = "confirm"
    ALLOCATE = "allocate"
    OPEN_SHIPMENT = "open_shipment"
    PACK = "pack"
    SHIP = "ship"
    BILL = "bill"
    PAY = "pay"
    QUOTE_AGAIN = "quote_again"


HOURS = {
    Act.PAY: time(8, 30),
    Act.ENTER: time(9, 0),
    Act.DECIDE: time(14, 0),
    Act.CONFIRM: time(14, 30),
    Act.ALLOCATE: time(15, 0),
    Act.OPEN_SHIPMENT: time(15, 15),
    Act.PACK: time(15, 30),
    Act.SHIP: time(16, 0),
    Act.QUOTE_AGAIN: time(16, 30),
    Act.BILL: time(17, 0),
}
"""The hour of each act; on a day with many, one follows the other by minutes."""

BETWEEN = timedelta(minutes=4)
QUOTED_AGAIN = 3


@dataclass(frozen=True, order=True, slots=True)
class Entry:
    """One act at its moment (UTC); ``place`` keeps acts of one moment in the order of the orders."""

    moment: datetime
    place: int
    act: Act
    order: Order = field(compare=False)


def timetable(northwind: Northwind, zone: str, now: datetime) -> list[Entry]:
    """All acts up to ``now``, the earliest first."""
    planned = sorted(_planned(northwind), key=_turn)
    met: Counter[tuple[date, Act]] = Counter()
    entries = []
    for place, (day, act, order) in enumerate(planned):
        start = datetime.combine(day, HOURS[act], ZoneInfo(zone)).astimezone(UTC)
        moment = min(start + BETWEEN * met[day, act], now)
        met[day, act] += 1
        entries.append(Entry(moment, place, act, order))
    return sorted(entries)


def _turn(plan: tuple[date, Act, Order]) -> tuple[date, time, bool]:
    """By day and hour; what leaves that day takes its stock before what stays."""
    day, act, order = plan
    return day, HOURS[act], order.shipped is None


def _planned(northwind: Northwind) -> Iterator[tuple[date, Act, Order]]:
    customers = {row["CustomerID"]: place for place, row in enumerate(northwind.customers)}
    for order in northwind.orders:
        yield order.ordered, Act.ENTER, order
        if order.shipped is None:
            yield from _open(order, northwind.newest)
        else:
            yield from _done(order, order.shipped, northwind, customers[order.customer])
    shipped = [order for order in northwind.orders if order.shipped]
    for order in shipped[-QUOTED_AGAIN:]:
        yield northwind.newest, Act.QUOTE_AGAIN, order


def _done(order: Order, shipped: date, northwind: Northwind, place: int) -> Iterator[tuple[date, Act, Order]]:
    yield order.ordered, Act.DECIDE, order
    yield order.ordered, Act.CONFIRM, order
    for act in (Act.ALLOCATE, Act.OPEN_SHIPMENT, Act.PACK, Act.SHIP, Act.BILL):
        yield shipped, act, order
    paid = rules.payment_day(order, place)
    if paid <= northwind.newest and not rules.is_unpaid(order, northwind):
        yield paid, Act.PAY, order


def _open(order: Order, newest: date) -> Iterator[tuple[date, Act, Order]]:
    """How far an order that is not shipped has come, by its age."""
    age = newest - order.ordered
    if age > rules.WAITS:
        yield order.ordered, Act.DECIDE, order
    if age >= rules.WAITS:
        yield order.ordered, Act.CONFIRM, order
    if age >= rules.ALLOCATED_AFTER:
        yield newest, Act.ALLOCATE, order
    if age >= rules.ON_A_SHIPMENT_AFTER:
        yield newest, Act.OPEN_SHIPMENT, order
    if age >= rules.PACKED_AFTER:
        yield newest, Act.PACK, order
