"""The invariants of the business: each is a read that answers the rows that break it, one module for each area.

``counterfoil check`` prints them; the tests run all of them after every test that had a database.
"""

from __future__ import annotations

from sqlalchemy import text

from webapp.db import db
from webapp.queries.invariants import (  # noqa: F401 - registers their checks
    approvals,
    audit,
    money,
    orders,
    promotions,
    stock,
    whole_amounts,
)
from webapp.queries.invariants.registry import CHECKS, Offence, rows_that_break

__all__ = ["Offence", "run_all"]


def run_all() -> list[Offence]:
    """Every row that breaks an invariant, in the order of their codes; empty when the books agree."""
    _take_the_time_it_needs()
    return sorted((offence for check in (rows_that_break, *CHECKS) for offence in check()), key=_place)


def _take_the_time_it_needs() -> None:
    """A page is cut off that reads for long; who asks for everything waits. The limit is back with the next read."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL statement_timeout = 0"))


def _place(offence: Offence) -> int:
    return int(offence.invariant.removeprefix("I"))
