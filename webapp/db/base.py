"""What every model rests on, and the session that reads and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from webapp.db.columns import BigId, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints carry names so that both engines, migrations and refusals can speak of them."""


class Base(DeclarativeBase):
    """Every table's base."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            int: BigId,
            str: sa.Text(),
            datetime: UtcDateTime(),
            dict[str, Any]: sa.JSON(),
            list[Any]: sa.JSON(),
        },
    )


def table_of(model: type[Base]) -> sa.Table:
    """The table under a model, for the few statements that every command runs: without the mapper they cost a third."""
    return cast(sa.Table, model.__table__)


class Versioned:
    """Carries the number that a form brings back; commands that change what a form shows bump it."""

    version: Mapped[int] = mapped_column(default=1)

    def bump(self) -> None:
        self.version += 1


db = SQLAlchemy(model_class=Base, session_options={"autoflush": True})
