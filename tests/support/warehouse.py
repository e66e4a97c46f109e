"""A warehouse at work, for tests: orders that are ready to allocate, and what is asserted after each step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, put_in_stock
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain.states import AllocationState
from webapp.models import (
    Allocation,
    Event,
    Location,
    Lot,
    Order,
    Shipment,
    StockLevel,
    StockMovement,
    Tracking,
    Variant,
)
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

D = Decimal


@scene
def open_warehouse(**settings: Any) -> Staff:
    """A company with staff, a customer without a limit, and items: A-1 (50 at 60), a batch and a serial item."""
    make_company(**settings)
    staff = make_staff()
    make_customer("ACME", credit_limit=None)
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 50, actor=staff.warehouse, unit_cost=D(60))
    make_item("CHEESE", base_price=D(10), tracking=Tracking.BATCH)
    make_item("LAPTOP", base_price=D(900), tracking=Tracking.SERIAL)
    return staff


def put_batch(number: str, quantity: int, staff: Staff, *, expires_on: date | None = None, **fields: Any) -> None:
    """Receive some of a batch of CHEESE."""
    put_in_stock("CHEESE", quantity, actor=staff.warehouse, batch=number, expires_on=expires_on, **fields)


def put_serials(*numbers: str, staff: Staff, **fields: Any) -> None:
    """Receive laptops by their serial numbers."""
    put_in_stock("LAPTOP", len(numbers), actor=staff.warehouse, serials=numbers, **fields)


def add_bin(code: str, parent: str | None = None) -> None:
    """A location, inside another one or on its own."""
    with atomic():
        above = db.session.scalars(select(Location).where(Location.code == parent)).one() if parent else None
        db.session.add(Location(code=code, name=code.title(), parent=above))


def order_for(staff: Staff, *lines: tuple[str, int], customer: str = "ACME", **fields: Any) -> str:
    """A confirmed order; answers its number."""
    given = OrderInput(customer, [LineInput(sku, D(quantity)) for sku, quantity in lines], **fields)
    number = create_order(given, actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold is None
    return number


def allocated(staff: Staff, *lines: tuple[str, int], **fields: Any) -> str:
    """A confirmed order for which everything that is free is reserved."""
    number = order_for(staff, *lines, **fields)
    allocate_order(number, actor=staff.warehouse)
    return number


def shipment_in(state: str, staff: Staff, *lines: tuple[str, int], **fields: Any) -> str:
    """The number of a shipment of a new order, brought to DRAFT, PICKED, PACKED or SHIPPED."""
    number = allocated(staff, *(lines or (("A-1", 10),)), **fields)
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    steps: dict[str, Callable[..., Any]] = {
        "PICKED": shipping.pick_shipment,
        "PACKED": shipping.pack_shipment,
        "SHIPPED": shipping.ship_shipment,
    }
    for reached, step in steps.items():
        if list(steps).index(reached) > ["DRAFT", *steps].index(state) - 1:
            break
        step(shipment.number, actor=staff.warehouse)
    return shipment.number


def the_order(number: str) -> Order:
    """The order as it is now."""
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def the_shipment(number: str) -> Shipment:
    """The shipment as it is now."""
    return db.session.scalars(select(Shipment).where(Shipment.shipment_number == number)).one()


def variant(sku: str) -> Variant:
    """The item as it is now."""
    return db.session.scalars(select(Variant).where(Variant.sku == sku)).one()


def stock(sku: str, location: str = "MAIN") -> tuple[Decimal, Decimal]:
    """What is on hand and what is allocated of an item at a location."""
    level = db.session.scalars(
        select(StockLevel)
        .join(Variant, Variant.id == StockLevel.variant_id)
        .join(Location, Location.id == StockLevel.location_id)
        .where(Variant.sku == sku, Location.code == location)
    ).one_or_none()
    return (level.on_hand_qty, level.allocated_qty) if level else (D(0), D(0))


def lots(sku: str) -> dict[tuple[str, bool], tuple[Decimal, Decimal]]:
    """On hand and allocated by batch or serial number, and whether it is in quarantine; empty lots are left out."""
    rows = db.session.scalars(
        select(Lot).join(StockLevel, StockLevel.id == Lot.level_id).join(Variant).where(Variant.sku == sku)
    )
    return {
        (_name(lot), lot.quarantined): (
            lot.on_hand_qty,
            lot.allocated_qty,
        )
        for lot in rows
        if lot.on_hand_qty
    }


def _name(lot: Lot | None) -> str:
    """The batch or serial number of a lot; empty for goods that are not told apart."""
    named = lot and (lot.batch or lot.serial)
    return named.number if named else ""


def held(number: str) -> list[tuple[int, str, Decimal]]:
    """Open allocations of an order: line number, batch or serial number, quantity."""
    rows = db.session.scalars(
        select(Allocation).where(
            Allocation.order_line_id.in_([line.id for line in the_order(number).lines]),
            Allocation.state == AllocationState.OPEN,
        )
    )
    return sorted(
        (
            row.order_line.line_number,
            _name(row.lot),
            row.quantity,
        )
        for row in rows
    )


def movements(sku: str) -> list[tuple[str, Decimal, Decimal | None, Decimal | None]]:
    """Kind, quantity, unit cost and value of an item's movements, the oldest first."""
    rows = db.session.scalars(select(StockMovement).join(Variant).where(Variant.sku == sku).order_by(StockMovement.id))
    return [(row.kind.value, row.quantity, row.unit_cost, row.value) for row in rows]


def last_event() -> Event:
    """The latest event of a command."""
    return db.session.scalars(select(Event).where(Event.is_main).order_by(Event.id.desc()).limit(1)).one()
