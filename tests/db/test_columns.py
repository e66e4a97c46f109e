"""Amounts are whole units on both engines: floats, extra decimals, products and mixed scales are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.exc import ArgumentError, IntegrityError, StatementError

from tests.support.factories import make_company, make_customer, make_item
from webapp.db import Base, Money, Quantity, Scaled, TooLarge, atomic, db
from webapp.domain.errors import BadInput
from webapp.models import Customer, Location, Variant

D = Decimal


@pytest.fixture
def customer(session) -> Customer:
    make_company()
    return make_customer(credit_limit=D("1234.5678"))


def store(limit: object) -> None:
    with atomic():
        db.session.scalars(select(Customer)).one().credit_limit = limit


@pytest.mark.parametrize("amount", ["0", "0.0001", "1234.5678", "100000000000000"])
def test_an_amount_comes_back_exactly(customer, session, amount):
    store(D(amount))

    assert session.scalars(select(Customer.credit_limit)).one() == D(amount)
    assert session.scalar(db.text("SELECT credit_limit FROM customers")) == int(D(amount) * 10_000)


@pytest.mark.parametrize(
    ("amount", "cause"),
    [
        (1.5, TypeError),
        ("1.5", TypeError),
        (True, TypeError),
        (D("0.00001"), BadInput),
        (D("NaN"), BadInput),
        (D("Infinity"), BadInput),
        (D("1e18"), BadInput),
        (D("100000000000000.0001"), TooLarge),
    ],
)
def test_what_is_not_an_exact_amount_is_refused(customer, session, amount, cause):
    with pytest.raises((StatementError, BadInput, TypeError)) as refusal:
        store(amount)

    assert isinstance(refusal.value, cause) or isinstance(refusal.value.__cause__, cause)
    session.rollback()
    assert session.scalars(select(Customer.credit_limit)).one() == D("1234.5678")


def test_every_exact_number_is_bounded_in_the_database_too(customer, session):
    bounded = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(str(rule.name).endswith(f"_{column.name}_bound") for rule in table.constraints)
    }
    exact = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Scaled)
    }
    assert bounded == exact
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(db.text("UPDATE customers SET credit_limit = 1000000000000000001"))


def test_sums_and_differences_stay_exact(customer, session):
    more = Customer.credit_limit + D("0.0001")
    less = Customer.credit_limit - Customer.tolerated_amount

    assert session.execute(select(more, less)).one() == (D("1234.5679"), D("1234.5678"))
    assert session.scalar(select(func.sum(Customer.credit_limit))) == D("1234.5678")


@pytest.mark.parametrize(
    "product",
    [
        lambda: Customer.credit_limit * 2,
        lambda: Customer.credit_limit / 2,
        lambda: Customer.credit_limit // 2,
        lambda: Customer.credit_limit % 2,
        lambda: literal(D(1), Money) * literal(D(1), Money),
    ],
)
def test_products_are_refused_in_sql(app, product):
    with pytest.raises(ArgumentError, match="in Python"):
        product()


@pytest.mark.parametrize(
    "mixture",
    [
        lambda: Customer.credit_limit + Variant.base_price,
        lambda: Customer.credit_limit > Variant.base_price,
        lambda: literal(D(1), Money) == literal(D(1), Quantity),
    ],
)
def test_two_scales_never_meet(app, mixture):
    with pytest.raises(ArgumentError, match="scales"):
        mixture()


def test_an_upper_bound_stands_beside_the_parser(customer, session):
    make_item("A-1", base_price=D("0.000001"))

    assert session.scalars(select(Variant.base_price)).one() == D("0.000001")
    with pytest.raises((StatementError, BadInput)), atomic():
        session.scalars(select(Variant)).one().base_price = D("0.0000001")
    session.rollback()


def test_many_rows_written_together_get_their_ids_in_order(customer, session):
    with atomic():
        locations = [Location(code=f"L{n:03d}", name=str(n)) for n in range(300)]
        db.session.add_all(locations)

    ids = [location.id for location in locations]
    assert ids == sorted(ids)
    by_id = {location.id: location.code for location in session.scalars(select(Location))}
    assert [by_id[one] for one in ids] == [f"L{n:03d}" for n in range(300)]
