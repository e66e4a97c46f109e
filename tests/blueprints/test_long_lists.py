"""The list of orders costs the same with a hundred thousand orders as with ten."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.support import web
from tests.support.factories import make_company, make_customer, make_item, make_staff
from tests.support.statements import sent_statements
from webapp.db import atomic, db
from webapp.models import Order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

MANY = 100_000
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT i FROM n",
    "postgresql": "SELECT generate_series(1, :many) AS i",
}


def write_orders(many: int) -> None:
    """Copies of the one order's head, by one statement."""
    names = [column.name for column in Order.__table__.columns if column.name not in ("id", "order_number")]
    columns = ", ".join(names)
    statement = f"""
        INSERT INTO orders (order_number, {columns})
        SELECT 'SO-2020-' || numbers.i, {", ".join(f"o.{name}" for name in names)}
        FROM orders o CROSS JOIN ({NUMBERS[db.engine.dialect.name]}) AS numbers
    """  # noqa: S608 - names of our own columns
    with atomic():
        db.session.execute(text(statement), {"many": many})


@pytest.mark.plants_errors  # heads without lines
def test_the_list_needs_as_many_statements_for_a_hundred_thousand_orders(app, session):
    make_company()
    staff = make_staff()
    make_customer()
    make_item()
    create_order(OrderInput("ACME", [LineInput("A-1", Decimal(1))]), actor=staff.sales)
    browser = web.log_in(app, staff.sales)

    def statements(path: str) -> int:
        session.rollback()
        with sent_statements() as sent:
            answer = browser.get(path)
        assert answer.status_code == 200, answer.text
        return len(sent)

    write_orders(9)
    pages = ("/orders", "/orders?sort=date", "/orders?customer=ACME", "/orders?tab=draft")
    for path in pages:
        statements(path)
    few = {path: statements(path) for path in pages}
    session.rollback()
    with atomic():
        db.session.execute(text("DELETE FROM orders WHERE order_number LIKE 'SO-2020-%'"))
    write_orders(MANY)

    assert {path: statements(path) for path in pages} == few
