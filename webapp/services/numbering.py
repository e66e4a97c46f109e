"""Document numbers without gaps: taken last in the transaction, under a short lock of the series."""

from __future__ import annotations

import re

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import db, table_of
from webapp.models import NumberSeries

_OWN = re.compile(r"([A-Z]+)-([0-9]{4})-([0-9]{3,8})")
SERIES = table_of(NumberSeries)
TAKE = (
    update(SERIES)
    .where(SERIES.c.prefix == bindparam("of_prefix"), SERIES.c.year == bindparam("of_year"))
    .values(last_number=SERIES.c.last_number + 1)
    .returning(SERIES.c.last_number)
)


def next_number(prefix: str, year: int) -> str:
    """The next number of a series and year, such as ``INV-2026-001``; undone with the transaction."""
    taken = _take(prefix, year)
    if taken is None:
        _open_series(prefix, year)
        taken = _take(prefix, year)
    return f"{prefix}-{year}-{taken:03d}"


def keep_clear_of(number: str) -> None:
    """Let a series go on behind a number of its own kind that came from elsewhere, such as ``SO-2026-017``."""
    found = _OWN.fullmatch(number)
    if found is None:
        return
    prefix, year, taken = found[1], int(found[2]), int(found[3])
    _open_series(prefix, year)
    db.session.execute(
        update(SERIES)
        .where(SERIES.c.prefix == prefix, SERIES.c.year == year, SERIES.c.last_number < taken)
        .values(last_number=taken)
    )


def _take(prefix: str, year: int) -> int | None:
    return db.session.connection().execute(TAKE, {"of_prefix": prefix, "of_year": year}).scalar_one_or_none()


def _open_series(prefix: str, year: int) -> None:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    db.session.execute(
        dialect.insert(NumberSeries)
        .values(prefix=prefix, year=year, last_number=0)
        .on_conflict_do_nothing(index_elements=["prefix", "year"])
    )
