"""Who holds stock: the open allocations at a place, and taking them back from their orders when the stock must go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain import clock
from webapp.domain.constants import ZERO
from webapp.domain.errors import Busy, InsufficientStock
from webapp.domain.numbers import tidy
from webapp.domain.states import AllocationState
from webapp.models import Allocation, Location, Lot, Order, OrderLine, Shipment, ShipmentLine, StockLevel, User, Variant
from webapp.queries.visibility import sees
from webapp.services import locks
from webapp.services.stock.lots import quarantined_at

Holder = tuple[Allocation, OrderLine, Order]


def lock_holders(variant: Variant, location: Location) -> None:
    """Lock the customers and orders that hold stock of a variant at a location, before its levels."""
    rows = db.session.execute(
        _holding()
        .with_only_columns(Order.id, Order.customer_id)
        .where(StockLevel.variant_id == variant.id, StockLevel.location_id == location.id)
        .order_by(None)
        .distinct()
    ).all()
    locks.lock_customers(row.customer_id for row in rows)
    locks.lock_orders(row.id for row in rows)


def make_free(
    level: StockLevel, lot: Lot | None, wanted: Decimal, *, release: bool, actor: User
) -> dict[Order, Decimal]:
    """Make sure that ``wanted`` can be taken from the (locked) level or lot; answers what was released of which order.

    What is allocated is given back only with ``release``, lowest priority and youngest order first. Raises
    InsufficientStock when there is less, with the orders when they hold it, and when shipments have begun to pick it.
    """
    place = lot or level
    there = place.on_hand_qty if lot else level.on_hand_qty - quarantined_at(level)
    if wanted > there:
        raise InsufficientStock(f"Only {tidy(there):f} are there, {tidy(wanted):f} cannot be taken off.")
    missing = wanted - (there - place.allocated_qty)
    if missing <= 0:
        return {}
    holders = _holders(level, lot)
    seen = [holder for holder in holders if sees(actor, holder[2].customer)]
    if not release:
        orders = sorted({order.number for _, _, order in seen})
        named = [*orders, "orders of customers whom others look after"] if len(seen) < len(holders) else orders
        raise InsufficientStock(
            f"{tidy(missing):f} of them are allocated to {', '.join(named)}. Release them first, or with this act.",
            {"orders": orders, "missing": f"{tidy(missing):f}"},
        )
    if len(seen) < len(holders) and sum((one.quantity for one, _, _ in seen), ZERO) < missing:
        raise InsufficientStock(
            f"{tidy(missing):f} of them are allocated, also to orders of customers whom others look after. "
            "Somebody who sees all customers has to release them.",
            {"missing": f"{tidy(missing):f}"},
        )
    return _take_back(seen, missing, level, lot)


def give_back(
    allocation: Allocation, line: OrderLine, quantity: Decimal, *, level: StockLevel, lot: Lot | None
) -> Decimal:
    """Release ``quantity`` of an allocation: line, level and lot count it no longer. Answers the quantity."""
    if quantity == allocation.quantity:
        allocation.state, allocation.ended_at = AllocationState.RELEASED, clock.now()
    else:
        allocation.quantity -= quantity
    line.allocated_qty -= quantity
    level.allocated_qty -= quantity
    if lot is not None:
        lot.allocated_qty -= quantity
    return quantity


def _take_back(holders: Sequence[Holder], missing: Decimal, level: StockLevel, lot: Lot | None) -> dict[Order, Decimal]:
    released: dict[Order, Decimal] = defaultdict(Decimal)
    for allocation, line, order in holders:
        if missing <= 0:
            break
        if allocation.shipment_line_id is not None:
            continue
        if not locks.is_locked(order):
            raise Busy(f"{order.label} was given this stock a moment ago. Try again.")
        part = give_back(allocation, line, min(missing, allocation.quantity), level=level, lot=lot)
        released[order] += part
        missing -= part
    if missing > 0:
        numbers = sorted(_shipments_of(holders))
        raise InsufficientStock(
            f"{tidy(missing):f} of them are on {', '.join(numbers)}. Put them back first by cancelling it.",
            {"shipments": numbers, "missing": f"{tidy(missing):f}"},
        )
    return released


def _holders(level: StockLevel, lot: Lot | None) -> list[Holder]:
    """Open allocations at a level with their orders: lowest priority first, then youngest."""
    statement = _holding().where(Allocation.level_id == level.id).options(joinedload(Order.customer, innerjoin=True))
    if lot is not None:
        statement = statement.where(Allocation.lot_id == lot.id)
    return [(allocation, line, order) for allocation, line, order in db.session.execute(statement)]


def _holding() -> Select[Allocation, OrderLine, Order]:
    return (
        select(Allocation, OrderLine, Order)
        .join(OrderLine, Allocation.order_line_id == OrderLine.id)
        .join(Order, OrderLine.order_id == Order.id)
        .join(StockLevel, StockLevel.id == Allocation.level_id)
        .where(Allocation.state == AllocationState.OPEN)
        .order_by(Order.priority, Order.order_date.desc(), Order.id.desc(), Allocation.id.desc())
    )


def _shipments_of(holders: Sequence[Holder]) -> set[str]:
    line_ids = {allocation.shipment_line_id for allocation, _, _ in holders if allocation.shipment_line_id}
    return set(
        db.session.scalars(
            select(Shipment.shipment_number)
            .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
            .where(ShipmentLine.id.in_(line_ids))
        )
    )
