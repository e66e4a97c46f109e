"""Reserving stock: who gets what, from where, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.warehouse import (
    add_bin,
    allocated,
    held,
    last_event,
    lots,
    open_warehouse,
    order_for,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    the_order,
)
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, InsufficientStock, OnHold
from webapp.domain.states import AllocationState, OrderState
from webapp.models import Allocation, Company, Customer
from webapp.services import inventory
from webapp.services.company import today
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order, release_order_allocation
from webapp.services.stock.receipts import ReceiptLine, receive_stock

D = Decimal
MOST_STATEMENTS = 25


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def allocate(number: str, staff: Staff, **fields):
    return allocate_order(number, actor=staff.warehouse, **fields)


def split_locations() -> None:
    with atomic():
        db.session.get_one(Company, 1).split_locations = True


def test_what_is_free_is_reserved_and_the_rest_stays_open(staff):
    make_item("B-1")
    put_in_stock("B-1", 4, actor=staff.warehouse)
    number = order_for(staff, ("A-1", 10), ("B-1", 6))

    outcome = allocate(number, staff)

    assert outcome.message == "Inventory partially allocated"
    assert [(r.line_number, r.success, r.allocated_qty, r.message) for r in outcome.results] == [
        (1, True, 10, "Successfully allocated 10 units"),
        (2, False, 4, "Successfully allocated 4 of 6 units, 2 short"),
    ]
    assert (stock("A-1"), stock("B-1")) == ((50, 10), (4, 4))
    assert [line.allocated_qty for line in the_order(number).lines] == [10, 4]
    assert the_order(number).state is OrderState.CONFIRMED
    assert last_event().action == Action.STOCK_ALLOCATED
    assert last_event().details["after"] == {"lines": {"1": "10.000000", "2": "4.000000"}}


def test_what_came_in_later_is_added_to_what_is_held(staff):
    number = allocated(staff, ("A-1", 60))
    put_in_stock("A-1", 30, actor=staff.warehouse)

    outcome = allocate(number, staff)

    assert outcome.results[0].taken_qty == 10
    assert held(number) == [(1, "", 10), (1, "", 50)]
    assert allocate(number, staff).message == "Inventory already allocated"


def test_nothing_in_stock_is_a_refusal_that_leaves_nothing_behind(staff):
    before = last_event().id
    make_item("B-1")
    number = order_for(staff, ("B-1", 6))
    before = last_event().id

    with pytest.raises(InsufficientStock) as refused:
        allocate(number, staff)

    assert refused.value.message == "Insufficient stock"
    assert [told["message"] for told in refused.value.details["allocation_details"]] == [
        "Insufficient stock: 6 units short"
    ]
    assert (held(number), last_event().id) == ([], before)


@pytest.mark.parametrize("lines", [None, {1: None}, {1: D(5)}])
def test_an_order_that_ships_complete_takes_all_or_nothing(staff, lines):
    make_item("B-1")
    put_in_stock("B-1", 4, actor=staff.warehouse)
    number = order_for(staff, ("A-1", 10), ("B-1", 6), ship_complete=True)

    with pytest.raises(InsufficientStock):
        allocate(number, staff, lines=lines)
    assert (stock("A-1"), stock("B-1")) == ((50, 0), (4, 0))

    put_in_stock("B-1", 2, actor=staff.warehouse)
    assert allocate(number, staff, lines=lines).message == "Inventory allocated successfully"
    assert (stock("A-1"), stock("B-1")) == ((50, 10), (6, 6))


def test_two_lines_of_one_item_share_what_is_there(staff):
    number = allocated(staff, ("A-1", 30), ("A-1", 30))

    assert held(number) == [(1, "", 30), (2, "", 20)]
    assert stock("A-1") == (50, 50)


def test_batches_go_by_expiry_and_expired_ones_never(staff):
    day = today()
    put_batch("LATE", 5, staff, expires_on=day + timedelta(days=30))
    put_batch("SOON", 5, staff, expires_on=day + timedelta(days=2))
    put_batch("TODAY", 5, staff, expires_on=day)
    put_batch("EVER", 5, staff)

    number = allocated(staff, ("CHEESE", 12))

    assert held(number) == [(1, "EVER", 2), (1, "LATE", 5), (1, "SOON", 5)]
    assert lots("CHEESE") == {
        ("LATE", False): (5, 5),
        ("SOON", False): (5, 5),
        ("TODAY", False): (5, 0),
        ("EVER", False): (5, 2),
    }
    assert stock("CHEESE") == (20, 12)


def test_serial_numbers_are_reserved_one_by_one(staff):
    put_serials("S1", "S2", "S3", staff=staff)

    first, second = allocated(staff, ("LAPTOP", 2)), allocated(staff, ("LAPTOP", 2))

    assert held(first) == [(1, "S1", 1), (1, "S2", 1)]
    assert held(second) == [(1, "S3", 1)]
    assert all(row.serial_id for row in db.session.scalars(select(Allocation)))


def test_a_line_is_taken_from_one_place_of_its_warehouse(staff):
    add_bin("BIN-1", "MAIN")
    add_bin("BIN-2", "BIN-1")
    add_bin("NORTH")
    make_item("B-1")
    for place, quantity in (("BIN-1", 4), ("BIN-2", 7), ("NORTH", 90)):
        put_in_stock("B-1", quantity, actor=staff.warehouse, location=place)

    number = allocated(staff, ("B-1", 10))

    assert (stock("B-1", "BIN-1"), stock("B-1", "BIN-2"), stock("B-1", "NORTH")) == ((4, 0), (7, 7), (90, 0))
    put_in_stock("B-1", 1, actor=staff.warehouse, location="BIN-2")
    allocate(number, staff)
    assert (stock("B-1", "BIN-1"), stock("B-1", "BIN-2")) == ((4, 0), (8, 8))


def test_the_policy_may_take_a_line_from_several_places(staff):
    split_locations()
    add_bin("BIN-1", "MAIN")
    add_bin("NORTH")
    make_item("B-1")
    for place, quantity in (("MAIN", 4), ("BIN-1", 3), ("NORTH", 90)):
        put_in_stock("B-1", quantity, actor=staff.warehouse, location=place)

    number = allocated(staff, ("B-1", 10))

    assert the_order(number).lines[0].allocated_qty == 10
    assert stock("B-1", "MAIN") == (4, 4)
    assert stock("B-1", "BIN-1")[1] + stock("B-1", "NORTH")[1] == 6


def test_some_lines_and_quantities_can_be_asked_for(staff):
    number = order_for(staff, ("A-1", 10), ("A-1", 10))

    outcome = allocate(number, staff, lines={2: D(4)})

    assert [(r.line_number, r.taken_qty) for r in outcome.results] == [(2, 4)]
    assert held(number) == [(2, "", 4)]
    for lines, sentence in (
        ({3: None}, "has no line 3"),
        ({1: D(0)}, "must be more than 0"),
        ({1: D("0.5")}, "whole multiples of 1"),
    ):
        with pytest.raises(BadInput, match=sentence):
            allocate(number, staff, lines=lines)


def test_only_a_confirmed_order_without_a_hold_is_allocated_by_who_may(staff):
    draft = create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=staff.sales).number
    with pytest.raises(IllegalMove):
        allocate(draft, staff)
    number = order_for(staff, ("A-1", 1))
    with pytest.raises(Forbidden):
        allocate_order(number, actor=staff.accountant)
    credit_desk.hold_order(number, reason="Doubtful", actor=staff.manager)
    with pytest.raises(OnHold):
        allocate(number, staff)
    assert stock("A-1") == (50, 0)


def test_an_order_that_outgrew_its_credit_is_held_and_takes_nothing(staff):
    number = order_for(staff, ("A-1", 10))
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = D(500)

    outcome = allocate(number, staff)

    assert outcome.hold is not None
    assert (outcome.results, stock("A-1")) == ([], (50, 0))
    assert last_event().action == Action.ALLOCATION_HELD


def test_releasing_gives_back_what_no_shipment_holds(staff):
    number = allocated(staff, ("A-1", 30))
    shipping.create_shipments(number, lines={1: D(12)}, actor=staff.warehouse)

    assert release_order_allocation(number, actor=staff.sales) == 18
    assert stock("A-1") == (50, 12)
    assert the_order(number).lines[0].allocated_qty == 12
    assert last_event().action == Action.ALLOCATION_RELEASED

    before = last_event().id
    assert release_order_allocation(number, actor=staff.sales) == 0
    assert last_event().id == before


def test_some_of_a_line_can_be_released_the_youngest_first(staff):
    put_batch("C1", 5, staff)
    put_batch("C2", 5, staff)
    number = allocated(staff, ("CHEESE", 8))

    assert release_order_allocation(number, lines={1: D(4)}, actor=staff.sales) == 4

    assert held(number) == [(1, "C1", 4)]
    assert lots("CHEESE") == {("C1", False): (5, 4), ("C2", False): (5, 0)}
    states = set(db.session.scalars(select(Allocation.state)))
    assert states == {AllocationState.OPEN, AllocationState.RELEASED}


def test_cancelling_an_order_cancels_shipments_that_nobody_picked(staff):
    number = allocated(staff, ("A-1", 10))
    (shipment,) = shipping.create_shipments(number, lines={1: D(4)}, actor=staff.warehouse)

    order_flow.cancel_order(number, reason="Called", actor=staff.sales)

    assert (stock("A-1"), held(number)) == ((50, 0), [])
    assert the_order(number).state is OrderState.CANCELLED
    assert shipment.state.value == "CANCELLED"
    assert last_event().details["after"] == {"released": "10.000000"}


# -- the seed's fronts ------------------------------------------------------------------------------------------------


def test_the_seeds_methods_reserve_ship_and_release_one_line(staff):
    number = order_for(staff, ("A-1", 10), ("A-1", 5))
    line, other = the_order(number).lines

    result = inventory.allocate_stock(line, staff.warehouse)
    assert (result.line_number, result.success, result.allocated_qty) == (1, True, 10)
    assert held(number) == [(1, "", 10)]

    moved = inventory.create_shipment_movement(line, D(4), staff.warehouse)
    assert [(one.quantity, one.order_line_id) for one in moved] == [(-4, line.id)]
    assert (line.shipped_qty, line.allocated_qty, stock("A-1")) == (4, 6, (46, 6))

    assert inventory.release_allocation(line) == 6
    assert inventory.allocate_stock(other, None).allocated_qty == 5
    assert stock("A-1") == (46, 5)


def test_a_line_that_has_shipped_whole_has_nothing_left_to_reserve(staff):
    shipment_in("SHIPPED", staff, ("A-1", 10))
    number = order_for(staff, ("A-1", 5), ("A-1", 5))
    allocate(number, staff)
    line = the_order(number).lines[0]
    inventory.create_shipment_movement(line, D(5), staff.warehouse)

    result = inventory.allocate_stock(line, staff.warehouse)

    assert (result.success, result.taken_qty, result.message) == (True, 0, "Already shipped")


def test_availability_leaves_out_what_is_held_and_what_may_not_be_sold(staff):
    put_batch("OLD", 5, staff, expires_on=today())
    put_batch("NEW", 5, staff, expires_on=today() + timedelta(days=9))
    allocated(staff, ("CHEESE", 2))
    line = the_order(order_for(staff, ("CHEESE", 1))).lines[0]

    found = inventory.check_availability(line.variant_id, line.order.location_id, D(4))

    assert (found.is_available, found.on_hand_qty, found.allocated_qty, found.available_qty, found.shortage) == (
        False,
        10,
        2,
        3,
        1,
    )
    assert inventory.check_availability(line.variant_id, line.order.location_id, D(3)).is_available
    nowhere = inventory.check_availability(line.variant_id, 0, D(3))
    assert (nowhere.on_hand_qty, nowhere.shortage) == (0, 3)


# -- speed ------------------------------------------------------------------------------------------------------------


def test_an_order_of_five_hundred_lines_takes_few_statements(staff):
    skus = [f"L-{n}" for n in range(500)]
    for sku in skus:
        make_item(sku)
    receive_stock("MAIN", [ReceiptLine(sku, D(5)) for sku in skus], actor=staff.warehouse)
    number = order_for(staff, *((sku, 3) for sku in skus))
    counted: list[str] = []

    def count(_connection, _cursor, statement, *_more) -> None:
        counted.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    outcome = allocate(number, staff)
    event.remove(db.engine, "before_cursor_execute", count)

    assert outcome.message == "Inventory allocated successfully"
    assert len(counted) <= MOST_STATEMENTS, [one.split("\n")[0][:80] for one in counted]
