"""Master data by the thousand: what became of the rows.

A fixed number of statements takes any number of rows, and running it again is nothing. Each ``put_…`` function takes
rows as mappings (the fields of ``webapp.domain.importing.records``), writes what is new or differs and answers a
``Loaded``; a row that is wrong is left out and named there, with nothing of it written. They join the caller's
transaction and write no event: ``load_…`` are the commands over them, which take all rows or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, DomainError
from webapp.models import User
from webapp.services import audit
from webapp.services.audit import Document

Row = Mapping[str, Any]
Progress = Callable[[int], None]
SHOWN = 100


def no_progress(_rows: int) -> None:
    """For who does not watch."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: its place among the rows (from 0), the field, and why."""

    index: int
    message: str
    field: str = ""


class RowsRefused(BadInput):
    """Some rows are wrong, so none was taken."""

    def __init__(self, refused: list[RefusedRow]) -> None:
        first = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        details = {f"row {row.index + 1}": row.message for row in refused[:SHOWN]}
        super().__init__(f"Row {first.index + 1}: {first.message}{more}", details=details)
        self.refused = refused


@dataclass(slots=True)
class Loaded:
    """How many rows were new, differed, or stood there already; which were refused; which documents were touched."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """The counts, for an event or a message."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": len(self.refused),
        }

    def report(self, kind: str) -> dict[str, Any]:
        """What the event of the load keeps: the counts, and for every changed row both values."""
        return {"kind": kind, **self.counts, "changes": self.changes}

    def complete(self) -> Loaded:
        """Itself, when every row was taken. Raises RowsRefused."""
        if self.refused:
            raise RowsRefused(self.refused)
        return self

    @contextmanager
    def row(self, index: int) -> Iterator[None]:
        """Note a refusal inside the block as that of row ``index``; the caller goes on with the next one."""
        try:
            yield
        except DomainError as error:
            self.refused.append(RefusedRow(index, error.message, getattr(error, "field", None) or ""))


def note_load(loaded: Loaded, *documents: Document, after: Mapping[str, Any], actor: User) -> None:
    """The event of a load, on the documents it touched; a load that found everything as it is leaves none."""
    if loaded.added or loaded.changed:
        audit.record(Action.IMPORTED, *documents, actor=actor, after=after)
