"""Which orders of the list something is free for: neither goods elsewhere nor expired ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.factories import Staff, put_in_stock
from tests.support.statements import count_statements
from tests.support.warehouse import add_bin, allocated, open_warehouse, order_for, put_batch
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.models import Company
from webapp.queries.orders import order_list


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


def test_the_list_takes_as_many_statements_for_many_orders_and_lines_as_for_one(staff):
    order_for(staff, ("A-1", 60))
    shown(staff)
    few = count_statements(lambda: shown(staff))
    for _ in range(8):
        order_for(staff, ("A-1", 60), ("CHEESE", 1), ("LAPTOP", 2))
    assert count_statements(lambda: shown(staff)) == few
