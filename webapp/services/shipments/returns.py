"""Goods that come back: received against the shipment they left with, and put where they belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput
from webapp.domain.numbers import tidy
from webapp.domain.orders.counts import split_return
from webapp.domain.permissions import Permission
from webapp.domain.states import ShipmentState
from webapp.domain.text import given_reason
from webapp.models import (
    Disposition,
    Lot,
    MovementKind,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
    StockLevel,
    StockMovement,
    Tracking,
    User,
)
from webapp.queries.shipments.still_out import LeftGoods, goods_that_left
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import today
from webapp.services.numbering import next_number
from webapp.services.orders.amounts import close_if_done, refresh
from webapp.services.stock.asked_lines import refuse_broken_step
from webapp.services.stock.movements import Move, levels_by_place, lots_by_level, post_moves


@dataclass(frozen=True, slots=True)
class ReturnInput:
    """How many base units of one order line came back, and what becomes of them.

    ``batch`` and ``serials`` say which ones; needed where the line left with several and not all of them come back.
    """

    line_number: int
    quantity: Decimal
    disposition: Disposition = Disposition.RESTOCK
    batch: str = ""
    serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Back:
    """One line that comes back: what left, in which parts it comes back."""

    line: ShipmentLine
    given: ReturnInput
    parts: list[tuple[StockMovement, Decimal]]


@command(Permission.RETURNS_WRITE)
def receive_return(
    shipment_number: str,
    lines: Sequence[ReturnInput],
    *,
    reason: str,
    received_on: date | None = None,
    actor: User,
) -> Return:
    """Receive goods of a shipment back; they come in at the cost they left with, into their own batch or serial.

    It first takes back what was never billed; the rest is to be credited. Raises BadInput for more than was shipped
    and not yet returned, IllegalMove unless the shipment has left.
    """
    shipment = locks.lock_shipment(shipment_number, actor=actor)
    reason = given_reason(reason)
    _refuse_wrong(lines, received_on)
    shipment.must_be(ShipmentState.SHIPPED)
    order = shipment.order
    backs = _what_comes_back(shipment, lines)
    levels, lots = _lock_places(backs, shipment.location_id)
    returned = Return(
        return_number=next_number("RET", today().year),
        shipment=shipment,
        order=order,
        location_id=shipment.location_id,
        reason=reason,
        received_on=received_on or today(),
        received_at=clock.now(),
        received_by=actor,
    )
    db.session.add(returned)
    rows = [_return_line(returned, back) for back in backs]
    db.session.flush()
    moves = [move for row, back in zip(rows, backs, strict=True) for move in _moves_in(row, back, levels, lots)]
    _post(MovementKind.RETURN, moves, returned)
    _post(MovementKind.SCRAP, _moves_to_scrap(rows, moves), returned)
    refresh(order)
    close_if_done(order)
    audit.record(
        Action.GOODS_RETURNED,
        returned,
        shipment,
        order,
        order.customer,
        actor=actor,
        reason=reason,
        after={"lines": _by_line(lines)},
    )
    return returned


def _refuse_wrong(lines: Sequence[ReturnInput], received_on: date | None) -> None:
    if not lines:
        raise BadInput("Say what came back.", field="lines")
    if received_on is not None and received_on > today():
        raise BadInput("Goods cannot come back on a day that has not come yet.", field="received_on")


def _by_line(lines: Sequence[ReturnInput]) -> dict[int, Decimal]:
    quantities: dict[int, Decimal] = defaultdict(Decimal)
    for given in lines:
        quantities[given.line_number] += given.quantity
    return quantities


# -- what comes back ------------------------------------------------------------------------------------------------


def _what_comes_back(shipment: Shipment, lines: Sequence[ReturnInput]) -> list[_Back]:
    """Each input with the movements it brings back. Several inputs of a line share what left on it."""
    by_number = {line.order_line.line_number: line for line in shipment.lines}
    out = goods_that_left([line.id for line in shipment.lines])
    backs = []
    for given in lines:
        line = by_number.get(given.line_number)
        if line is None:
            raise BadInput(f"{shipment.label} has no line {given.line_number}.", field="lines")
        backs.append(_Back(line, given, _take(line, given, out[line.id])))
    return backs


def _take(line: ShipmentLine, given: ReturnInput, out: list[LeftGoods]) -> list[tuple[StockMovement, Decimal]]:
    """Take the quantity from what is still out, latest first. Raises BadInput."""
    still_out = sum((goods.quantity for goods in out), ZERO)
    meant = [goods for goods in out if _is_meant(goods, given)]
    most = sum((goods.quantity for goods in meant), ZERO)
    if not 0 < given.quantity <= most:
        raise BadInput(
            f"Line {given.line_number}: {tidy(most):f} can come back, not {tidy(given.quantity):f}.", field="lines"
        )
    refuse_broken_step(line.order_line, given.quantity)
    if given.quantity < still_out:
        _refuse_unnamed(line, given, meant)
    missing, parts = given.quantity, []
    for goods in meant:
        part = min(missing, goods.quantity)
        if part > 0:
            goods.quantity -= part
            missing -= part
            parts.append((goods.movement, part))
    return parts


def _is_meant(goods: LeftGoods, given: ReturnInput) -> bool:
    if given.serials:
        return goods.serial in given.serials
    return not given.batch or goods.batch == given.batch


def _refuse_unnamed(line: ShipmentLine, given: ReturnInput, meant: Sequence[LeftGoods]) -> None:
    """Where several batches or serial numbers are out, a part of them comes back by name."""
    tracking = line.order_line.variant.tracking
    if tracking is Tracking.SERIAL and len(set(given.serials)) != given.quantity:
        raise BadInput(f"Line {given.line_number}: which serial numbers came back?", field="lines")
    if tracking is Tracking.BATCH and len({goods.batch for goods in meant if goods.quantity}) > 1:
        raise BadInput(f"Line {given.line_number}: which batch came back?", field="lines")


def _return_line(returned: Return, back: _Back) -> ReturnLine:
    line, quantity = back.line, back.given.quantity
    unbilled, _ = split_return(line.order_line.counts, quantity)
    line.returned_qty += quantity
    line.order_line.returned_qty += quantity
    line.order_line.returned_unbilled_qty += unbilled
    row = ReturnLine(
        return_=returned,
        shipment_line=line,
        order_line=line.order_line,
        quantity=quantity,
        unbilled_qty=unbilled,
        disposition=back.given.disposition,
    )
    db.session.add(row)
    return row


# -- where it goes --------------------------------------------------------------------------------------------------


def _lock_places(backs: Sequence[_Back], location_id: int) -> tuple[dict[int, StockLevel], dict[int, list[Lot]]]:
    """The levels the goods go to by variant, and the lots there by level; locked before the number is drawn."""
    found = levels_by_place(locks.lock_levels({back.line.order_line.variant_id for back in backs}, [location_id]))
    levels = {variant_id: level for (variant_id, _), level in found.items()}
    return levels, lots_by_level(locks.lock_lots(level.id for level in levels.values()))


def _moves_in(row: ReturnLine, back: _Back, levels: dict[int, StockLevel], lots: dict[int, list[Lot]]) -> list[Move]:
    """One movement for each movement out that comes back, at its cost and of its batch or serial."""
    level = levels[back.line.order_line.variant_id]
    return [
        Move(
            level,
            _lot_back(level, lots[level.id], out, row.disposition),
            quantity,
            out.unit_cost,
            order_line_id=row.order_line_id,
            return_line_id=row.id,
        )
        for out, quantity in back.parts
    ]


def _lot_back(level: StockLevel, lots: list[Lot], out: StockMovement, disposition: Disposition) -> Lot | None:
    """The lot the goods go to: their batch or serial, or a quarantined lot of it; None where untracked and good."""
    quarantined = disposition is not Disposition.RESTOCK
    if out.batch_id is None and out.serial_id is None and not quarantined:
        return None
    for lot in lots:
        if (lot.batch_id, lot.serial_id, lot.quarantined) == (out.batch_id, out.serial_id, quarantined):
            return lot
    lot = Lot(
        level=level,
        batch_id=out.batch_id,
        serial_id=out.serial_id,
        quarantined=quarantined,
        on_hand_qty=ZERO,
        allocated_qty=ZERO,
    )
    db.session.add(lot)
    lots.append(lot)
    return lot


def _post(kind: MovementKind, moves: Sequence[Move], returned: Return) -> None:
    post_moves(
        kind,
        moves,
        actor=returned.received_by,
        reason=returned.reason,
        reference=returned.number,
        moved_on=returned.received_on,
    )


def _moves_to_scrap(rows: Sequence[ReturnLine], moves: Sequence[Move]) -> list[Move]:
    """What is beyond use came in and goes out again, so that both are on record."""
    scrapped = {row.id for row in rows if row.disposition is Disposition.SCRAP}
    return [
        Move(move.level, move.lot, -move.quantity, return_line_id=move.return_line_id, order_line_id=move.order_line_id)
        for move in moves
        if move.return_line_id in scrapped
    ]
