"""The rules of the house over our Python files, and that each rule can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import python_rules as rules
from tests.architecture.repository import files, offences

WITH_MONEY = [f"webapp/{room}/*.py" for room in ("models", "queries", "services", "pages", "blueprints")]

# rule, the files it is about, the files that are its one place
PLACES = [
    (rules.commits, ["webapp/*.py"], {"webapp/db/transactions.py", "webapp/db/engine.py"}),
    (rules.row_locks, ["webapp/*.py"], {"webapp/services/locks/rows.py", "webapp/services/locks/masters.py"}),
    (rules.inexact_numbers, ["webapp/*.py"], set()),
    (
        rules.inexact_literals,
        ["webapp/domain/*.py", "webapp/models/*.py", "webapp/queries/*.py", "webapp/pages/*.py"],
        set(),
    ),
    (rules.roundings, WITH_MONEY, set()),
    (rules.clock_readings, ["webapp/*.py"], {"webapp/domain/clock.py"}),
    (rules.error_handling, ["webapp/blueprints/*.py"], set()),
    (rules.foreign_imports, ["webapp/domain/*.py"], set()),
    (rules.mocks, ["tests/*.py"], set()),
    (rules.length, ["*.py", ":!migrations/versions"], set()),
]

BREAKING = [
    (rules.commits, "db.session.commit()"),
    (rules.commits, "connection.rollback()"),
    (rules.row_locks, "select(Order).with_for_update(key_share=True)"),
    (rules.row_locks, "session.get(Order, 1, with_for_update=True)"),
    (rules.inexact_numbers, "amount = float(text)"),
    (rules.inexact_numbers, "def f(amount: float) -> None: ..."),
    (rules.inexact_numbers, "amount = mapped_column(sa.Numeric(12, 2))"),
    (rules.inexact_literals, "rate = 0.19"),
    (rules.roundings, "total.quantize(Decimal('0.01'))"),
    (rules.roundings, "total = round(net * rate, 2)"),
    (rules.clock_readings, "due = date.today()"),
    (rules.clock_readings, "now = datetime.datetime.now(UTC)"),
    (rules.error_handling, "try:\n    confirm(number)\nexcept DomainError:\n    pass"),
    (rules.foreign_imports, "import sqlalchemy as sa"),
    (rules.foreign_imports, "from webapp.models import Order"),
    (rules.foreign_imports, "from webapp import models"),
    (rules.mocks, "from unittest.mock import patch"),
    (rules.mocks, "from unittest import mock"),
    (rules.length, "x = 1\n" * (rules.LONGEST_PYTHON_FILE + 1)),
]

KEEPING = [
    (rules.commits, "with atomic() as session:\n    session.add(order)"),
    (rules.inexact_numbers, "amount = Decimal('1.10')"),
    (rules.inexact_literals, "rate = Decimal(19) / 100"),
    (rules.roundings, "total = round_money(net, currency)"),
    (rules.clock_readings, "now = clock.now()"),
    (
        rules.foreign_imports,
        "from __future__ import annotations\nimport enum\nfrom webapp.domain.errors import BadInput",
    ),
    (rules.length, "x = 1\n" * rules.LONGEST_PYTHON_FILE),
]


@pytest.mark.parametrize(("rule", "patterns", "one_place"), PLACES, ids=lambda value: getattr(value, "__name__", None))
def test_the_program_keeps_the_rule(rule: rules.Rule, patterns: list[str], one_place: set[str]) -> None:
    paths = [path for path in files(*patterns) if path not in {Path(place) for place in one_place}]
    assert offences(rule, paths) == []


@pytest.mark.parametrize(("rule", "text"), BREAKING)
def test_the_rule_finds_what_breaks_it(rule: rules.Rule, text: str) -> None:
    assert rule(text)


@pytest.mark.parametrize(("rule", "text"), KEEPING)
def test_the_rule_lets_pass_what_keeps_it(rule: rules.Rule, text: str) -> None:
    assert rule(text) == []
