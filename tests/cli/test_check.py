"""``counterfoil check``: silent while the books agree, a line for each row that breaks them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.support.factories import make_company, make_item, make_staff, put_in_stock
from webapp.db import db
from webapp.models import StockLevel


def test_books_that_agree_print_nothing(app: Flask) -> None:
    assert _check(app).output == ""
    assert _check(app).exit_code == 0
    assert json.loads(_check(app, "--json").output) == []


@pytest.mark.plants_errors
def test_stock_that_no_movement_explains_is_named_and_ends_with_1(app: Flask) -> None:
    _put_five_pieces_where_no_movement_did(app)
    plain, as_json = _check(app), _check(app, "--json")
    assert plain.exit_code == as_json.exit_code == 1
    named = [line.split()[0] for line in plain.output.splitlines()]
    assert "I2" in named
    assert [offence["invariant"] for offence in json.loads(as_json.output)] == named


def _check(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["check", *options])


def _put_five_pieces_where_no_movement_did(app: Flask) -> None:
    with app.app_context():
        make_company()
        make_item("A-1")
        put_in_stock("A-1", 10, actor=make_staff().warehouse)
        db.session.execute(sa.update(StockLevel).values(on_hand_qty=Decimal(15)))
        db.session.commit()
