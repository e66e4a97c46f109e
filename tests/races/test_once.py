"""One idempotency key, eight requests at the same moment: one effect, the same answer for everybody."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.factories import make_company, make_customer, make_item, make_staff
from tests.support.racing import WORKERS, race
from webapp.db import db
from webapp.domain.errors import KeyReused, Refused
from webapp.models import Event, IdempotencyKey, Order, User
from webapp.services.once import fingerprint, once
from webapp.services.order_entry import OrderInput, create_order
from webapp.services.order_lines import LineInput


def create(user_id: int, quantity: int = 1):
    actor = db.session.get_one(User, user_id)
    given = OrderInput("ACME", [LineInput("A-1", Decimal(quantity))])
    digest = fingerprint("orders", "ACME", quantity)
    return once("key-1", actor, digest, lambda: {"order": create_order(given, actor=actor).number})


@pytest.fixture
def sales_id(session) -> int:
    make_company()
    staff = make_staff()
    make_customer("ACME")
    make_item("A-1")
    return staff.sales.id


def test_eight_requests_with_one_key_have_one_effect(app, session, sales_id):
    session.rollback()

    outcomes = race(app, *[lambda: create(sales_id)] * WORKERS)

    assert {outcome.data["order"] for outcome in outcomes} == {session.scalars(select(Order)).one().number}
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * (WORKERS - 1)


def test_the_event_carries_the_key(session, sales_id):
    create(sales_id)

    key_id = session.scalars(select(IdempotencyKey.id)).one()
    assert session.scalar(select(func.count()).where(Event.idempotency_key_id == key_id)) == 1


def test_a_key_used_for_something_else_is_refused(session, sales_id):
    create(sales_id)

    with pytest.raises(KeyReused):
        create(sales_id, quantity=2)


def test_work_that_fails_leaves_no_key(session, sales_id):
    actor = session.get_one(User, sales_id)

    def fail():
        raise Refused("No.")

    with pytest.raises(Refused):
        once("key-2", actor, fingerprint("x"), fail)

    assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
