"""One idempotency key, eight requests at the same moment: one effect, the same answer for everybody."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select

from tests.support.factories import make_company, make_customer, make_item, make_staff
from tests.support.racing import WORKERS, race
from webapp.db import db
from webapp.domain import clock
from webapp.domain.errors import KeyInFlight, KeyReused, Refused
from webapp.models import Event, IdempotencyKey, Order, User
from webapp.services.once import fingerprint, once
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput


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


def test_a_repeat_waits_three_seconds_for_the_first_and_is_then_told_to_come_back(app, session, sales_id):
    session.rollback()
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        actor = db.session.get_one(User, sales_id)
        return once("key-3", actor, fingerprint("slow"), lambda: [begun.set(), go_on.wait(10)] and {"done": 1})

    def repeat():
        begun.wait(10)
        actor, started = db.session.get_one(User, sales_id), time.monotonic()
        try:
            with pytest.raises(KeyInFlight):
                once("key-3", actor, fingerprint("slow"), dict)
        finally:
            go_on.set()
        return time.monotonic() - started

    first, waited = race(app, slow, repeat)

    assert first.data == {"done": 1}
    assert 2.5 < waited < 6
    assert once("key-3", session.get_one(User, sales_id), fingerprint("slow"), dict).replayed


def test_a_repeat_in_another_process_waits_for_the_row_of_the_key(app, session, sales_id):
    if db.engine.dialect.name == "sqlite":
        return  # one writer at a time: there the first holds the whole file, and the answer is 503
    session.rollback()
    held = {"key": "key-1", "user_id": sales_id, "fingerprint": "x", "created_at": clock.now()}
    with db.engine.connect() as other, other.begin() as transaction:
        other.execute(insert(IdempotencyKey).values(**held))
        with pytest.raises(KeyInFlight):
            create(sales_id)
        transaction.rollback()

    assert not create(sales_id).replayed


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
