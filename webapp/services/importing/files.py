"""Taking a file in: try it out or keep it, all of it or without its wrong rows, and say what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from webapp.domain.errors import BadInput
from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.queries.orders.records import holds_of
from webapp.services.authorize import require
from webapp.services.bulk_outcome import Loaded, Progress, no_progress, note_load
from webapp.services.commands import command
from webapp.services.importing.documents import DocumentKind, take_one_by_one, take_together
from webapp.services.importing.kinds import Kind, kind_named
from webapp.services.importing.reading import Contents, RowFault, read_file


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with a file: ``dry_run`` keeps nothing, ``skip_errors`` takes the good rows beside wrong ones.

    ``as_of_dates`` confirms orders at their own dates. ``mapping`` goes from the file's own column names to ours, or to
    None for a column to leave out.
    """

    kind: str
    name: str
    dry_run: bool = False
    skip_errors: bool = False
    as_of_dates: bool = False
    mapping: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file: counts, the faults of its rows, whether anything was kept, and which orders are held."""

    task: Task
    added: int
    changed: int
    unchanged: int
    faults: list[RowFault]
    kept: bool
    held: Sequence[tuple[str, str]] = ()

    @property
    def wrong(self) -> int:
        """How many rows are wrong."""
        return len({fault.line for fault in self.faults})

    @property
    def may_be_kept(self) -> bool:
        """Whether the same file would be taken, and would change something."""
        return bool(self.added + self.changed) and (not self.faults or self.task.skip_errors)

    @property
    def sentence(self) -> str:
        """The outcome in a sentence."""
        counts = f"{self.added} new, {self.changed} changed, {self.unchanged} unchanged"
        wrong = f"{self.wrong} wrong {'row' if self.wrong == 1 else 'rows'}"
        if self.kept:
            return f"{counts}; {wrong} left out." if self.faults else f"{counts}."
        if self.task.dry_run:
            return f"Tried, nothing kept: {counts}; {wrong}."
        return f"Nothing was kept because of {wrong}."


class _Undone(Exception):
    def __init__(self, report: Report) -> None:
        self.report = report


def import_file(data: bytes, task: Task, *, actor: User, progress: Progress = no_progress) -> Report:
    """Take a file in as ``task`` says. With a wrong row nothing is kept, unless wrong rows shall be skipped.

    Raises BadInput for a file that cannot be read, NotFound for a kind there is not, Forbidden.
    """
    kind = kind_named(task.kind)
    require(actor, Permission.DATA_IMPORT)
    require(actor, kind.permission)
    contents = read_file(data, kind.columns, kind.required, task.mapping)
    documents = _documents(kind, task)
    if documents is not None:
        return _with_holds(_import_documents(documents, contents, task, actor, progress), contents)
    try:
        return _import_records(kind, contents, task, actor=actor, progress=progress)
    except _Undone as undone:
        return undone.report


def _documents(kind: Kind, task: Task) -> DocumentKind | None:
    if task.as_of_dates and kind.dated is None:
        raise BadInput(f"{kind.title} are not taken as of their dates; only orders are.", field="kind")
    return kind.dated if task.as_of_dates else kind.documents


def _with_holds(report: Report, contents: Contents) -> Report:
    if not (report.kept and report.task.as_of_dates):
        return report
    numbers = dict.fromkeys(row.values["order_number"].strip() for row in contents.rows)
    return replace(report, held=holds_of(numbers))


@command()
def _import_records(kind: Kind, contents: Contents, task: Task, *, actor: User, progress: Progress) -> Report:
    if kind.put is None:
        raise TypeError(f"{kind.name} have no way to be written.")
    loaded = kind.put([row.values for row in contents.rows], actor=actor, progress=progress)
    report = _report(task, loaded, contents.faults + _faults(loaded, contents))
    if not report.kept:
        raise _Undone(report)
    note_load(loaded, *loaded.documents, after={"file": task.name, **loaded.report(kind.name)}, actor=actor)
    return report


def _import_documents(
    documents: DocumentKind, contents: Contents, task: Task, actor: User, progress: Progress
) -> Report:
    groups = documents.group(contents.rows)
    if task.skip_errors and not task.dry_run:
        loaded, faults = take_one_by_one(documents, groups, actor=actor, progress=progress)
    else:
        loaded, faults = take_together(
            documents,
            groups,
            actor=actor,
            keep=not task.dry_run and not contents.faults,
            after={"kind": task.kind, "file": task.name},
            progress=progress,
        )
    return _report(task, loaded, contents.faults + faults)


def _report(task: Task, loaded: Loaded, faults: list[RowFault]) -> Report:
    faults = sorted(faults, key=lambda fault: fault.line)
    report = Report(task, loaded.added, loaded.changed, loaded.unchanged, faults, kept=False)
    return replace(report, kept=not task.dry_run and (not faults or task.skip_errors))


def _faults(loaded: Loaded, contents: Contents) -> list[RowFault]:
    rows = contents.rows
    return [RowFault(rows[row.index].line, row.field, row.message, rows[row.index].values) for row in loaded.refused]
