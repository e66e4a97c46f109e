"""The step to taxes of several parts can be taken back: rows of one category and rate become one again."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support.factories import make_desk, make_posted_invoice, make_shipped_order, make_tax_code
from webapp.config import MIGRATIONS
from webapp.db import atomic, db
from webapp.models import TaxCode, Variant
from webapp.queries.invariants import run_all
from webapp.services.taxes.codes import set_tax_class_rule
from webapp.services.taxes.parts import set_tax_parts

NEW, OLD = "0003", "0002"
TAXES = "SELECT category, percent, net_amount, tax_amount FROM invoice_taxes"
RULES = "SELECT tax_class, tax_code_id FROM tax_class_rules"


@pytest.fixture
def books(own_app: Flask) -> Flask:
    """An invoice with two taxes of 5 %, and a rule of every country beside one of a single country."""
    staff = make_desk()
    with atomic():
        for code in ("STATE", "CITY", "BOTH"):
            make_tax_code(code, Decimal(5))
    set_tax_parts("BOTH", [("STATE", False), ("CITY", False)], version=1, actor=staff.admin)
    for country in ("", "CH"):
        set_tax_class_rule("export", "VAT19", "VAT7", country=country, actor=staff.admin)
    with atomic():
        item = db.session.scalars(db.select(Variant).filter_by(sku="A-1")).one()
        item.tax_code = db.session.scalars(db.select(TaxCode).filter_by(code="BOTH")).one()
    make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)
    assert not run_all()
    db.session.remove()
    return own_app


def rows(statement: str) -> list[tuple]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def test_two_taxes_of_one_rate_become_one_row_and_rules_of_a_country_go(books: Flask) -> None:
    assert rows(TAXES) == [("S", 50000, 2000000, 100000)] * 2
    assert len(rows(RULES)) == 2

    downgrade(directory=str(MIGRATIONS), revision=OLD)
    assert rows(TAXES) == [("S", 50000, 4000000, 200000)]
    assert len(rows(RULES)) == 1
    upgrade(directory=str(MIGRATIONS), revision=NEW)
    assert rows("SELECT name, prices_include_tax FROM price_lists") == []
    assert rows("SELECT name FROM invoice_taxes") == [("",)]
