"""The database: column types, the models' base and its session, the engines, and the one owner of transactions."""

from __future__ import annotations

from webapp.db.base import Base, Versioned, db, table_of
from webapp.db.columns import (
    LARGEST,
    Amount,
    Id,
    Money,
    Percent,
    Price,
    Quantity,
    Scaled,
    TooLarge,
    UtcDateTime,
    enum_column,
    unique_where,
)
from webapp.db.engine import init_db
from webapp.db.transactions import (
    ATTEMPTS,
    atomic,
    before_commit,
    in_transaction,
    nested,
    read_once,
    transaction,
    unit,
)

__all__ = [
    "ATTEMPTS",
    "LARGEST",
    "Amount",
    "Base",
    "Id",
    "Money",
    "Percent",
    "Price",
    "Quantity",
    "Scaled",
    "TooLarge",
    "UtcDateTime",
    "Versioned",
    "atomic",
    "before_commit",
    "db",
    "enum_column",
    "in_transaction",
    "init_db",
    "nested",
    "read_once",
    "table_of",
    "transaction",
    "unique_where",
    "unit",
]
