"""Reserving stock for orders: the one allocation function of the program, and giving allocations back.

It locks the levels of all the order's lines in the order of their ids, plans purely, then writes sets of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, insert, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.credit_control.rule import CreditCheck
from webapp.domain.errors import IllegalMove, InsufficientStock
from webapp.domain.numbers import tidy
from webapp.domain.permissions import Permission
from webapp.domain.states import AllocationState, OrderState
from webapp.domain.stock.allocation import Demand, Free, Pick, plan_picks
from webapp.models import (
    Allocation,
    CheckStage,
    CreditHold,
    Location,
    Lot,
    Order,
    OrderLine,
    StockLevel,
    Tracking,
    User,
)
from webapp.queries.approvals import facts as approval_facts
from webapp.queries.stock.free import held_places
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import the_company, today
from webapp.services.credit_control import holds as credit_holds
from webapp.services.stock.asked_lines import asked_line
from webapp.services.stock.holders import give_back
from webapp.services.stock.movements import lots_by_level


@dataclass(frozen=True, slots=True)
class AllocationResult:
    """What one line holds after the call; ``success`` when nothing of it is short any more (base units)."""

    line_number: int
    item: str
    success: bool
    allocated_qty: Decimal
    message: str
    taken_qty: Decimal = ZERO

    @property
    def details(self) -> dict[str, Any]:
        """What programs are told of the line."""
        return {
            "line_number": self.line_number,
            "item": self.item,
            "success": self.success,
            "allocated_qty": self.allocated_qty,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class AllocationOutcome:
    """What became of an order's allocation: results by line, or the hold that was placed instead."""

    order: Order
    results: list[AllocationResult]
    check: CreditCheck | None = None
    hold: CreditHold | None = None

    @property
    def message(self) -> str:
        """The headline: all, a part, or nothing was left to do."""
        if not any(result.taken_qty for result in self.results):
            return "Inventory already allocated"
        if all(result.success for result in self.results):
            return "Inventory allocated successfully"
        return "Inventory partially allocated"


@command(Permission.ORDERS_ALLOCATE)
def allocate_order(number: str, *, lines: Mapping[int, Decimal | None] | None = None, actor: User) -> AllocationOutcome:
    """Reserve what is free for an order, or put it on hold when credit runs out.

    ``lines`` restricts it to some line numbers, each with a quantity at the most or None; an order that ships complete
    is reserved whole or not at all, whatever was asked for. A hold is an outcome, not an error: it must be saved.
    Raises IllegalMove, OnHold, BadInput, and InsufficientStock when nothing at all could be taken.
    """
    order = locks.lock_order(number, actor=actor)
    order.must_be(OrderState.CONFIRMED)
    refuse_waiting_amendment(order)
    credit_holds.refuse_if_held(order)

    _refuse_unknown(order, lines)
    wanted = _wanted(order, None if order.ship_complete else lines)
    if not any(wanted.values()):
        return AllocationOutcome(order, _results(order, wanted, {}))
    check, hold = credit_holds.check_or_hold(order, CheckStage.ALLOCATE, actor=actor)
    if hold is not None:
        audit.record(Action.ALLOCATION_HELD, order, order.customer, actor=actor)
        return AllocationOutcome(order, [], check, hold)

    taken = _reserve(order, wanted, actor)
    results = _results(order, wanted, taken)
    if not any(taken.values()):
        raise InsufficientStock("Insufficient stock", {"allocation_details": [result.details for result in results]})
    audit.record(
        Action.STOCK_ALLOCATED,
        order,
        actor=actor,
        after={"lines": {result.line_number: result.taken_qty for result in results if result.taken_qty}},
    )
    return AllocationOutcome(order, results, check)


@command(Permission.ORDERS_ALLOCATE)
def release_order_allocation(number: str, *, lines: Mapping[int, Decimal | None] | None = None, actor: User) -> Decimal:
    """Give back what an order (or some lines of it) holds and no shipment has taken. Answers the quantity released."""
    order = locks.lock_order(number, actor=actor)
    _refuse_unknown(order, lines)
    asked = dict.fromkeys((line.line_number for line in order.lines), None) if lines is None else lines
    held = {line.line_number: line.allocated_qty for line in order.lines}
    released = release_lines(order, {n: held[n] if most is None else most for n, most in asked.items()})
    if released:
        audit.record(Action.ALLOCATION_RELEASED, order, actor=actor, after={"quantity": released})
    return released


