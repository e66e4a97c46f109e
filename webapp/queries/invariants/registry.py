"""Where checks are registered, and what an offending row looks like.

An invariant is checked in one of three ways: by statements whose rows break it (``rows_break``), by looking at one
document after the other (``each``), or by a function that goes its own way (``invariant``). Statements are made once:
only the rows differ from check to check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import exists, literal, select

from webapp.db import db

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class Offence:
    """One row that breaks an invariant, in a sentence."""

    invariant: str
    subject: str
    message: str


class Breaking(NamedTuple):
    """A statement whose every row breaks the invariant; in the texts ``{0}`` is its first column, ``{1}`` the next."""

    statement: Any
    subject: str
    message: str


Fault = tuple[str, str]
"""What breaks an invariant: its subject and the message."""

Check = Callable[[], Iterable[Fault]]
CheckOf = Callable[[Document], Iterable[Fault]]
Statements = Callable[[], Iterable[Breaking]]

CHECKS: list[Callable[[], Iterable[Offence]]] = []
"""What computes: the checks of ``invariant`` and of ``each``. One invariant may have a check in several areas."""

DECLARED: list[tuple[str, Statements]] = []
"""The statements of ``rows_break``, by the code of the invariant."""


def invariant(code: str) -> Callable[[Check], Check]:
    """Register a check under its code ("I1")."""

    def register(check: Check) -> Check:
        CHECKS.append(lambda: (Offence(code, *fault) for fault in check()))
        return check

    return register


def rows_break(code: str) -> Callable[[Statements], Statements]:
    """Register the statements that find what breaks an invariant."""

    def register(statements: Statements) -> Statements:
        DECLARED.append((code, statements))
        return statements

    return register


def rows_that_break() -> Iterator[Offence]:
    """One statement asks which of the others finds a row at all, and in good books that is all there is to ask."""
    found = db.session.execute(_has_rows()).one()
    for (code, (statement, subject, message)), has_rows in zip(_statements(), found, strict=True):
        for row in rows(statement) if has_rows else ():
            yield Offence(code, subject.format(*row), message.format(*row))


@cache
def _statements() -> list[tuple[str, Breaking]]:
    return [(code, one) for code, statements in DECLARED for one in statements()]


@cache
def _has_rows() -> Any:
    return select(*(exists(select(literal(1)).select_from(one.statement.subquery())) for _, one in _statements()))


def each(read: Callable[[], Iterable[Document]]) -> Callable[[str], Callable[[CheckOf[Document]], CheckOf[Document]]]:
    """Like ``invariant`` for checks that look at one document at a time: all of them share one reading."""
    checks: list[tuple[str, CheckOf[Document]]] = []

    def ask_all() -> Iterator[Offence]:
        for document in read():
            for code, check in checks:
                for fault in check(document):
                    yield Offence(code, *fault)

    def under(code: str) -> Callable[[CheckOf[Document]], CheckOf[Document]]:
        def register(check: CheckOf[Document]) -> CheckOf[Document]:
            checks.append((code, check))
            return check

        return register

    CHECKS.append(ask_all)
    return under


def rows(statement: Any) -> list[Any]:
    """All rows of ``statement``."""
    return list(db.session.execute(statement).all())
