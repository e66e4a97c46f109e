"""Lists that were there before lists had a basis keep meaning what they meant."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from webapp.config import MIGRATIONS
from webapp.db import db

BEFORE = "0001"
OLD_LISTS = """
INSERT INTO price_lists (id, code, name, currency, parent_id, percent, is_active, version) VALUES
 (1, 'RETAIL', 'Retail', 'EUR', NULL, 50000, true, 1),
 (2, 'GOLD', 'Gold', 'EUR', 1, -100000, true, 3)
"""


def lists() -> list[tuple]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text("SELECT * FROM price_lists ORDER BY id"))]


@pytest.mark.usefixtures("own_app")
def test_a_list_with_a_parent_rests_on_it_and_one_without_on_its_rows() -> None:
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision=BEFORE)
    with db.engine.execution_options(write=True).begin() as connection:
        connection.execute(sa.text(OLD_LISTS))
    upgrade(directory=MIGRATIONS)

    with db.engine.connect() as connection:
        told = "SELECT code, basis, percent, rounding, rounding_step, rounding_ending FROM price_lists ORDER BY id"
        assert [tuple(row) for row in connection.execute(sa.text(told))] == [
            ("RETAIL", "ROWS", 0, "UP", None, 0),
            ("GOLD", "LIST", -100000, "UP", None, 0),
        ]
    downgrade(directory=MIGRATIONS, revision=BEFORE)
    assert [row[:5] for row in lists()] == [(1, "RETAIL", "Retail", "EUR", None), (2, "GOLD", "Gold", "EUR", 1)]
    upgrade(directory=MIGRATIONS)
