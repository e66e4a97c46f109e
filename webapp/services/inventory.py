"""The inventory services of the seed: thin fronts of the set-based functions that the order's commands call."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from webapp.db import Scaled, db
from webapp.domain.constants import ZERO
from webapp.models import Batch, Lot, OrderLine, StockLevel, StockMovement, User
from webapp.services.company import system_user, today
from webapp.services.shipments.shipping import ship_line_at_once
from webapp.services.stock.allocation import AllocationResult, allocate_order, release_order_allocation


@dataclass(frozen=True, slots=True)
class Availability:
    """What of a variant is free at a location (base units), and whether it is enough."""

    is_available: bool
    on_hand_qty: Decimal
    allocated_qty: Decimal
    available_qty: Decimal
    required_qty: Decimal
    shortage: Decimal


def check_availability(variant_id: int, location_id: int, required_qty: Decimal) -> Availability:
    """Whether ``required_qty`` base units are free at a location; reads only.

    Available is on hand less allocated less blocked: what lies unallocated in quarantine or in expired batches.
    """
    level = db.session.scalars(
        select(StockLevel).where(StockLevel.variant_id == variant_id, StockLevel.location_id == location_id)
    ).one_or_none()
    on_hand, allocated = (level.on_hand_qty, level.allocated_qty) if level else (ZERO, ZERO)
    available = max(on_hand - allocated - _blocked(level), ZERO)
    return Availability(
        is_available=available >= required_qty,
        on_hand_qty=on_hand,
        allocated_qty=allocated,
        available_qty=available,
        required_qty=required_qty,
        shortage=max(required_qty - available, ZERO),
    )


def allocate_stock(order_line: OrderLine, user: User | None) -> AllocationResult:
    """Reserve what is free for one line; raises as ``allocate_order``. A hold leaves the line as it was.

    Of a line that has shipped whole nothing is left to reserve: it succeeds and takes nothing.
    """
    outcome = allocate_order(order_line.order.number, lines={order_line.line_number: None}, actor=user or system_user())
    if outcome.hold is not None:
        return AllocationResult(
            order_line.line_number, order_line.item_name, False, order_line.allocated_qty, outcome.hold.reason
        )
    own = (result for result in outcome.results if result.line_number == order_line.line_number)
    shipped = AllocationResult(order_line.line_number, order_line.item_name, True, ZERO, "Already shipped")
    return next(own, shipped)


def release_allocation(order_line: OrderLine, user: User | None = None) -> Decimal:
    """Give back what one line holds and no shipment has taken. Answers base units."""
    return release_order_allocation(
        order_line.order.number, lines={order_line.line_number: None}, actor=user or system_user()
    )


def create_shipment_movement(order_line: OrderLine, shipped_qty: Decimal, user: User | None) -> list[StockMovement]:
    """Ship allocated base units of one line on a shipment of its own. Answers the movements, one for each lot."""
    ids = ship_line_at_once(order_line, shipped_qty, actor=user or system_user())
    return list(db.session.scalars(select(StockMovement).where(StockMovement.id.in_(ids)).order_by(StockMovement.id)))


def _blocked(level: StockLevel | None) -> Decimal:
    if level is None:
        return ZERO
    expired = Batch.expires_on.is_not(None) & (Batch.expires_on <= today())
    blocked = db.session.scalar(
        select(func.coalesce(func.sum(Lot.on_hand_qty - Lot.allocated_qty), ZERO, type_=Scaled(6)))
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(Lot.level_id == level.id, Lot.quarantined | expired)
    )
    return blocked or ZERO
