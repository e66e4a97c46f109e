"""The one owner of transactions: what it runs again, what it refuses, and how one act becomes one event."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.support.factories import make_company, make_user
from tests.support.racing import race
from webapp.db import ATTEMPTS, atomic, db, in_transaction
from webapp.domain.actions import Action
from webapp.domain.errors import Busy, Refused
from webapp.domain.permissions import Role
from webapp.models import Company, Event
from webapp.services import audit, locks
from webapp.services.commands import command


def conflict(code: str) -> DBAPIError:
    """What the driver raises: a conflict of PostgreSQL by its SQLSTATE, or SQLite that is busy."""
    if code == "busy":
        busy = sqlite3.OperationalError("database is locked")
        busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return OperationalError("UPDATE", {}, busy)
    return OperationalError("UPDATE", {}, psycopg.errors.lookup(code)())


def failing(times: int, code: str) -> tuple[Callable[[], str], list[int]]:
    """A command that meets the conflict so many times, after it has written; and the tries it made."""
    tries: list[int] = []

    @command()
    def rename() -> str:
        tries.append(len(tries) + 1)
        company = locks.lock_company()
        company.invoice_footer += "!"
        db.session.flush()
        if len(tries) <= times:
            raise conflict(code)
        return company.invoice_footer

    return rename, tries


@pytest.fixture
def company(session, monkeypatch) -> Company:
    monkeypatch.setattr("webapp.db.transactions.LONGEST_PAUSE", 0.01)
    return make_company()


@pytest.mark.parametrize("code", ["40001", "40P01", "busy"])
@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_conflict_is_tried_again_from_the_start(company, times, code):
    rename, tries = failing(times, code)

    assert rename() == "!"
    assert len(tries) == times + 1


@pytest.mark.parametrize("code", ["40001", "40P01", "busy"])
def test_five_conflicts_are_answered_with_a_sentence(company, session, code):
    rename, tries = failing(ATTEMPTS, code)

    with pytest.raises(Busy) as refusal:
        rename()

    assert refusal.value.status == 503
    assert len(tries) == ATTEMPTS
    assert session.get_one(Company, 1).invoice_footer == ""


def test_only_the_outermost_tries_again(company):
    rename, tries = failing(1, "40001")
    outer_tries = []

    @command()
    def outer() -> str:
        outer_tries.append(1)
        return rename()

    assert outer() == "!"
    assert (len(outer_tries), len(tries)) == (2, 2)


def test_another_error_is_not_tried_again(company):
    rename, tries = failing(1, "23514")

    with pytest.raises(DBAPIError):
        rename()
    assert tries == [1]


def test_a_lock_that_times_out_is_a_sentence(company):
    rename, tries = failing(1, "55P03")

    with pytest.raises(Busy, match="Somebody else is working on this document"):
        rename()
    assert tries == [1]


@pytest.mark.engines("postgresql")
def test_a_row_that_stays_locked_makes_the_next_one_give_up(app, company, session):
    session.rollback()
    holds, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with atomic():
            locks.lock_company()
            holds.set()
            may_end.wait(20)

    @command()
    def lock() -> None:
        db.session.execute(db.text("SET LOCAL lock_timeout = '200ms'"))
        locks.lock_company()

    def wait() -> None:
        holds.wait(20)
        try:
            lock()
        finally:
            may_end.set()

    _, waited = race(app, hold, wait)

    assert isinstance(waited, Busy)


def test_a_swallowed_failure_of_a_nested_command_undoes_all(company, session):
    @command()
    def fail() -> None:
        locks.lock_company().invoice_footer = "half"
        raise Refused("No.")

    @command()
    def outer() -> None:
        locks.lock_company().name = "Changed"
        try:
            fail()
        except Refused:
            return

    with pytest.raises(RuntimeError, match="swallowed"):
        outer()

    kept = session.get_one(Company, 1)
    assert (kept.name, kept.invoice_footer) == ("Counterfoil Test GmbH", "")
    assert not in_transaction()


def test_changes_outside_a_command_are_refused(company, session):
    session.get_one(Company, 1).name = "Changed by a page"

    with pytest.raises(RuntimeError, match="outside a command"), atomic():
        pass

    session.rollback()
    assert session.get_one(Company, 1).name == "Counterfoil Test GmbH"


def test_rows_are_locked_inside_a_command_only(company):
    with pytest.raises(RuntimeError, match="inside a command"):
        locks.lock_company()


def test_what_a_page_read_before_is_read_again_under_the_lock(company, session, app):
    shown = session.get_one(Company, 1)
    assert shown.name == "Counterfoil Test GmbH"

    def rename() -> None:
        with atomic():
            locks.lock_company().name = "Renamed meanwhile"

    race(app, rename)

    with atomic():
        assert locks.lock_company().name == "Renamed meanwhile"


def test_nested_commands_become_steps_of_one_event(company, session):
    actor = make_user(Role.ADMIN, "Ada Admin")
    before = session.scalar(select(func.count()).select_from(Event))
    session.rollback()

    @command()
    def inner() -> None:
        audit.record(Action.USER_CHANGED, actor, actor=actor, after={"theme": "dark"})

    @command()
    def outer() -> None:
        inner()
        inner()
        audit.record(Action.COMPANY_CHANGED, locks.lock_company(), actor=actor, reason="New year")

    outer()

    written = list(session.scalars(select(Event).order_by(Event.id).offset(before)))
    assert [(event.action, event.is_main, event.reason) for event in written] == [
        (Action.COMPANY_CHANGED, True, "New year")
    ]
    assert [step["action"] for step in written[0].details["steps"]] == [Action.USER_CHANGED.value] * 2
    assert {(one.kind, one.number) for one in written[0].documents} == {
        ("company", "Counterfoil Test GmbH"),
        ("user", actor.email),
    }


def test_commands_joined_in_one_transaction_write_an_event_each_and_fail_together(company, session):
    actor = make_user(Role.ADMIN, "Ada Admin")
    before = session.scalar(select(func.count()).select_from(Event))
    session.rollback()

    @command()
    def change(name: str) -> None:
        locks.lock_company().name = name
        audit.record(Action.COMPANY_CHANGED, locks.lock_company(), actor=actor)

    with atomic():
        change("One")
        change("Two")
    assert session.scalar(select(func.count()).select_from(Event)) == before + 2
    session.rollback()

    def both() -> None:
        with atomic():
            change("Three")
            raise Refused("No.")

    with pytest.raises(Refused):
        both()
    assert session.scalar(select(func.count()).select_from(Event)) == before + 2
    assert session.get_one(Company, 1).name == "Two"


@pytest.mark.engines("postgresql")
def test_prepared_statements_outlive_the_rollback_of_a_page(company):
    with db.engine.connect() as connection:

        def prepared() -> int:
            return connection.scalar(db.text("SELECT count(*) FROM pg_prepared_statements"))

        for _ in range(10):
            connection.execute(db.select(Company.name))
        known = prepared()
        assert known
        connection.rollback()
        assert prepared() >= known
