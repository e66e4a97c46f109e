"""The way of an order through the services, from entry to shipped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, put_in_stock
from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import FourEyes, OnHold
from webapp.domain.states import HoldState, OrderState, ShipmentState
from webapp.models import Event, Order, StockLevel
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=D(10000))
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 50, actor=staff.warehouse, unit_cost=D(60))
    return staff


def order_of(quantity: int, staff: Staff, **fields: object) -> Order:
    return create_order(OrderInput("ACME", [LineInput("A-1", D(quantity))], **fields), actor=staff.sales)


def approved(quantity: int, staff: Staff) -> str:
    number = order_of(quantity, staff).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    return number


def reload(number: str) -> Order:
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def test_an_order_goes_all_the_way_to_shipped(staff):
    number = approved(10, staff)

    assert confirm_order(number, actor=staff.sales).hold is None
    outcome = allocate_order(number, actor=staff.warehouse)
    assert outcome.message == "Inventory allocated successfully"
    assert outcome.results[0].message == "Successfully allocated 10 units"

    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    shipping.pick_shipment(shipment.number, actor=staff.warehouse)
    shipping.pack_shipment(shipment.number, actor=staff.warehouse)
    shipping.ship_shipment(shipment.number, actor=staff.warehouse)

    order, level = reload(number), db.session.scalars(select(StockLevel)).one()
    assert shipment.state is ShipmentState.SHIPPED
    assert (order.lines[0].shipped_qty, order.lines[0].allocated_qty) == (10, 0)
    assert (level.on_hand_qty, level.allocated_qty) == (40, 0)
    assert (order.to_ship_amount, order.to_bill_amount) == (0, D(1000))


def test_an_order_over_the_limit_is_held_and_its_release_confirms_it(staff):
    number = approved(120, staff)

    outcome = confirm_order(number, actor=staff.sales)

    assert outcome.hold is not None
    assert outcome.hold.state is HoldState.OPEN
    assert outcome.check.message == "Insufficient credit. Available: 10000.00, Required: 12000.00"
    assert reload(number).state is OrderState.APPROVED
    with pytest.raises(OnHold):
        confirm_order(number, actor=staff.sales)

    credit_desk.release_hold(number, reason="Paid by cheque yesterday", actor=staff.accountant)

    assert reload(number).state is OrderState.CONFIRMED
    assert confirm_order(number, actor=staff.sales).hold is None
    assert allocate_order(number, actor=staff.warehouse).message == "Inventory partially allocated"


def test_who_entered_an_order_cannot_approve_it(staff):
    number = create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=staff.manager).number
    order_flow.submit_order(number, actor=staff.manager)

    with pytest.raises(FourEyes):
        approve_order(number, actor=staff.manager)


def test_each_outermost_command_writes_one_event(staff):
    number = approved(10, staff)
    confirm_order(number, actor=staff.sales)

    actions = list(db.session.scalars(select(Event.action).where(Event.is_main).order_by(Event.id.desc()).limit(4)))

    assert actions == [Action.ORDER_CONFIRMED, Action.ORDER_APPROVED, Action.ORDER_SUBMITTED, Action.ORDER_CREATED]


def test_a_cancelled_order_gives_its_stock_back(staff):
    number = approved(10, staff)
    confirm_order(number, actor=staff.sales)
    allocate_order(number, actor=staff.warehouse)

    order_flow.cancel_order(number, reason="Customer called", actor=staff.sales)

    assert reload(number).state is OrderState.CANCELLED
    assert db.session.scalars(select(StockLevel)).one().allocated_qty == 0
