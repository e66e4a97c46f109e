"""A bound on every exact number, in the database itself, behind those of the parsers and of the column type.

It leaves room to add several of the largest before a 64-bit integer overflows, which SQLite answers with a float.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Table, event

from webapp.db import LARGEST, Base, Scaled


@event.listens_for(Table, "after_parent_attach")
def _bound_numbers(table: Table, metadata: Any) -> None:
    if metadata is not Base.metadata:
        return  # a copy, which has them already
    for column in table.columns:
        if isinstance(column.type, Scaled):
            within = f"{column.name} BETWEEN {-LARGEST} AND {LARGEST}"
            table.append_constraint(CheckConstraint(within, name=f"{column.name}_bound"))
