"""Column types: exact amounts, UTC times, enums that a CHECK keeps, ids; alike on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import mapped_column
from sqlalchemy.sql import operators

from webapp.domain.errors import BadInput

LARGEST = 10**18  # units of storage: several of them can be added within 64 bits


class TooLarge(BadInput, sa.exc.DontWrapMixin):
    """A sum has outgrown its column; SQLAlchemy hands it on as it is, so that it is answered as the refusal it is."""


class Scaled(sa.types.TypeDecorator[Decimal]):
    """A Decimal stored as a BIGINT number of 10**-scale units, alike on both engines.

    Refuses floats, more decimals than the scale and values beyond the column; ``+``, ``-`` and ``SUM`` keep
    the type, multiplying and averaging in SQL are refused, and so is mixing two scales.
    """

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        self.scale = scale
        super().__init__()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
            raise TypeError(f"An exact Decimal is needed here, not {type(value).__name__}.")
        units = Decimal(value).scaleb(self.scale)
        if not units.is_finite() or units != units.to_integral_value():
            raise BadInput(f"{value} has more than {self.scale} decimals.")
        if abs(units) > LARGEST:
            raise TooLarge(f"{Decimal(value):f} is too large to be stored.")
        return int(units)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def coerce_compared_value(self, op: Any, value: Any) -> sa.types.TypeEngine[Any]:
        _refuse_products(op)
        return self

    class Comparator(sa.types.TypeDecorator.Comparator[Decimal]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            _refuse_products(op)
            for operand in other:
                kind = getattr(operand, "type", None)
                if isinstance(kind, Scaled) and kind.scale != self.type.scale:  # type: ignore[attr-defined]
                    raise sa.exc.ArgumentError("Amounts of different scales cannot meet in SQL.")
            return super().operate(op, *other, **kwargs)

        def _adapt_expression(self, op: Any, other_comparator: Any) -> tuple[Any, Any]:
            if op in (operators.add, operators.sub):
                return op, self.type
            return super()._adapt_expression(op, other_comparator)

    comparator_factory = Comparator


def _refuse_products(op: Any) -> None:
    if op in (operators.mul, operators.truediv, operators.floordiv, operators.mod):
        raise sa.exc.ArgumentError("Multiply and divide amounts in Python, not in SQL.")


class Amount(Scaled):
    """An amount of money: always a whole number of its currency's minor units."""

    cache_ok = True


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime; naive ones are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("A timestamp needs its time zone.")
        return value.astimezone(UTC).replace(tzinfo=None if dialect.name == "sqlite" else UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Money = Amount(4)
Price = Scaled(6)
Quantity = Scaled(6)
Percent = Scaled(4)


def enum_column(enum: type[StrEnum]) -> sa.Enum:
    """A text column that a CHECK made from ``enum`` keeps to its members."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        name=enum.__name__.lower(),
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


def unique_where(name: str, condition: str, *columns: str) -> sa.Index:
    """A unique index over only the rows of ``condition``, on both engines."""
    where = sa.text(condition)
    return sa.Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Id = Annotated[int, mapped_column(BigId, primary_key=True)]
