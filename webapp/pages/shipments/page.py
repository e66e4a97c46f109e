"""Shipments in lists, and one shipment with everything its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.errors import NotFound
from webapp.domain.states import AllocationState, HoldState, ShipmentState
from webapp.domain.stock.allocation import is_expired
from webapp.models import (
    Allocation,
    CreditHold,
    Lot,
    Order,
    OrderLine,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
    StockLevel,
    User,
)
from webapp.pages.shipments.lists import OPEN
from webapp.pages.timeline import Entry, history_of
from webapp.queries.company import today
from webapp.queries.credit_control.holds import why_held
from webapp.queries.shipments.still_out import LeftGoods, goods_that_left
from webapp.queries.visibility import visible

# -- lists ------------------------------------------------------------------------------------------------------------


# -- one shipment -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pick:
    """What to take of a line from one place: of one batch, of one serial number, or untracked."""

    place: str
    mark: str
    quantity: Decimal
    is_expired: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the shipment, and where its goods lie; once shipped, what of them is still with the customer."""

    line: ShipmentLine
    picks: Sequence[Pick]
    out: Sequence[LeftGoods]

    @property
    def number(self) -> int:
        """The line's number on the order."""
        return self.line.order_line.line_number

    @property
    def still_out(self) -> Decimal:
        """What has not come back, in base units."""
        return self.line.quantity - self.line.returned_qty


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why the shipment cannot go on now, and who or what resolves it."""

    message: str
    detail: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    """A shipment with lines, parcels, returns, history and what is in its way."""

    shipment: Shipment
    lines: Sequence[LineRow]
    returns: Sequence[Return]
    history: Sequence[Entry]

    @property
    def order(self) -> Order:
        """The order it belongs to."""
        return self.shipment.order

    @property
    def pieces(self) -> Decimal:
        """All base units on it."""
        return sum((row.line.quantity for row in self.lines), ZERO)

    @property
    def full_lines(self) -> int:
        """How many lines carry something."""
        return sum(1 for row in self.lines if row.line.quantity)

    @property
    def is_open(self) -> bool:
        """Whether it can still go on or be cancelled."""
        return self.shipment.state in OPEN

    @property
    def blockers(self) -> list[Blocker]:
        """Everything that is in the way now."""
        return [*_holds(self.order), *_expired(self.lines)] if self.is_open else []


def shipment_page(number: str, *, viewer: User) -> ShipmentPage:
    """The shipment called ``number``. Raises NotFound, also when it is not this user's to see."""
    shipment = _load(number, viewer)
    has_left = shipment.state is ShipmentState.SHIPPED
    out = goods_that_left([line.id for line in shipment.lines]) if has_left else {}
    day = today()
    lines = [LineRow(line, _picks(line, day), out.get(line.id, [])) for line in shipment.lines]
    lines.sort(key=lambda row: row.number)
    history = history_of("shipment", shipment.id, shipment.order.currency)
    return ShipmentPage(shipment, lines, _returns(shipment), history)


def refuse_hidden(number: str, *, viewer: User) -> None:
    """Raise NotFound when there is no such shipment, or it is not this user's to see."""
    known = select(Shipment.id).where(Shipment.shipment_number == number, visible(Shipment, viewer))
    if db.session.scalar(known) is None:
        raise NotFound(f"There is no shipment {number}.")


def _load(number: str, viewer: User) -> Shipment:
    place = selectinload(Shipment.lines).selectinload(ShipmentLine.allocations)
    found = db.session.scalars(
        select(Shipment)
        .where(Shipment.shipment_number == number, visible(Shipment, viewer))
        .options(
            joinedload(Shipment.order, innerjoin=True).options(
                joinedload(Order.customer, innerjoin=True), selectinload(Order.holds)
            ),
            joinedload(Shipment.location, innerjoin=True),
            selectinload(Shipment.packages),
            selectinload(Shipment.lines)
            .joinedload(ShipmentLine.order_line, innerjoin=True)
            .joinedload(OrderLine.variant, innerjoin=True),
            place.joinedload(Allocation.level).joinedload(StockLevel.location),
            place.joinedload(Allocation.lot).options(joinedload(Lot.batch), joinedload(Lot.serial)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no shipment {number}.")
    return found


def _picks(line: ShipmentLine, day: date) -> list[Pick]:
    found = []
    for one in line.allocations:
        if one.state is AllocationState.RELEASED:
            continue
        batch = one.lot.batch if one.lot else None
        serial = one.lot.serial if one.lot else None
        mark = f"Batch {batch.number}" if batch else f"Serial {serial.number}" if serial else ""
        expired = is_expired(batch.expires_on if batch else None, day)
        found.append(Pick(one.level.location.code, mark, one.quantity, expired))
    return found


def _returns(shipment: Shipment) -> list[Return]:
    if shipment.state is not ShipmentState.SHIPPED:
        return []
    return list(
        db.session.scalars(
            select(Return)
            .where(Return.shipment_id == shipment.id)
            .order_by(Return.id.desc())
            .options(
                joinedload(Return.received_by, innerjoin=True),
                selectinload(Return.lines).joinedload(ReturnLine.order_line, innerjoin=True),
            )
        )
    )


# -- what is in the way -----------------------------------------------------------------------------------------------


def standing_hold(order: Order) -> CreditHold | None:
    """The hold that stops the order: open, or rejected and not checked anew since. The order comes with its holds."""
    waiting = (hold for hold in order.holds if hold.state is HoldState.OPEN)
    rejected = (hold for hold in order.holds if hold.state is HoldState.REJECTED and hold.superseded_at is None)
    return next(waiting, None) or next(rejected, None)


def _holds(order: Order) -> list[Blocker]:
    hold = standing_hold(order)
    if hold is None:
        return []
    if hold.state is HoldState.OPEN:
        return [Blocker(f"Credit hold: {why_held(hold)}", "Finance or a sales manager can release it.", "hold", "stop")]
    return [Blocker("Credit was refused.", "Sales changes the order, or cancels it.", "hold", "stop")]


def _expired(lines: Sequence[LineRow]) -> list[Blocker]:
    return [
        Blocker(
            f"Line {row.number}: {pick.mark} has expired.",
            "Cancel this shipment, release the line and allocate it again.",
            "alert",
            "wait",
        )
        for row in lines
        for pick in row.picks
        if pick.is_expired
    ]


# -- what can come back -----------------------------------------------------------------------------------------------
