"""Each error planted in orders, approvals, holds and the trail is reported by its own invariant, and by no other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, text

from tests.support.factories import (
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    put_in_stock,
)
from tests.support.planting import reported
from tests.support.scenes import scene
from webapp.db import db
from webapp.domain.states import HoldState
from webapp.models import CreditHold
from webapp.queries.invariants import run_all
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal

OPEN_HOLD = "FROM credit_holds WHERE state = 'OPEN'"
HOLD_COLUMNS = "order_id, customer_id, state, kind, reason, excess, applied_by_id, applied_at, single_step"
COPY_HOLD = (
    f"INSERT INTO credit_holds ({HOLD_COLUMNS}, decision_reason, decider_roles, release_end_reason)"
    f" SELECT {HOLD_COLUMNS}, '', '[]', '' {OPEN_HOLD}"
)
MOVE_HOLD = (
    "UPDATE credit_holds SET applied_at = '2000-01-01 00:00:00',"
    " order_id = (SELECT min(order_id) FROM shipments) WHERE state = 'OPEN'"
)
APPROVE_ONESELF = (
    "UPDATE approvals SET decided_by_id = (SELECT min(created_by_id) FROM orders)"
    " WHERE id = (SELECT min(id) FROM approvals WHERE decided_by_id IS NOT NULL)"
)
FORGET_CHECK = (
    "DELETE FROM credit_checks WHERE stage = 'CONFIRM' AND approved AND order_id = (SELECT min(id) FROM orders)"
)
PLANTS = {
    "I5": "UPDATE order_lines SET invoiced_qty = invoiced_qty + 1000000 WHERE line_number = 2",
    "I7": "UPDATE orders SET tax_total = tax_total + 10000 WHERE order_number LIKE '%-001'",
    "I15": COPY_HOLD,
    "I16": MOVE_HOLD,
    "I17": APPROVE_ONESELF,
    "I20": FORGET_CHECK,
    "I21": "UPDATE orders SET to_ship_amount = to_ship_amount + 10000 WHERE id = (SELECT min(id) FROM orders)",
    "I24": "UPDATE orders SET state = 'CLOSED' WHERE order_number LIKE '%-002'",
}


@pytest.fixture
@scene
def books(session):
    """A closed order, one that is held, one whose discount a manager approved, and a draft."""
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=D(10000))
    for sku in ("A-1", "B-1"):
        make_item(sku, base_price=D(100))
        put_in_stock(sku, 50, actor=staff.warehouse, unit_cost=D(60))
    make_posted_invoice(make_shipped_order({"A-1": 3, "B-1": 2}, staff), staff)
    make_held_order(staff)
    make_discounted_order(staff)
    create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=staff.sales)
    return staff


def make_held_order(staff) -> str:
    number = create_order(OrderInput("ACME", [LineInput("A-1", D(200))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold
    return number


def make_discounted_order(staff) -> str:
    line = LineInput("B-1", D(2), discount_percent=D(15))
    number = create_order(OrderInput("ACME", [line]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    return number


@pytest.mark.parametrize("code", PLANTS)
@pytest.mark.plants_errors
def test_an_error_is_found_by_its_own_invariant(books, code):
    assert reported(PLANTS[code]) == {code}


@pytest.mark.plants_errors
def test_an_approval_that_covers_less_than_the_order_is_found(books):
    statement = (
        'UPDATE approvals SET fingerprint = replace(CAST(fingerprint AS text), \'"quantity": "2.000000"\','
        " '\"quantity\": \"1\"'){cast} WHERE kind = 'DISCOUNT'"
    )
    assert reported(_json(statement)) == {"I18"}


@pytest.mark.plants_errors
def test_a_discount_without_its_approval_is_found(books):
    assert reported("DELETE FROM approvals WHERE kind = 'DISCOUNT'") == {"I19"}


@pytest.mark.plants_errors
def test_totals_that_do_not_follow_from_the_lines_are_found(books):
    """One cent moved from net to tax of a line and its order: everything still adds up, but nothing computes to it."""
    assert reported(
        "UPDATE orders SET net_total = net_total - 100, tax_total = tax_total + 100 WHERE order_number LIKE '%-004'",
        "UPDATE order_lines SET net_amount = net_amount - 100, tax_amount = tax_amount + 100 WHERE order_id ="
        " (SELECT id FROM orders WHERE order_number LIKE '%-004')",
    ) == {"I22"}


@pytest.mark.plants_errors
def test_a_guard_that_was_taken_away_is_found(books):
    on = "" if db.engine.dialect.name == "sqlite" else " ON journals"
    db.session.execute(text(f"DROP TRIGGER journals_no_update{on}"))

    assert {offence.invariant for offence in run_all()} == {"I14"}
    db.session.rollback()


@pytest.mark.plants_errors
def test_an_order_without_lines_is_found(books):
    codes = reported("DELETE FROM order_lines WHERE order_id = (SELECT id FROM orders WHERE order_number LIKE '%-003')")
    assert "I26" in codes


def test_credit_that_was_released_by_another_leaves_the_books_clean(books):
    held = db.session.scalars(select(CreditHold).where(CreditHold.state == HoldState.OPEN)).one()

    credit_desk.release_hold(held.order.number, reason="Known for years", actor=books.accountant)

    assert run_all() == []


def _json(statement: str) -> str:
    return statement.format(cast="" if db.engine.dialect.name == "sqlite" else "::json")
