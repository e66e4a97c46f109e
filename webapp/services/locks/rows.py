"""Rows read anew under a lock, and what this transaction holds by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.sql.base import ExecutableOption

from webapp.db import Base, db, in_transaction, unit
from webapp.domain.errors import NotFound
from webapp.models import (
    Order,
    Shipment,
)

M = TypeVar("M", bound=Base)
Parts = tuple[ExecutableOption, ...]


def locking(rows: Select[M], model: type[M]) -> Select[M]:
    """The statement that reads the rows of ``model`` anew under a lock, which readers and foreign keys pass."""
    return rows.with_for_update(key_share=True, of=model).execution_options(populate_existing=True)


def is_locked(row: Base) -> bool:
    """Whether this transaction has locked the row."""
    return is_held(type(row), row.id)  # type: ignore[attr-defined]


def lock_one(statement: Select[M], model: type[M], key: object, word: str) -> M:
    rows = lock_all(locking(statement, model))
    if not rows:
        raise NotFound(f"There is no {word} {key}.")
    return rows[0]


def lock_all(statement: Select[M], values: Mapping[str, Any] | None = None) -> list[M]:
    """The rows of a ``locking`` statement, held until the transaction ends."""
    if not in_transaction():
        raise RuntimeError("Rows are locked inside a command only.")
    rows = list(db.session.scalars(statement, values).unique())
    hold(*rows)
    return rows


def lock_by_id(model: type[M], ids: Iterable[int], parts: Parts = ()) -> list[M]:
    """Rows by id, locked in that order unless they are held already."""
    wanted = set(ids)
    held = unit().held
    missing = {one for one in wanted if (model, one) not in held}
    if missing:
        lock_all(_by_id(model, parts), {"ids": missing})
    return [held[model, one] for one in sorted(wanted) if (model, one) in held]


@cache
def _by_id(model: type[M], parts: Parts) -> Select[M]:
    key = model.id  # type: ignore[attr-defined]
    rows = select(model).where(key.in_(bindparam("ids", expanding=True))).order_by(key).options(*parts)
    return locking(rows, model)


def held_by_number(model: type[M], number: str) -> M | None:
    """The document called ``number`` that the transaction has locked or written itself, if it has."""
    found: M | None = unit().numbered.get((model, number))
    return found


def is_held(model: type[Base], row_id: int) -> bool:
    return (model, row_id) in unit().held


def hold(*rows: Base) -> None:
    """Note rows that nobody else can change before this transaction ends: locked, or written by itself."""
    held, numbered = unit().held, unit().numbered
    for row in rows:
        held[type(row), row.id] = row  # type: ignore[attr-defined]
        for number in _numbers(row):
            numbered[type(row), number] = row


def _numbers(row: Base) -> Iterable[str]:
    if isinstance(row, Order):
        return filter(None, (row.order_number, row.quote_number))
    return (row.shipment_number,) if isinstance(row, Shipment) else ()
