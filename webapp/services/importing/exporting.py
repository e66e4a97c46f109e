"""Files that import reads back unchanged, and lists of wrong rows to put right."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from webapp.domain.actions import Action
from webapp.domain.importing.fields import written
from webapp.domain.importing.spreadsheets import guarded
from webapp.domain.permissions import Permission
from webapp.models import User
from webapp.services import audit
from webapp.services.authorize import require
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.importing.kinds import kind_named
from webapp.services.importing.reading import RowFault


def export_file(kind_name: str, *, actor: User) -> bytes:
    """Everything of one kind as a CSV file (UTF-8, every cell quoted, formulas guarded); the export is recorded.

    Raises NotFound, Forbidden.
    """
    kind = kind_named(kind_name)
    require(actor, Permission.DATA_EXPORT)
    rows = [[written(record[column]) for column in kind.columns] for record in kind.records(actor)]
    _note_export(kind.name, len(rows), actor=actor)
    return _csv(kind.columns, rows)


@command()
def _note_export(kind_name: str, rows: int, *, actor: User) -> None:
    audit.record(Action.EXPORTED, the_company(), actor=actor, after={"kind": kind_name, "rows": rows})


def fault_file(faults: Sequence[RowFault]) -> bytes:
    """The wrong rows with their line and what is wrong, as a file to put right and send again."""
    columns = list(dict.fromkeys(name for fault in faults for name in fault.values))
    return _csv(("line", "field", "message", *columns), _fault_rows(faults, columns))


def _fault_rows(faults: Iterable[RowFault], columns: Sequence[str]) -> Iterator[list[str]]:
    for fault in faults:
        yield [str(fault.line), fault.field, fault.message, *(fault.values.get(name, "") for name in columns)]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
