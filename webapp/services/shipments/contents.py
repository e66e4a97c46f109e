"""What a shipment holds: the allocations it takes, what was picked short, and their way out of stock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain import clock
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput, InsufficientStock, Refused
from webapp.domain.numbers import tidy
from webapp.domain.states import AllocationState, ShipmentState
from webapp.domain.stock.allocation import is_expired
from webapp.models import Allocation, Lot, MovementKind, Order, Shipment, ShipmentLine, StockLevel, User
from webapp.services import locks
from webapp.services.company import today
from webapp.services.numbering import next_number
from webapp.services.stock.asked_lines import asked_line, refuse_broken_step
from webapp.services.stock.holders import give_back
from webapp.services.stock.movements import Move, post_moves

OPEN = select(Allocation).where(Allocation.state == AllocationState.OPEN).order_by(Allocation.id)
LOOSE = OPEN.where(
    Allocation.order_line_id.in_(bindparam("line_ids", expanding=True)), Allocation.shipment_line_id.is_(None)
).options(joinedload(Allocation.level, innerjoin=True))
HELD = OPEN.where(Allocation.shipment_line_id.in_(bindparam("line_ids", expanding=True)))


def loose_allocations(order: Order) -> list[Allocation]:
    """Open allocations of the order that no shipment holds, oldest first, with their levels."""
    return list(db.session.scalars(LOOSE, {"line_ids": [line.id for line in order.lines]}))


def lock_loose(order: Order) -> None:
    """Lock all that the order's loose allocations need to leave, each kind once and in the order of their ids.

    Raises Refused for a batch that has expired.
    """
    loose = loose_allocations(order)
    levels, lots = _lock_places(loose)
    line_numbers = {line.id: line.line_number for line in order.lines}
    for allocation in loose:
        _refuse_expired(allocation, lots, line_numbers[allocation.order_line_id], "Release")
    locks.lock_variants(level.variant_id for level in levels.values())


def choose(order: Order, loose: Sequence[Allocation], lines: Mapping[int, Decimal]) -> list[Allocation]:
    """The allocations that cover the quantities asked for; the last of a line may have to be split in two."""
    chosen: list[Allocation] = []
    for line_number, quantity in lines.items():
        line = asked_line(order, line_number, quantity)
        own = [one for one in loose if one.order_line_id == line.id]
        there = sum((one.quantity for one in own), ZERO)
        if quantity > there:
            raise InsufficientStock(
                f"Line {line_number} has {tidy(there):f} allocated and free to ship, not {tidy(quantity):f}.",
                {"line_number": line_number, "allocated_qty": f"{tidy(there):f}"},
            )
        missing = quantity
        for one in own:
            if missing <= 0:
                break
            part = one if one.quantity <= missing else _split_off(one, missing)
            chosen.append(part)
            missing -= part.quantity
    return chosen


def _split_off(allocation: Allocation, quantity: Decimal) -> Allocation:
    """Cut ``quantity`` off an allocation into one of its own."""
    part = Allocation(
        order_line_id=allocation.order_line_id,
        level=allocation.level,
        lot_id=allocation.lot_id,
        quantity=quantity,
        state=AllocationState.OPEN,
        created_by_id=allocation.created_by_id,
        created_at=allocation.created_at,
    )
    allocation.quantity -= quantity
    db.session.add(part)
    return part


def by_location(allocations: Sequence[Allocation]) -> dict[int, list[Allocation]]:
    """Allocations by the location they lie at."""
    found: dict[int, list[Allocation]] = defaultdict(list)
    for allocation in allocations:
        found[allocation.level.location_id].append(allocation)
    return found


def open_shipment(
    order: Order,
    location_id: int,
    allocations: Sequence[Allocation],
    carrier: str,
    tracking_number: str,
    actor: User,
) -> Shipment:
    """A new shipment from one location that takes hold of the allocations."""
    shipment = Shipment(
        shipment_number=next_number("SHP", today().year),
        order=order,
        location_id=location_id,
        shipping_address=order.shipping_address,
        carrier=carrier,
        tracking_number=tracking_number,
        created_by=actor,
        created_at=clock.now(),
    )
    shipment.begin(ShipmentState.DRAFT)
    lines: dict[int, ShipmentLine] = {}
    for allocation in allocations:
        line = lines.get(allocation.order_line_id)
        if line is None:
            line = ShipmentLine(order_line_id=allocation.order_line_id, quantity=ZERO, returned_qty=ZERO)
            lines[allocation.order_line_id] = line
        line.quantity += allocation.quantity
    shipment.lines = [lines[line.id] for line in order.lines if line.id in lines]
    db.session.add(shipment)
    db.session.flush()
    locks.hold(shipment)
    for allocation in allocations:
        allocation.shipment_line_id = lines[allocation.order_line_id].id
    return shipment


def cancel_drafts(order: Order) -> None:
    """Cancel the (locked) order's shipments that nobody has picked from; their goods are loose again."""
    for shipment in locks.lock_shipments_of(order, ShipmentState.DRAFT):
        let_go_of_goods(shipment)
        shipment.move_to(ShipmentState.CANCELLED)
        shipment.bump()
    db.session.flush()


