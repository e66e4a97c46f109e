"""Lists in pages, newest first, without counting: the next page starts after the last row that was shown."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from webapp.db import Scaled, db
from webapp.domain.errors import BadInput
from webapp.domain.text import clean

R = TypeVar("R")

PAGE_SIZE = 50
LARGEST_PAGE = 200
LONGEST_KEY = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """The rows of one page; ``cursor`` asks for the next one, None on the last."""

    rows: tuple[R, ...]
    cursor: str | None


def page_of(
    statement: Select[R],
    *keys: InstrumentedAttribute[Any],
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
    newest_first: bool = True,
) -> Page[R]:
    """One page of the entities that ``statement`` selects.

    ``keys`` are columns of the entity that are never null and together unique, the leading one first; the list falls by
    them, or rises when not ``newest_first``. At most 200 rows. Raises BadInput for a cursor that is none of this list.
    """
    size = max(1, min(limit, LARGEST_PAGE))
    order = [key.desc() if newest_first else key.asc() for key in keys]
    if cursor:
        statement = statement.where(_after(keys, _read(cursor, keys), newest_first))
    found = list(db.session.scalars(statement.order_by(*order).limit(size + 1)).unique())
    rows = found[:size]
    more = len(found) > size
    return Page(tuple(rows), _write(rows[-1], keys) if more else None)


def _after(keys: Sequence[InstrumentedAttribute[Any]], last: Sequence[Any], falling: bool) -> ColumnElement[bool]:
    """Rows beyond ``last`` in the list's order, spelled out, since not every engine can use an index for tuples."""
    beyond = []
    for place, (key, value) in enumerate(zip(keys, last, strict=True)):
        same = [earlier == then for earlier, then in zip(keys[:place], last[:place], strict=True)]
        beyond.append(and_(*same, key < value if falling else key > value))
    return or_(*beyond)


def _write(row: Any, keys: Sequence[InstrumentedAttribute[Any]]) -> str:
    values = [_plain(getattr(row, key.key)) for key in keys]
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _read(cursor: str, keys: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_typed(value, key) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, ArithmeticError, binascii.Error, BadInput) as error:
        raise BadInput(
            "This page of the list does not exist. Start again from its first page.", field="cursor"
        ) from error


def _typed(value: Any, key: InstrumentedAttribute[Any]) -> Any:
    """``value`` as its column holds it. Raises TypeError, ValueError or BadInput for what no such column could hold."""
    if isinstance(key.type, Scaled):
        number = Decimal(value)
        key.type.process_bind_param(number, db.engine.dialect)  # refuses what the column could not hold
        return number
    kind: Any = key.type.python_type
    if issubclass(kind, date):
        return kind.fromisoformat(value)
    if type(value) is not kind or (kind is int and abs(value) >= 2**63):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return clean(value, field="cursor", max_length=LONGEST_KEY) if kind is str else value
