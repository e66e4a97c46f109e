"""The harness itself: a test finds what the migrations left, whatever the one before it wrote."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask, request_tearing_down
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.support.databases import Database
from webapp.db import Base
from webapp.models import Event
from webapp.services.company import found_company


def test_cleaning_takes_away_even_what_nobody_may_delete(session: Session, database: Database) -> None:
    before = _rows(session)
    _found()
    assert session.scalar(sa.select(sa.func.count()).select_from(Event))
    with pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.delete(Event))
    session.rollback()
    database.reset()
    assert _rows(session) == before


def test_each_database_of_a_run_is_its_own(
    session: Session, new_database: Callable[[str], Database], engine: str
) -> None:
    another = new_database(engine)
    _found()
    other_engine = sa.create_engine(another.url.replace("postgresql://", "postgresql+psycopg://"))
    with other_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Event)) == 0
    other_engine.dispose()


def test_a_request_has_a_session_of_its_own(app: Flask, session: Session, client: FlaskClient) -> None:
    seen = []
    _found()
    with request_tearing_down.connected_to(lambda _sender, **_: seen.append(session()), app):
        assert client.get("/log-in").status_code == 200
    assert seen
    assert seen[0] is not session()


def _found() -> None:
    found_company(name="Test", country="DE", base_currency="EUR", time_zone="Europe/Berlin")


def _rows(session: Session) -> dict[str, int]:
    tables = Base.metadata.sorted_tables
    counted = {table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables}
    session.rollback()
    return counted
