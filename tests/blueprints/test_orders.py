"""Orders in a browser: the list, a new one, its lines, and each step to shipped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, put_in_stock
from tests.support.web import log_in, submit, words
from webapp.db import db
from webapp.models import Order, OrderLine
from webapp.services.order_entry import OrderInput, create_order
from webapp.services.order_lines import LineInput

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(10000))
    make_customer("ALFKI", name="Alfreds Futterkiste")
    make_item("A-1", name="Chai", base_price=D(100))
    make_item("A-2", name="Chang", base_price=D(20))
    put_in_stock("A-1", 50, actor=staff.warehouse, unit_cost=D(60))
    return staff


@pytest.fixture
def nancy(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.sales)


@pytest.fixture
def steven(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.manager)


@pytest.fixture
def number(staff: Staff) -> str:
    return draft(staff, 10)


def draft(staff: Staff, quantity: int = 1, **fields: object) -> str:
    return create_order(OrderInput("ACME", [LineInput("A-1", D(quantity))], **fields), actor=staff.sales).number


def order_of(number: str) -> Order:
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def count_lines() -> int:
    return db.session.scalar(select(func.count()).select_from(OrderLine)) or 0


def test_the_list_shows_open_orders_and_leads_to_each(nancy, number):
    page = nancy.get("/orders")
    assert page.status_code == 200
    assert f'href="/orders/{number}"' in page.text
    assert "Acme Trading" in words(page)


def test_a_new_order_needs_only_a_part_of_the_customers_name(nancy, staff):
    answer = submit(nancy, "/orders", {"customer": "alfreds"})
    assert answer.status_code == 303
    page = nancy.get(answer.location)
    assert "Alfreds Futterkiste" in words(page)


def test_the_page_shows_its_lines_and_the_next_act(nancy, number):
    page = nancy.get(f"/orders/{number}")
    assert page.status_code == 200, words(page)
    assert "Chai" in words(page)
    assert "Submit for approval" in words(page)
    assert "Nancy Davolio entered it with 1 line over 1,000.00" in words(page)
