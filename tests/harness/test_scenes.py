"""Scenes: what is put back equals what was played, and nothing that a test did before is lost."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.support.databases import Database
from tests.support.factories import make_company, make_customer, make_item, make_user
from tests.support.scenes import scene
from webapp.db import Base
from webapp.models import Customer, User, Variant

played: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_was_played() -> None:
    played.clear()


@scene
def open_shop(code: str) -> dict[str, Customer | Variant]:
    played.append(code)
    make_company()
    return {"customer": make_customer(code), "item": make_item()}


@scene
def enter_customer(code: str) -> Customer:
    played.append(code)
    return make_customer(code)


def test_a_scene_that_was_asked_for_twice_is_put_back_with_its_rows(session: Session, database: Database) -> None:
    open_shop("ACME")
    database.reset()
    open_shop("ACME")
    kept = _everything(session)
    database.reset()
    shop = open_shop("ACME")
    assert played == ["ACME", "ACME"]
    assert _everything(session) == kept
    assert shop["customer"] in session
    assert [shop["customer"].code, shop["item"].sku] == ["ACME", "A-1"]


def test_a_scene_goes_on_from_the_one_that_stands(session: Session, database: Database) -> None:
    for _ in range(3):
        database.reset()
        make_company()
        customer = enter_customer("BONAP")
        make_item()
    assert played == ["BONAP", "BONAP"]
    assert customer.code == "BONAP"


def test_another_scene_is_played_for_other_arguments(session: Session, database: Database) -> None:
    for code in ("ALFKI", "FRANK", "ALFKI", "FRANK", "ALFKI", "FRANK"):
        database.reset()
        assert open_shop(code)["customer"].code == code
    assert played == ["ALFKI", "FRANK", "ALFKI", "FRANK"]


def test_what_was_committed_before_a_scene_is_not_lost(session: Session, database: Database) -> None:
    for _ in range(3):
        database.reset()
        make_user(None, "Early Bird")
        open_shop("ACME")
        assert session.scalars(sa.select(User.name).where(~User.is_system)).all() == ["Early Bird"]
    assert len(played) == 3


def _everything(session: Session) -> dict[str, list[Any]]:
    tables = Base.metadata.sorted_tables
    found = {table.name: sorted(map(repr, session.execute(sa.select(table)))) for table in tables}
    session.rollback()
    return found