def release_lines(order: Order, quantities: Mapping[int, Decimal]) -> Decimal:
    """Release up to a quantity of each line, youngest allocation first, leaving what shipments hold."""
    lines = {line.id: line for line in order.lines if quantities.get(line.line_number)}
    if not lines:
        return ZERO
    loose = list(
        db.session.scalars(
            select(Allocation)
            .where(
                Allocation.order_line_id.in_(lines),
                Allocation.state == AllocationState.OPEN,
                Allocation.shipment_line_id.is_(None),
            )
            .order_by(Allocation.id.desc())
        )
    )
    levels = {level.id: level for level in locks.lock_levels_by_id(one.level_id for one in loose)}
    lots = _locked_lots(loose)
    left = {line_id: quantities[line.line_number] for line_id, line in lines.items()}
    released = ZERO
    for one in loose:
        quantity = min(left[one.order_line_id], one.quantity)
        if quantity > 0:
            left[one.order_line_id] -= quantity
            lot = lots.get(one.lot_id) if one.lot_id else None
            released += give_back(one, lines[one.order_line_id], quantity, level=levels[one.level_id], lot=lot)
    return released


def refuse_waiting_amendment(order: Order) -> None:
    """Raise IllegalMove while an amendment of the confirmed or closed order waits for approval, or was declined."""
    known = approval_facts.approvals_of(order)
    if approval_facts.waiting(known):
        raise IllegalMove(f"A change of {order.label} waits for approval.", {"status": order.state.value})
    if approval_facts.declined_change(order, known):
        raise IllegalMove(f"A change of {order.label} was declined. Change it first.", {"status": order.state.value})


def _locked_lots(allocations: Sequence[Allocation]) -> dict[int, Lot]:
    level_ids = {one.level_id for one in allocations if one.lot_id}
    return {lot.id: lot for lot in locks.lock_lots(level_ids)} if level_ids else {}


def _refuse_unknown(order: Order, lines: Mapping[int, Decimal | None] | None) -> None:
    for line_number, quantity in (lines or {}).items():
        asked_line(order, line_number, quantity)


def _wanted(order: Order, lines: Mapping[int, Decimal | None] | None) -> dict[int, Decimal]:
    """By line id what is still short of a reservation; fully shipped lines are left out."""
    wanted = {}
    for line in order.lines:
        if lines is not None and line.line_number not in lines:
            continue
        open_quantity = line.quantity - line.cancelled_qty - line.shipped_qty
        if open_quantity > 0:
            missing = open_quantity - line.allocated_qty
            most = lines[line.line_number] if lines is not None else None
            wanted[line.id] = missing if most is None else min(missing, most)
    return wanted


def _reserve(order: Order, wanted: Mapping[int, Decimal], actor: User) -> dict[int, Decimal]:
    """Lock, plan and write. Answers by line id what was taken."""
    short = [line for line in order.lines if wanted.get(line.id)]
    levels = {level.id: level for level in locks.lock_levels({line.variant_id for line in short})}
    lots = {lot.id: lot for lot in locks.lock_lots(levels)}
    places = _places(order, short)
    picks = plan_picks(
        [Demand(line.id, line.line_number, line.variant_id, wanted[line.id], places[line.id]) for line in short],
        _free(short, levels, lots),
        ship_complete=order.ship_complete,
        split_locations=the_company().split_locations,
        preferred_location_id=order.location_id,
        today=today(),
    )
    return _write(picks, {line.id: line for line in short}, levels, lots, actor)