def let_go_of_goods(shipment: Shipment) -> None:
    """The goods stay allocated to the order and are free for another shipment."""
    for allocation in held_allocations(shipment):
        allocation.shipment_line_id = None


def held_allocations(shipment: Shipment) -> list[Allocation]:
    """The open allocations a shipment holds, oldest first."""
    return list(db.session.scalars(HELD, {"line_ids": [line.id for line in shipment.lines]}))


def short_picks(shipment: Shipment, quantities: Mapping[int, Decimal]) -> list[tuple[ShipmentLine, Decimal]]:
    """The lines picked short, each with what is missing. Raises BadInput for what cannot be."""
    by_number = {line.order_line.line_number: line for line in shipment.lines}
    short = []
    for line_number, quantity in quantities.items():
        line = by_number.get(line_number)
        if line is None:
            raise BadInput(f"{shipment.label} has no line {line_number}.", field="lines")
        if quantity < 0 or quantity > line.quantity:
            raise BadInput(
                f"Line {line_number}: between 0 and {tidy(line.quantity):f} can be picked, not {tidy(quantity):f}.",
                field="lines",
            )
        refuse_broken_step(line.order_line, quantity)
        if quantity < line.quantity:
            short.append((line, line.quantity - quantity))
    return short


def give_back_short(shipment: Shipment, short: Sequence[tuple[ShipmentLine, Decimal]]) -> None:
    """Release what was not picked: shipment line, allocation, order line, level and lot count it no longer."""
    if not short:
        return
    held = held_allocations(shipment)
    levels, lots = _lock_places(held)
    for line, quantity in short:
        missing = quantity
        for allocation in reversed([one for one in held if one.shipment_line_id == line.id]):
            part = min(missing, allocation.quantity)
            if part > 0:
                lot = lots.get(allocation.lot_id) if allocation.lot_id else None
                give_back(allocation, line.order_line, part, level=levels[allocation.level_id], lot=lot)
                missing -= part
        line.quantity -= quantity


def _lock_places(allocations: Sequence[Allocation]) -> tuple[dict[int, StockLevel], dict[int, Lot]]:
    levels = {level.id: level for level in locks.lock_levels_by_id(one.level_id for one in allocations)}
    level_ids = {one.level_id for one in allocations if one.lot_id}
    lots = {lot.id: lot for lot in locks.lock_lots(level_ids)} if level_ids else {}
    return levels, lots


def consume(shipment: Shipment, actor: User) -> list[int]:
    """Turn the shipment's allocations into movements and counts; answers the movements' ids."""
    held = held_allocations(shipment)
    levels, lots = _lock_places(held)
    by_line = {line.id: line for line in shipment.lines}
    for allocation in held:
        line_number = by_line[allocation.shipment_line_id or 0].order_line.line_number
        _refuse_expired(allocation, lots, line_number, "Cancel the shipment, release")
    moves, now = [], clock.now()
    for allocation in held:
        level = levels[allocation.level_id]
        lot = lots.get(allocation.lot_id) if allocation.lot_id else None
        level.allocated_qty -= allocation.quantity
        if lot is not None:
            lot.allocated_qty -= allocation.quantity
        allocation.state, allocation.ended_at = AllocationState.SHIPPED, now
        moves.append(
            Move(
                level,
                lot,
                -allocation.quantity,
                order_line_id=allocation.order_line_id,
                shipment_line_id=allocation.shipment_line_id,
            )
        )
    with db.session.no_autoflush:  # levels are written once, with what the movements make of them
        ids = post_moves(MovementKind.SHIPMENT, moves, actor=actor, reference=shipment.number)
    for line in by_line.values():
        counts = line.order_line
        counts.allocated_qty -= line.quantity
        counts.picked_qty -= line.quantity
        counts.packed_qty -= line.quantity
        counts.shipped_qty += line.quantity
    return ids


def _refuse_expired(allocation: Allocation, lots: Mapping[int, Lot], line_number: int, remedy: str) -> None:
    lot = lots.get(allocation.lot_id) if allocation.lot_id else None
    if lot is None or lot.batch is None or not is_expired(lot.batch.expires_on, today()):
        return
    raise Refused(
        f"Batch {lot.batch.number} on line {line_number} has expired. {remedy} that line and allocate it again.",
        {"batch": lot.batch.number},
    )
