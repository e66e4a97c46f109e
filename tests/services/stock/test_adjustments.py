"""Stock put right by hand: what changes, what is refused, and whose allocations give way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff
from tests.support.warehouse import (
    allocated,
    held,
    last_event,
    lots,
    movements,
    open_warehouse,
    order_for,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    the_order,
    variant,
)
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, InsufficientStock
from webapp.models import Disposition, EventDocument
from webapp.services.shipments.returns import ReturnInput, receive_return
from webapp.services.stock.allocation import allocate_order
from webapp.services.stock.receipts import adjust_stock

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def adjust(staff: Staff, sku: str, quantity: int | str, **fields) -> int:
    return adjust_stock("MAIN", sku, D(quantity), **{"reason": "Counted", "actor": staff.warehouse, **fields})


def test_an_adjustment_moves_at_the_average_and_says_why(staff):
    adjust(staff, "A-1", -3, reason="Broken")
    adjust(staff, "A-1", 1)

    assert stock("A-1") == (48, 0)
    assert movements("A-1")[1:] == [("ADJUSTMENT", -3, 60, -180), ("ADJUSTMENT", 1, 60, 60)]
    assert (variant("A-1").average_cost, variant("A-1").stock_value) == (60, 2880)
    event = last_event()
    assert (event.action, event.reason) == (Action.STOCK_ADJUSTED, "Counted")
    assert event.details["after"] == {"quantity": "1", "released": {}}


def test_the_last_piece_leaves_no_value(staff):
    adjust(staff, "A-1", -50)
    assert (variant("A-1").stock_qty, variant("A-1").stock_value) == (0, 0)


def test_what_is_allocated_is_refused_with_the_orders_that_hold_it(staff):
    first, second = allocated(staff, ("A-1", 20)), allocated(staff, ("A-1", 25))

    with pytest.raises(InsufficientStock, match=f"2 of them are allocated to {first}, {second}") as refused:
        adjust(staff, "A-1", -7)

    assert refused.value.details == {"orders": [first, second], "missing": "2"}
    assert stock("A-1") == (50, 45)


def test_on_the_clerks_word_the_youngest_order_of_least_priority_gives_way(staff):
    oldest, urgent, youngest = (allocated(staff, ("A-1", quantity)) for quantity in (20, 15, 10))
    with atomic():
        the_order(urgent).priority = 1

    adjust(staff, "A-1", -22, release=True)

    assert stock("A-1") == (28, 28)
    assert held(oldest) == [(1, "", 13)]
    assert held(urgent) == [(1, "", 15)]
    assert held(youngest) == []
    assert the_order(oldest).lines[0].allocated_qty == 13
    event = last_event()
    assert event.details["after"]["released"] == {youngest: "10.000000", oldest: "7.000000"}
    named = set(db.session.scalars(select(EventDocument.number).where(EventDocument.event_id == event.id)))
    assert named == {"A-1", "MAIN", youngest, oldest}


def test_goods_on_a_shipment_are_put_back_first(staff):
    shipment = shipment_in("PICKED", staff, ("A-1", 40))
    loose = allocated(staff, ("A-1", 10))

    with pytest.raises(InsufficientStock, match=f"5 of them are on {shipment}. Put them back first"):
        adjust(staff, "A-1", -15, release=True)

    assert held(loose) == [(1, "", 10)]
    adjust(staff, "A-1", -10, release=True)
    assert (stock("A-1"), held(loose)) == ((40, 40), [])


def test_a_batch_and_a_serial_number_are_adjusted_alone(staff):
    put_batch("C1", 5, staff)
    put_batch("C2", 5, staff)
    put_serials("S1", "S2", staff=staff)

    adjust(staff, "CHEESE", -2, batch="C2")
    adjust(staff, "LAPTOP", -1, serial="S1")
    adjust(staff, "LAPTOP", 1, serial="S3")

    assert lots("CHEESE") == {("C1", False): (5, 0), ("C2", False): (3, 0)}
    assert lots("LAPTOP") == {("S2", False): (1, 0), ("S3", False): (1, 0)}


def test_releasing_a_batch_leaves_the_orders_that_hold_another(staff):
    put_batch("C1", 5, staff)
    put_batch("C2", 5, staff)
    number = allocated(staff, ("CHEESE", 8))

    adjust(staff, "CHEESE", -3, batch="C2", release=True)

    assert held(number) == [(1, "C1", 5), (1, "C2", 2)]
    assert lots("CHEESE") == {("C1", False): (5, 5), ("C2", False): (2, 2)}


def test_goods_in_quarantine_are_not_taken_for_good_ones(staff):
    shipment = shipment_in("SHIPPED", staff, ("A-1", 50))
    receive_return(shipment, [ReturnInput(1, D(4), Disposition.QUARANTINE)], reason="Wet", actor=staff.warehouse)

    with pytest.raises(InsufficientStock, match="Only 0 are there"):
        adjust(staff, "A-1", -1)

    assert lots("A-1") == {("", True): (4, 0)}
    with pytest.raises(InsufficientStock):
        allocate_order(order_for(staff, ("A-1", 1)), actor=staff.warehouse)


@pytest.mark.parametrize(
    ("sku", "quantity", "more", "sentence"),
    [
        ("A-1", "0", {}, "changes nothing"),
        ("A-1", "-1", {"reason": " "}, "A reason is needed"),
        ("A-1", "0.5", {}, "whole multiples of 1"),
        ("NONE", "1", {}, "There is no item NONE"),
        ("A-1", "1", {"batch": "C1"}, "is not kept in batches"),
        ("A-1", "1", {"serial": "S1"}, "is not kept by serial number"),
        ("CHEESE", "1", {}, "Which one is it"),
        ("CHEESE", "-1", {"batch": "C9"}, "CHEESE has no batch C9 at this location"),
        ("LAPTOP", "1", {}, "1 different numbers are needed"),
        ("LAPTOP", "2", {"serial": "S9"}, "2 different numbers are needed"),
        ("LAPTOP", "-1", {"serial": "S9"}, "LAPTOP has no serial number S9 at this location"),
        ("LAPTOP", "1", {"serial": "S1"}, "S1 of LAPTOP is in stock already"),
    ],
)
def test_a_wrong_adjustment_is_refused(staff, sku, quantity, more, sentence):
    put_serials("S1", staff=staff)
    with pytest.raises(BadInput, match=sentence):
        adjust(staff, sku, quantity, **more)
    assert (stock("A-1"), stock("LAPTOP")) == ((50, 0), (1, 0))


def test_more_than_there_is_cannot_be_taken_off_even_by_releasing(staff):
    with pytest.raises(InsufficientStock, match="Only 50 are there, 51 cannot be taken off"):
        adjust(staff, "A-1", -51, release=True)


def test_sales_adjusts_nothing(staff):
    with pytest.raises(Forbidden):
        adjust(staff, "A-1", -1, actor=staff.sales)