def _free(lines: Sequence[OrderLine], levels: Mapping[int, StockLevel], lots: Mapping[int, Lot]) -> list[Free]:
    """What is unreserved and out of quarantine; untracked goods have lots only for what is in quarantine."""
    tracked = {line.variant_id for line in lines if line.variant.tracking is not Tracking.NONE}
    by_level = lots_by_level(list(lots.values()))
    free = []
    for level in levels.values():
        own = by_level[level.id]
        if level.variant_id not in tracked:
            blocked = sum((lot.on_hand_qty for lot in own if lot.quarantined), ZERO)
            quantity = level.on_hand_qty - level.allocated_qty - blocked
            free.append(Free(level.id, level.variant_id, level.location_id, None, None, quantity))
            continue
        free.extend(_free_lot(level, lot) for lot in own if not lot.quarantined)
    return free


def _free_lot(level: StockLevel, lot: Lot) -> Free:
    return Free(
        level_id=level.id,
        variant_id=level.variant_id,
        location_id=level.location_id,
        batch_id=lot.batch_id,
        serial_id=lot.serial_id,
        quantity=lot.on_hand_qty - lot.allocated_qty,
        expires_on=lot.batch.expires_on if lot.batch else None,
        received_at=lot.batch.received_at if lot.batch else lot.serial.received_at if lot.serial else None,
        lot_id=lot.id,
    )


def _places(order: Order, lines: Sequence[OrderLine]) -> dict[int, set[int] | None]:
    """Where each line may be taken from: the order's warehouse and its bins, or where the line lies already."""
    if the_company().split_locations:
        return dict.fromkeys((line.id for line in lines), None)
    warehouse = _with_bins(order.location_id)
    held = held_places([line.id for line in lines if line.allocated_qty])
    return {line.id: held.get(line.id) or warehouse for line in lines}


def _with_bins(location_id: int) -> set[int]:
    return set(db.session.scalars(WITH_BINS, {"location_id": location_id}))


def _tree() -> Select[tuple[int]]:
    tree = select(Location.id).where(Location.id == bindparam("location_id")).cte(recursive=True)
    tree = tree.union_all(select(Location.id).where(Location.parent_id == tree.c.id))
    return select(tree.c.id)


WITH_BINS = _tree()


def _write(
    picks: Sequence[Pick],
    lines: Mapping[int, OrderLine],
    levels: Mapping[int, StockLevel],
    lots: Mapping[int, Lot],
    actor: User,
) -> dict[int, Decimal]:
    taken: dict[int, Decimal] = defaultdict(Decimal)
    now = clock.now()
    rows: list[dict[str, Any]] = []
    for pick in picks:
        taken[pick.line_id] += pick.quantity
        lines[pick.line_id].allocated_qty += pick.quantity
        levels[pick.level_id].allocated_qty += pick.quantity
        if pick.lot_id is not None:
            lots[pick.lot_id].allocated_qty += pick.quantity
        rows.append(
            {
                "order_line_id": pick.line_id,
                "level_id": pick.level_id,
                "lot_id": pick.lot_id,
                "serial_id": pick.serial_id,
                "quantity": pick.quantity,
                "state": AllocationState.OPEN,
                "created_by_id": actor.id,
                "created_at": now,
            }
        )
    if rows:
        db.session.execute(insert(Allocation).returning(Allocation.id), rows)
    return dict(taken)


def _results(order: Order, wanted: Mapping[int, Decimal], taken: Mapping[int, Decimal]) -> list[AllocationResult]:
    results = []
    for line in order.lines:
        if line.id in wanted:
            results.append(_result(line, wanted[line.id], taken.get(line.id, ZERO)))
    return results


def _result(line: OrderLine, wanted: Decimal, taken: Decimal) -> AllocationResult:
    short = wanted - taken
    if short <= 0:
        counted = taken or line.allocated_qty
        word = "Successfully allocated" if taken else "Already allocated"
        message = f"{word} {tidy(counted):f} units"
    elif taken:
        message = f"Successfully allocated {tidy(taken):f} of {tidy(wanted):f} units, {tidy(short):f} short"
    else:
        message = f"Insufficient stock: {tidy(wanted):f} units short"
    return AllocationResult(line.line_number, line.item_name, short <= 0, line.allocated_qty, message, taken)
