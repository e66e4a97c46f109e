"""A CSV file as rows of text by column, with every fault named by row, column and byte.

Files are UTF-8 with a header row; commas, semicolons or tabs separate. What spoils a single row (a byte that is not
UTF-8, a NUL, a cell too long, too many or too few cells) is a fault of that row; what makes the rest unreadable (an
unclosed quote, an unknown column) refuses the file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webapp.domain.errors import BadInput
from webapp.domain.importing.spreadsheets import unguarded

LONGEST_CELL = 10_000
MOST_ROWS = 200_000
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ",;\t"
NOTES = ("line", "field", "message")
"""Columns that a list of wrong rows has beside its own: a file that was put right may keep them."""

_MARK = b"\xef\xbb\xbf"
_BAD_BYTE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: the line it begins on (the header is line 1), and its cells by field."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row of a file, and the row as it stood there."""

    line: int
    field: str
    message: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """The rows that could be read and the faults of those that could not."""

    rows: list[FileRow]
    faults: list[RowFault]


def read_file(
    data: bytes, columns: Sequence[str], required: Sequence[str], mapping: Mapping[str, str | None] | None = None
) -> Contents:
    """The rows of a CSV file whose header names some of ``columns`` and all ``required`` ones.

    ``mapping`` goes from the file's own column names to ours; to nothing for a column to leave out. Raises BadInput
    for a file that cannot be read at all.
    """
    text = _decoded(data)
    lines = _lines(text)
    header = _header(next(lines, (0, []))[1], columns, required, mapping or {})
    contents, bad_bytes = Contents([], []), _bad_byte_places(text, skipped=len(_MARK) if data.startswith(_MARK) else 0)
    for line, cells in lines:
        faults = list(_faults(line, header, cells, bad_bytes))
        values = {name: unguarded(cell) for name, cell in zip(header, cells, strict=False) if name}
        if faults:
            contents.faults.extend(RowFault(line, name, message, _printable(values)) for name, message in faults)
        else:
            contents.rows.append(FileRow(line, values))
        if len(contents.rows) > MOST_ROWS:
            raise BadInput(f"The file has more than {MOST_ROWS:,} rows. Split it.", field="file")
    return contents


def read_mapping(data: bytes) -> dict[str, str | None]:
    """What a file says of columns: JSON, from the names of another file to ours or to null. Raises BadInput."""
    try:
        found = json.loads(data)
    except ValueError as error:
        raise BadInput("The mapping is no JSON in UTF-8.", field="mapping") from error
    if not isinstance(found, dict) or not all(ours is None or isinstance(ours, str) for ours in found.values()):
        raise BadInput('The mapping must be an object like {"Customer No": "code", "Colour": null}.', field="mapping")
    return found


def _decoded(data: bytes) -> str:
    if data.startswith(UTF_16_MARKS):
        raise BadInput("The file is UTF-16. Save it as UTF-8 (in Excel: CSV UTF-8).", field="file")
    text = data.decode("utf-8-sig", "surrogateescape")
    if not text.strip():
        raise BadInput("The file is empty.", field="file")
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank with the line it begins on."""
    first_line = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(_sentence(error, begins), field="file") from error
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _sentence(error: csv.Error, line: int) -> str:
    if "unexpected end of data" in str(error):
        return f"Row {line}: a quote opens here and is never closed."
    if "field limit" in str(error):
        return f"Row {line}: a cell is longer than {csv.field_size_limit():,} characters. Is a quote not closed?"
    return f"Row {line}: after a closing quote comes the next cell or the end of the row."


def _header(
    cells: Sequence[str], columns: Sequence[str], required: Sequence[str], mapping: Mapping[str, str | None]
) -> list[str]:
    """Our name of each column of the file; empty for one to leave out. Raises BadInput."""
    bad = _BAD_BYTE.search("".join(cells))
    if bad:
        byte = ord(bad[0]) - 0xDC00
        raise BadInput(f"The header holds byte 0x{byte:02X}, which is not UTF-8. Save the file as UTF-8.", field="file")
    wanted = dict.fromkeys(NOTES, "") if set(NOTES) <= {_key(cell) for cell in cells} else {}
    wanted |= {_key(theirs): ours or "" for theirs, ours in mapping.items()}
    names = [wanted.get(_key(cell), _key(cell)) for cell in cells]
    named = [name for name in names if name]
    unknown = [name for name in named if name not in columns]
    if unknown:
        raise BadInput(
            f"Column {unknown[0]} is not known here. Rename it or map it; the columns are {', '.join(columns)}.",
            field="file",
        )
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        raise BadInput(f"Column {twice} stands in the header twice.", field="file")
    missing = [name for name in required if name not in named]
    if missing:
        raise BadInput(f"The header lacks {', '.join(missing)}. It has {', '.join(named)}.", field="file")
    return names


def _key(name: str) -> str:
    return "_".join(name.strip().lower().split())


def _bad_byte_places(text: str, *, skipped: int) -> Iterator[int]:
    """The place in the file, counted from 1, of each byte that is not UTF-8."""
    begin, place = 0, skipped
    for found in _BAD_BYTE.finditer(text):
        place += len(text[begin : found.start()].encode("utf-8", "surrogateescape"))
        begin = found.start()
        yield place + 1


def _faults(
    line: int, header: Sequence[str], cells: Sequence[str], bad_bytes: Iterator[int]
) -> Iterator[tuple[str, str]]:
    if len(cells) != len(header):
        yield "", f"Row {line} has {len(cells)} cells, the header {len(header)}."
    for place, cell in enumerate(cells):
        name = header[place] if place < len(header) else ""
        where = f"Row {line}, column {name or place + 1}"
        bad = _BAD_BYTE.findall(cell)
        if bad:
            places = [next(bad_bytes) for _ in bad]
            yield name, f"{where}: byte 0x{ord(bad[0]) - 0xDC00:02X} (the file's byte {places[0]}) is not UTF-8."
        elif "\x00" in cell:
            yield name, f"{where} holds a NUL character."
        elif len(cell) > LONGEST_CELL:
            yield name, f"{where} has {len(cell):,} characters; {LONGEST_CELL:,} are read at most."


def _printable(values: Mapping[str, str]) -> dict[str, str]:
    """The cells as they can be written back: bad bytes as question marks in a diamond, long cells cut."""
    return {name: _BAD_BYTE.sub("\ufffd", value)[:LONGEST_CELL].replace("\x00", "") for name, value in values.items()}
