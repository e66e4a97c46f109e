"""Goods that come back: into stock, into quarantine, or to scrap; what was billed asks for a credit note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import command, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.numbers import tidy
from webapp.domain.order_facts import split_return
from webapp.domain.permissions import Permission
from webapp.domain.states import ShipmentState
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
    User,
)
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.company import today
from webapp.services.movements import Move, levels_by_place, lots_by_level, post_moves
from webapp.services.numbering import next_number
from webapp.services.order_amounts import close_if_done, refresh


@dataclass(frozen=True, slots=True)
class ReturnInput:
    """How many base units of one order line came back, and what becomes of them."""

    line_number: int
    quantity: Decimal
    disposition: Disposition = Disposition.RESTOCK


@command
def receive_return(
    shipment_number: str,
    lines: Sequence[ReturnInput],
    *,
    reason: str,
    received_on: date | None = None,
    actor: User,
) -> Return:
    """Receive goods of a shipment back; they come in at the cost they left with.

    It first takes back what was never billed; the rest is to be credited. Raises BadInput for more than was shipped
    and not yet returned, IllegalMove unless the shipment has left.
    """
    require(actor, Permission.RETURNS_WRITE)
    if not reason.strip():
        raise BadInput("A reason is needed.", field="reason")
    shipment = locks.lock_shipment(shipment_number)
    shipment.must_be(ShipmentState.SHIPPED)
    order = shipment.order
    found = _shipped_lines(shipment, lines)
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
    rows = [_return_line(returned, line, given) for line, given in found]
    db.session.flush()
    moves = _moves_back(rows, shipment.location_id)
    post_moves(
        MovementKind.RETURN, moves, actor=actor, reason=reason, reference=returned.number, moved_on=returned.received_on
    )
    _scrap(rows, moves, actor, reason, returned)
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
        after={"lines": {given.line_number: given.quantity for given in lines}},
    )
    return returned


def _shipped_lines(shipment: Shipment, lines: Sequence[ReturnInput]) -> list[tuple[ShipmentLine, ReturnInput]]:
    by_number = {line.order_line.line_number: line for line in shipment.lines}
    found = []
    if not lines:
        raise BadInput("Say what came back.", field="lines")
    for given in lines:
        line = by_number.get(given.line_number)
        if line is None:
            raise NotFound(f"{shipment.label} has no line {given.line_number}.")
        most = line.quantity - line.returned_qty
        if not 0 < given.quantity <= most:
            raise BadInput(
                f"Line {given.line_number}: {tidy(most):f} can come back, not {tidy(given.quantity):f}.",
                field="quantity",
            )
        found.append((line, given))
    return found


def _return_line(returned: Return, line: ShipmentLine, given: ReturnInput) -> ReturnLine:
    unbilled, _ = split_return(line.order_line.counts, given.quantity)
    line.returned_qty += given.quantity
    line.order_line.returned_qty += given.quantity
    line.order_line.returned_unbilled_qty += unbilled
    row = ReturnLine(
        return_=returned,
        shipment_line=line,
        order_line=line.order_line,
        quantity=given.quantity,
        unbilled_qty=unbilled,
        disposition=given.disposition,
    )
    db.session.add(row)
    return row


def _moves_back(rows: Sequence[ReturnLine], location_id: int) -> list[Move]:
    """One movement for each movement out that comes back, latest first, at its cost and of its batch or serial."""
    levels = levels_by_place(locks.lock_levels({row.order_line.variant_id for row in rows}, [location_id]))
    lots = lots_by_level(locks.lock_lots(level.id for level in levels.values()))
    moves: list[Move] = []
    for row in rows:
        level = levels[(row.order_line.variant_id, location_id)]
        missing = row.quantity
        for out in _moves_out(row.shipment_line_id):
            part = min(missing, -out.quantity - _come_back(out, moves))
            if part > 0:
                lot = _lot_back(level, lots[level.id], out, row.disposition)
                moves.append(
                    Move(level, lot, part, out.unit_cost, order_line_id=row.order_line_id, return_line_id=row.id)
                )
                missing -= part
    return moves


def _moves_out(shipment_line_id: int) -> list[StockMovement]:
    return list(
        db.session.scalars(
            select(StockMovement)
            .where(StockMovement.shipment_line_id == shipment_line_id, StockMovement.kind == MovementKind.SHIPMENT)
            .order_by(StockMovement.id.desc())
        )
    )


def _come_back(out: StockMovement, moves: Sequence[Move]) -> Decimal:
    """What of an outgoing movement came back before or comes back now (same line, batch and serial)."""
    earlier = db.session.scalars(
        select(StockMovement.quantity)
        .join(ReturnLine, ReturnLine.id == StockMovement.return_line_id)
        .where(
            ReturnLine.shipment_line_id == out.shipment_line_id,
            StockMovement.kind == MovementKind.RETURN,
            StockMovement.batch_id.is_not_distinct_from(out.batch_id),
            StockMovement.serial_id.is_not_distinct_from(out.serial_id),
        )
    )
    now = (
        move.quantity
        for move in moves
        if move.order_line_id == out.order_line_id
        and (move.lot.batch_id if move.lot else None) == out.batch_id
        and (move.lot.serial_id if move.lot else None) == out.serial_id
    )
    return sum(earlier, Decimal(0)) + sum(now, Decimal(0))


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
        on_hand_qty=Decimal(0),
        allocated_qty=Decimal(0),
    )
    db.session.add(lot)
    lots.append(lot)
    return lot


def _scrap(rows: Sequence[ReturnLine], moves: Sequence[Move], actor: User, reason: str, returned: Return) -> None:
    """What is beyond use came in and goes out again, so that both are on record."""
    scrapped = {row.id for row in rows if row.disposition is Disposition.SCRAP}
    out = [
        Move(move.level, move.lot, -move.quantity, return_line_id=move.return_line_id, order_line_id=move.order_line_id)
        for move in moves
        if move.return_line_id in scrapped
    ]
    post_moves(MovementKind.SCRAP, out, actor=actor, reason=reason, reference=returned.number)
