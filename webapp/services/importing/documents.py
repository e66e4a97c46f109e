"""Files of documents: each document is a command of its own, so one transaction holds them all or each stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from webapp.domain.errors import DomainError
from webapp.models import User
from webapp.services.bulk_outcome import Loaded, Progress, note_load
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.importing.reading import FileRow, RowFault

Rows = Sequence[FileRow]
Take = Callable[[Rows], bool]
"""Takes the rows of one document; answers whether it is new. Raises DomainError."""


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """How rows become documents: ``group`` puts those of one document together, ``taker`` begins a run."""

    taker: Callable[[User], Take]
    group: Callable[[Rows], list[Rows]]


def each_row(rows: Rows) -> list[Rows]:
    """Every row is a document."""
    return [[row] for row in rows]


class _Stopped(Exception):
    def __init__(self, place: int, refusal: DomainError) -> None:
        self.place, self.refusal = place, refusal


class _Undone(Exception):
    pass


def take_together(
    documents: DocumentKind, groups: list[Rows], *, actor: User, keep: bool, after: Mapping[str, object],
    progress: Progress,
) -> tuple[Loaded, list[RowFault]]:  # fmt: skip
    """All documents in one transaction, kept only if none was refused (and ``keep``).

    A refused one spoils its transaction, so the ones after it are tried in further ones that are undone anyway: the
    faults name every wrong document.
    """
    faults: list[RowFault] = []
    loaded, begin = Loaded(), 0
    while True:
        counted = Loaded()
        try:
            _pass(documents, groups[begin:], counted, actor, keep and not faults, after, progress)
        except _Undone:
            pass
        except _Stopped as stopped:
            _add(loaded, counted)
            faults.append(_fault(groups[begin + stopped.place], stopped.refusal))
            begin += stopped.place + 1
            continue
        _add(loaded, counted)
        return loaded, faults


@command()
def _pass(
    documents: DocumentKind,
    groups: list[Rows],
    counted: Loaded,
    actor: User,
    keep: bool,
    after: Mapping[str, object],
    progress: Progress,
) -> None:
    counted.added = counted.unchanged = 0  # this may be the second attempt of the same transaction
    take = documents.taker(actor)
    for place, rows in enumerate(groups):
        try:
            _count(counted, is_new=take(rows))
        except DomainError as refusal:
            raise _Stopped(place, refusal) from refusal
        progress(len(rows))
    if not keep:
        raise _Undone
    note_load(counted, the_company(), after={**after, **counted.counts}, actor=actor)


def take_one_by_one(
    documents: DocumentKind, groups: list[Rows], *, actor: User, progress: Progress
) -> tuple[Loaded, list[RowFault]]:
    """Each document in a transaction of its own: the good ones are kept, the refused ones named."""
    loaded, faults = Loaded(), list[RowFault]()
    take = documents.taker(actor)
    for rows in groups:
        try:
            _count(loaded, is_new=take(rows))
        except DomainError as refusal:
            faults.append(_fault(rows, refusal))
        progress(len(rows))
    return loaded, faults


def _count(loaded: Loaded, *, is_new: bool) -> None:
    if is_new:
        loaded.added += 1
    else:
        loaded.unchanged += 1


def _add(loaded: Loaded, counted: Loaded) -> None:
    loaded.added += counted.added
    loaded.unchanged += counted.unchanged


def _fault(rows: Rows, refusal: DomainError) -> RowFault:
    return RowFault(rows[0].line, getattr(refusal, "field", None) or "", refusal.message, rows[0].values)
