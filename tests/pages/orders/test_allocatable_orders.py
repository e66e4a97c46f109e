"""Which orders of the list something is free for: only goods that the allocation itself would take."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.statements import count_statements
from tests.support.warehouse import add_bin, allocated, open_warehouse, order_for, put_batch
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.errors import IllegalMove, InsufficientStock
from webapp.models import Company, Location, Order
from webapp.pages.orders.lists import order_list
from webapp.services.approvals.deciding import approve_order, reject_order
from webapp.services.order_steps import credit_desk
from webapp.services.orders.line_edits import change_line
from webapp.services.stock.allocation import allocate_order


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def shown(staff: Staff) -> dict[str, bool]:
    db.session.rollback()
    return {row.order.number: row.can_allocate for row in order_list({"view": "allocate"}, staff.warehouse).rows}


def test_an_order_that_misses_something_free_can_be_allocated(staff):
    missing = order_for(staff, ("CHEESE", 1))
    both = order_for(staff, ("CHEESE", 1), ("A-1", 10))
    assert shown(staff) == {missing: False, both: True}
    taken = allocated(staff, ("A-1", 60))
    assert shown(staff) == {missing: False, both: False, taken: False}


def test_what_is_free_elsewhere_or_expired_does_not_count(staff):
    number = order_for(staff, ("CHEESE", 1))
    put_batch("OLD", 5, staff, expires_on=clock.today("Europe/Berlin") - timedelta(days=1))
    assert shown(staff) == {number: False}
    add_bin("OTHER")
    put_in_stock("CHEESE", 5, actor=staff.warehouse, location="OTHER", batch="FAR")
    assert shown(staff) == {number: False}
    with atomic():
        db.session.get_one(Company, 1).split_locations = True
    assert shown(staff) == {number: True}


def test_an_order_that_ships_complete_needs_all_of_it(staff):
    all_or_nothing = order_for(staff, ("A-1", 60), ship_complete=True)
    assert shown(staff) == {all_or_nothing: False}
    put_in_stock("A-1", 10, actor=staff.warehouse)
    assert shown(staff) == {all_or_nothing: True}
    assert allocate_order(all_or_nothing, actor=staff.warehouse).hold is None


def test_a_line_takes_the_rest_from_where_it_lies(staff):
    add_bin("BIN-1", "MAIN")
    make_item("B-1")
    put_in_stock("B-1", 6, actor=staff.warehouse, location="BIN-1")
    begun = allocated(staff, ("B-1", 10))
    put_in_stock("B-1", 4, actor=staff.warehouse)
    assert shown(staff) == {begun: False}
    with pytest.raises(InsufficientStock):
        allocate_order(begun, actor=staff.warehouse)
    put_in_stock("B-1", 1, actor=staff.warehouse, location="BIN-1")
    assert shown(staff) == {begun: True}


def test_an_order_whose_credit_was_refused_is_not_to_be_allocated(staff):
    number = order_for(staff, ("A-1", 10))
    assert shown(staff) == {number: True}
    credit_desk.hold_order(number, reason="Doubtful", actor=staff.manager)
    credit_desk.reject_hold(number, reason="No", actor=staff.accountant)
    assert shown(staff) == {}


def with_declined_change(staff: Staff) -> str:
    number = order_for(staff, ("A-1", 10))
    change_line(number, 1, discount_percent=Decimal(12), actor=staff.sales)
    reject_order(number, reason="Not for ten", actor=staff.manager)
    return number


def test_an_order_with_a_declined_change_is_not_offered_and_says_so(staff):
    order_for(staff, ("A-1", 10))
    number = with_declined_change(staff)
    assert shown(staff)[number] is False
    rows = order_list({"view": "allocate"}, staff.warehouse).rows
    assert {row.order.number: row.cannot for row in rows}[number] == "Change declined"
    with pytest.raises(IllegalMove, match="was declined"):
        allocate_order(number, actor=staff.warehouse)
    change_line(number, 1, discount_percent=Decimal(0), actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert shown(staff)[number] is True


def test_the_list_takes_as_many_statements_for_many_orders_and_lines_as_for_one(staff):
    order_for(staff, ("A-1", 60))
    shown(staff)
    few = count_statements(lambda: shown(staff))
    with atomic():
        db.session.add(Location(code="SECOND", name="Second"))
        db.session.flush()
        db.session.scalars(select(Order)).first().location = db.session.scalars(
            select(Location).where(Location.code == "SECOND")
        ).one()
    with_declined_change(staff)
    some = count_statements(lambda: shown(staff))
    for _ in range(8):
        order_for(staff, ("A-1", 60), ("CHEESE", 1), ("LAPTOP", 2))
    for _ in range(2):
        with_declined_change(staff)
    assert few < some == count_statements(lambda: shown(staff))
