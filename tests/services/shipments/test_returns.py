"""Goods that come back: where they go, at what cost, and what of them was billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.factories import Staff, put_in_stock
from tests.support.warehouse import (
    allocated,
    last_event,
    lots,
    movements,
    open_warehouse,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    the_order,
    the_shipment,
    variant,
)
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove
from webapp.domain.states import OrderState
from webapp.models import Disposition, Return
from webapp.services.company import today
from webapp.services.shipments import shipping
from webapp.services.shipments.returns import ReturnInput, receive_return
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def give_back(staff: Staff, shipment: str, *lines: ReturnInput, reason: str = "Too many", **fields) -> Return:
    return receive_return(shipment, lines, reason=reason, actor=staff.warehouse, **fields)


def test_good_goods_go_back_on_the_shelf_at_the_cost_they_left_with(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))
    put_in_stock("A-1", 40, actor=staff.warehouse, unit_cost=D(80))

    returned = give_back(staff, shipment, ReturnInput(1, D(4)))

    assert returned.number == f"RET-{today().year}-001"
    assert stock("A-1") == (84, 0)
    assert movements("A-1")[-1] == ("RETURN", 4, 60, 240)
    line = the_order(the_shipment(shipment).order.number).lines[0]
    assert (line.returned_qty, line.returned_unbilled_qty, line.shipped_qty) == (4, 4, 10)
    assert the_shipment(shipment).lines[0].returned_qty == 4
    assert line.order.to_bill_amount == 600
    event = last_event()
    assert (event.action, event.reason) == (Action.GOODS_RETURNED, "Too many")
    assert event.details["after"] == {"lines": {"1": "4"}}


def test_goods_beyond_use_come_in_and_go_out_again(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))

    give_back(staff, shipment, ReturnInput(1, D(3), Disposition.SCRAP))

    assert stock("A-1") == (40, 0)
    assert movements("A-1")[-2:] == [("RETURN", 3, 60, 180), ("SCRAP", -3, 60, -180)]
    assert lots("A-1") == {}


def test_goods_in_quarantine_are_there_but_not_for_sale(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))

    give_back(staff, shipment, ReturnInput(1, D(3), Disposition.QUARANTINE))

    assert (stock("A-1"), lots("A-1")) == ((43, 0), {("", True): (3, 0)})
    number = allocated(staff, ("A-1", 43))
    assert the_order(number).lines[0].allocated_qty == 40


def test_one_line_may_come_back_in_several_conditions(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))

    give_back(staff, shipment, ReturnInput(1, D(4)), ReturnInput(1, D(3), Disposition.SCRAP))

    assert stock("A-1") == (44, 0)
    assert the_shipment(shipment).lines[0].returned_qty == 7
    with pytest.raises(BadInput, match="Line 1: 1 can come back, not 2"):
        give_back(staff, shipment, ReturnInput(1, D(2)), ReturnInput(1, D(2)))
    assert stock("A-1") == (44, 0)


def test_what_left_in_two_movements_comes_back_whole(staff):
    number = allocated(staff, ("A-1", 60))
    put_in_stock("A-1", 10, actor=staff.warehouse, unit_cost=D(90))
    allocate_order(number, actor=staff.warehouse)
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    for step in (shipping.pick_shipment, shipping.pack_shipment, shipping.ship_shipment):
        step(shipment.number, actor=staff.warehouse)

    for quantity in (4, 12, 44):
        give_back(staff, shipment.number, ReturnInput(1, D(quantity)))

    assert stock("A-1") == (60, 0)
    assert [quantity for kind, quantity, *_ in movements("A-1") if kind == "RETURN"] == [4, 6, 6, 44]
    assert variant("A-1").stock_qty == 60


def test_batches_come_back_to_their_lot(staff):
    put_batch("C1", 5, staff)
    put_batch("C2", 5, staff)
    shipment = shipment_in("SHIPPED", staff, ("CHEESE", 8))

    with pytest.raises(BadInput, match="Line 1: which batch came back"):
        give_back(staff, shipment, ReturnInput(1, D(2)))
    give_back(staff, shipment, ReturnInput(1, D(2), batch="C1"))
    with pytest.raises(BadInput, match="Line 1: 3 can come back, not 4"):
        give_back(staff, shipment, ReturnInput(1, D(4), batch="C1"))
    give_back(staff, shipment, ReturnInput(1, D(6), Disposition.QUARANTINE))

    assert lots("CHEESE") == {
        ("C1", False): (2, 0),
        ("C2", False): (2, 0),
        ("C1", True): (3, 0),
        ("C2", True): (3, 0),
    }
    assert stock("CHEESE") == (10, 0)


def test_serial_numbers_come_back_by_name(staff):
    put_serials("S1", "S2", "S3", staff=staff)
    shipment = shipment_in("SHIPPED", staff, ("LAPTOP", 3))

    with pytest.raises(BadInput, match="Line 1: which serial numbers came back"):
        give_back(staff, shipment, ReturnInput(1, D(1)))
    with pytest.raises(BadInput, match="Line 1: 0 can come back, not 1"):
        give_back(staff, shipment, ReturnInput(1, D(1), serials=["S9"]))
    give_back(staff, shipment, ReturnInput(1, D(1), serials=["S2"]))
    give_back(staff, shipment, ReturnInput(1, D(1), Disposition.QUARANTINE, serials=["S1"]))

    assert lots("LAPTOP") == {("S2", False): (1, 0), ("S1", True): (1, 0)}
    with pytest.raises(BadInput, match="0 can come back"):
        give_back(staff, shipment, ReturnInput(1, D(1), serials=["S2"]))
    give_back(staff, shipment, ReturnInput(1, D(1)))
    assert stock("LAPTOP") == (3, 0)


def test_an_order_of_which_everything_came_back_unbilled_is_done(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))
    give_back(staff, shipment, ReturnInput(1, D(10)))
    order = the_shipment(shipment).order
    assert (order.state, order.to_bill_amount) == (OrderState.CLOSED, 0)


@pytest.mark.parametrize(
    ("line", "more", "sentence"),
    [
        (ReturnInput(1, D(11)), {}, "Line 1: 10 can come back, not 11"),
        (ReturnInput(1, D(0)), {}, "can come back, not 0"),
        (ReturnInput(1, D(-1)), {}, "can come back, not -1"),
        (ReturnInput(1, D("0.5")), {}, "whole multiples of 1"),
        (ReturnInput(4, D(1)), {}, "has no line 4"),
        (ReturnInput(1, D(1)), {"reason": ""}, "A reason is needed"),
        (ReturnInput(1, D(1)), {"received_on": "tomorrow"}, "has not come yet"),
    ],
)
def test_what_cannot_come_back_is_refused(staff, line, more, sentence):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 10))
    if more.get("received_on"):
        more = {"received_on": today() + timedelta(days=1)}
    with pytest.raises(BadInput, match=sentence):
        give_back(staff, shipment, line, **more)
    assert (stock("A-1"), the_shipment(shipment).lines[0].returned_qty) == ((40, 0), 0)


def test_nothing_comes_back_that_has_not_left(staff):
    shipment = shipment_in("PACKED", staff, ("A-1", 10))
    with pytest.raises(IllegalMove):
        give_back(staff, shipment, ReturnInput(1, D(1)))
    with pytest.raises(BadInput, match="Say what came back"):
        give_back(staff, shipment)
    with pytest.raises(Forbidden):
        receive_return(shipment, [ReturnInput(1, D(1))], reason="x", actor=staff.sales)
