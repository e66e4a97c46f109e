"""Eight workers on one row of stock: never more than there is, and nobody is sent away for nothing."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from sqlalchemy import select

from tests.support.factories import make_company, make_customer, make_item, make_staff, put_in_stock
from tests.support.racing import workers
from webapp.db import db
from webapp.domain.errors import InsufficientStock
from webapp.models import StockLevel, User
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.stock.allocation import allocate_order

D = Decimal


def confirmed_order(customer: str, lines: list[LineInput], staff) -> str:
    number = create_order(OrderInput(customer, lines), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold is None
    return number


def allocate(number: str, user_id: int) -> str:
    return allocate_order(number, actor=db.session.get_one(User, user_id)).message


def test_forty_claims_of_one_piece_on_ten_pieces_give_exactly_ten(app, session):
    make_company()
    staff = make_staff()
    make_item("HOT", base_price=D(1))
    put_in_stock("HOT", 10, actor=staff.warehouse, unit_cost=D(1))
    numbers = []
    for place in range(40):
        make_customer(f"C{place}", credit_limit=None)
        numbers.append(confirmed_order(f"C{place}", [LineInput("HOT", D(1))], staff))
    user_id = staff.warehouse.id

    results = workers(app, [partial(allocate, number, user_id) for number in numbers])

    refused = [one for one in results if isinstance(one, InsufficientStock)]
    assert results.count("Inventory allocated successfully") == 10
    assert len(refused) == 30, [one for one in results if not isinstance(one, (str, InsufficientStock))]
    session.rollback()
    level = session.scalars(select(StockLevel)).one()
    assert (level.on_hand_qty, level.allocated_qty) == (10, 10)


def test_orders_that_want_the_same_rows_in_another_order_do_not_deadlock(app, session):
    make_company()
    staff = make_staff()
    skus = [f"S{n}" for n in range(5)]
    for sku in skus:
        make_item(sku, base_price=D(1))
        put_in_stock(sku, 8, actor=staff.warehouse, unit_cost=D(1))
    numbers = []
    for place in range(16):
        make_customer(f"C{place}", credit_limit=None)
        turned = skus[place % 5 :] + skus[: place % 5]
        numbers.append(confirmed_order(f"C{place}", [LineInput(sku, D(1)) for sku in turned], staff))
    user_id = staff.warehouse.id

    results = workers(app, [partial(allocate, number, user_id) for number in numbers])

    assert results.count("Inventory allocated successfully") == 8
    assert sum(isinstance(one, InsufficientStock) for one in results) == 8
    session.rollback()
    assert {level.allocated_qty for level in session.scalars(select(StockLevel))} == {D(8)}
