"""A company and programs that speak to it, each with the token of one of its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_staff,
    make_user,
    put_in_stock,
)
from tests.support.programs import Program, token_for
from tests.support.scenes import scene
from webapp.domain.permissions import Role
from webapp.models import User

IN_2025 = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
@scene
def staff(session) -> Staff:
    """Everybody, one customer with a limit of 10,000, and 50 of one item at 100 each in stock."""
    make_company()
    people = make_staff()
    make_customer("ACME")
    make_item("A-1")
    put_in_stock("A-1", 50, actor=people.warehouse)
    return people


@pytest.fixture
def speak(app: Flask, staff: Staff) -> Callable[[User], Program]:
    """Makes a program that acts as somebody."""

    def speak_as(user: User) -> Program:
        return Program(app, token_for(user))

    return speak_as


@pytest.fixture
def sales(speak, staff) -> Program:
    """A program of a salesperson."""
    return speak(staff.sales)


@pytest.fixture
def manager(speak, staff) -> Program:
    """A program of a sales manager."""
    return speak(staff.manager)


@pytest.fixture
def warehouse(speak, staff) -> Program:
    """A program of the warehouse."""
    return speak(staff.warehouse)


@pytest.fixture
def accountant(speak, staff) -> Program:
    """A program of the accounts."""
    return speak(staff.accountant)


@pytest.fixture
def admin(speak, staff) -> Program:
    """A program of an administrator."""
    return speak(staff.admin)


@pytest.fixture
def example(app: Flask, session) -> Iterator[tuple[Program, Program, Program, Program]]:
    """Programs of sales, manager, warehouse and accounts on a day of 2025: one customer, 100 of Product A in stock."""
    with time_machine.travel(IN_2025, tick=False):
        make_company()
        people = make_staff()
        make_customer("ACME")
        make_item("PRODUCT-A", base_price=Decimal(100), name="Product A")
        put_in_stock("PRODUCT-A", 100, actor=people.warehouse)
        sales, manager, warehouse, accountant = (
            Program(app, token_for(user))
            for user in (people.sales, people.manager, people.warehouse, people.accountant)
        )
        yield sales, manager, warehouse, accountant


@pytest.fixture
def speak_as_another(app: Flask, example) -> Program:
    """A program of a second accountant."""
    return Program(app, token_for(make_user(Role.ACCOUNTANT, "Otto Other")))
