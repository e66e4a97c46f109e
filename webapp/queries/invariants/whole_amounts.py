"""Every amount is a whole number of minor units of its currency, and on SQLite a whole number at all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, case, func, literal, or_, select, type_coerce
from sqlalchemy.sql.selectable import FromClause

from webapp.db import Amount, Base, Scaled, db
from webapp.domain.money import CURRENCIES, MONEY_SCALE, decimals_of
from webapp.models import Company
from webapp.queries.invariants.registry import Offence, invariant, rows

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


@invariant("I23")
def amounts_are_whole_minor_units() -> Iterable[Offence]:
    """Amounts of documents in their currency, and those of the ledger also in the base currency."""
    for name, statement in _fractions():
        for (found,) in rows(statement):
            yield Offence("I23", f"{name} {found}", "an amount is not a whole number of minor units")


@cache
def _fractions() -> list[tuple[str, Select[Any]]]:
    """By table the statement that finds its fractions; built once, since only the rows differ from check to check."""
    found = []
    for name in (*WITH_CURRENCY, *OWNERS):
        table = Base.metadata.tables[name]
        amounts = [column for column in table.c if isinstance(column.type, Amount) and not _is_base(column)]
        source, currency = _with_currency(table)
        found.append((name, _broken(table, source, amounts, currency)))
    base_currency = select(Company.base_currency).scalar_subquery()
    for name, columns in IN_BASE_CURRENCY.items():
        table = Base.metadata.tables[name]
        found.append((name, _broken(table, table, [table.c[column] for column in columns], base_currency)))
    return found


def _is_base(column: Any) -> bool:
    return column.name in IN_BASE_CURRENCY.get(column.table.name, ())


def _with_currency(table: Table) -> tuple[FromClause, Any]:
    if table.name in WITH_CURRENCY:
        return table, table.c.currency
    owner_name, key = OWNERS[table.name]
    owner = Base.metadata.tables[owner_name]
    return table.join(owner, table.c[key] == owner.c.id), owner.c.currency


def _broken(table: Table, source: FromClause, amounts: list[Any], currency: Any) -> Select[Any]:
    unit = _units_in_a_minor_unit(currency)
    key = list(table.primary_key.columns)[-1]
    return (
        select(key).select_from(source).where(or_(*(type_coerce(amount, BigInteger) % unit != 0 for amount in amounts)))
    )


def _units_in_a_minor_unit(currency: Any) -> ColumnElement[int]:
    """How many units of storage one minor unit is."""
    by_unit: dict[int, list[str]] = {}
    for code in CURRENCIES:
        by_unit.setdefault(10 ** (MONEY_SCALE - decimals_of(code)), []).append(code)
    usual = by_unit.pop(100)
    return case(*((currency.in_(codes), literal(unit)) for unit, codes in by_unit.items() if codes != usual), else_=100)


@invariant("I23")
def sqlite_keeps_integers() -> Iterable[Offence]:
    """SQLite stores whatever it is given: every amount, price and quantity there is an integer."""
    if db.engine.dialect.name != "sqlite":
        return
    for name, statement in _not_integers():
        count = db.session.scalar(statement)
        if count:
            yield Offence("I23", name, f"{count} rows hold a number that is no integer")


@cache
def _not_integers() -> list[tuple[str, Select[Any]]]:
    """By table the statement that counts its rows with a number that is no integer."""
    exact = {
        table: [column for column in table.c if isinstance(column.type, Scaled)]
        for table in Base.metadata.tables.values()
    }
    return [
        (
            table.name,
            select(func.count())
            .select_from(table)
            .where(or_(*(func.typeof(column).not_in(["integer", "null"]) for column in columns))),
        )
        for table, columns in exact.items()
        if columns
    ]
