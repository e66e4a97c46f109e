"""Every amount is a whole number of minor units of its currency, and on SQLite a whole number at all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Table,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from webapp.db import Amount, Base, Scaled, db
from webapp.domain.money import CURRENCIES, MONEY_SCALE, decimals_of
from webapp.models import Company
from webapp.queries.invariants.registry import Breaking, Fault, invariant, rows, rows_break

OWNERS = {
    "order_lines": ("orders", "order_id"),
    "order_charges": ("orders", "order_id"),
    "invoice_lines": ("invoices", "invoice_id"),
    "invoice_taxes": ("invoices", "invoice_id"),
    "credit_note_lines": ("credit_notes", "credit_note_id"),
    "credit_note_taxes": ("credit_notes", "credit_note_id"),
    "payment_applications": ("payments", "payment_id"),
    "credit_applications": ("credit_notes", "credit_note_id"),
}
"""Tables whose currency is that of the document they belong to."""

WITH_CURRENCY = ("cash_rounding", "orders", "invoices", "credit_notes", "payments", "journal_lines")
IN_BASE_CURRENCY = {"journal_lines": ("base_amount",)}
USUAL_UNIT = 10 ** (MONEY_SCALE - 2)
INTEGER: list[ColumnElement[str]] = [literal_column("'integer'"), literal_column("'null'")]


@rows_break("I23")
def amounts_are_whole_minor_units() -> Iterable[Breaking]:
    """Amounts of documents in their currency, and those of the ledger also in the base currency."""
    fractions = [
        *(_in_its_currency(Base.metadata.tables[name]) for name in (*WITH_CURRENCY, *OWNERS)),
        *(_in_base_currency(Base.metadata.tables[name], columns) for name, columns in IN_BASE_CURRENCY.items()),
    ]
    yield Breaking(union_all(*fractions), "{0} {1}", "an amount is not a whole number of minor units")


def _in_its_currency(table: Table) -> Select[str, str]:
    amounts = [column for column in table.c if isinstance(column.type, Amount) and not _is_base(column)]
    source, currency = _with_currency(table)
    return _broken(table, source, amounts, currency)


def _in_base_currency(table: Table, columns: Iterable[str]) -> Select[str, str]:
    base_currency = select(Company.base_currency).scalar_subquery()
    return _broken(table, table, [table.c[column] for column in columns], base_currency)


def _is_base(column: Any) -> bool:
    return column.name in IN_BASE_CURRENCY.get(column.table.name, ())


def _with_currency(table: Table) -> tuple[FromClause, Any]:
    if table.name in WITH_CURRENCY:
        return table, table.c.currency
    owner_name, key = OWNERS[table.name]
    owner = Base.metadata.tables[owner_name]
    return table.join(owner, table.c[key] == owner.c.id), owner.c.currency


def _broken(table: Table, source: FromClause, amounts: list[Any], currency: Any) -> Select[str, str]:
    """The table's name and the key of each row with a fraction."""
    unit = _units_in_a_minor_unit(currency)
    key = list(table.primary_key.columns)[-1]
    return (
        select(literal(table.name), cast(key, String))
        .select_from(source)
        .where(or_(*(type_coerce(amount, BigInteger) % unit != 0 for amount in amounts)))
    )


def _units_in_a_minor_unit(currency: Any) -> ColumnElement[int]:
    """How many units of storage one minor unit is. The codes stand in the text: they are ours and always the same."""
    by_unit: dict[int, list[str]] = {}
    for code in CURRENCIES:
        by_unit.setdefault(10 ** (MONEY_SCALE - decimals_of(code)), []).append(code)
    del by_unit[USUAL_UNIT]
    return case(
        *((currency.in_([literal_column(f"'{code}'") for code in codes]), unit) for unit, codes in by_unit.items()),
        else_=USUAL_UNIT,
    )


@invariant("I23")
def sqlite_keeps_integers() -> Iterable[Fault]:
    """SQLite stores whatever it is given: every amount, price and quantity there is an integer."""
    if db.engine.dialect.name == "sqlite":
        for name, count in rows(_not_integers()):
            yield name, f"{count} rows hold a number that is no integer"


@cache
def _not_integers() -> Select[Any]:
    """The tables that hold a number that is no integer, each with the count of such rows."""
    exact = {
        table: [column for column in table.c if isinstance(column.type, Scaled)]
        for table in Base.metadata.tables.values()
    }
    counts = union_all(
        *(
            select(literal(table.name).label("name"), func.count().label("rows"))
            .select_from(table)
            .where(or_(*(func.typeof(column).not_in(INTEGER) for column in columns)))
            for table, columns in exact.items()
            if columns
        )
    ).subquery()
    return select(*counts.c).where(counts.c.rows > 0)
