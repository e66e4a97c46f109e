"""Forms for records of master data: their fields as data, what was typed, what is wrong, and who wrote what meanwhile.

A record's form is sections of ``Field``; the macro ``records.form_of`` draws it. ``typed(sections)`` reads the request;
the service checks everything, and ``RecordForm`` shows its refusal beside the fields. After a conflict each field that
both sides changed offers both values, and "theirs" leaves the stored one as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request

from webapp.domain.errors import DomainError, StaleVersion
from webapp.domain.importing.fields import written
from webapp.web.forms.typed import neutral

Option = tuple[str, str]
THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. ``kind``: text, area, select, check, or a type of input such as date or email."""

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    optional: bool = True
    css: str = ""
    options: Sequence[Option] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        """Whether a number is typed into it."""
        return "inputmode" in self.attributes


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together, under a heading; ``rows`` are fields side by side."""

    title: str
    rows: Sequence[Sequence[Field]]
    note: str = ""


def number(name: str, label: str, **more: Any) -> Field:
    """A field for an amount, a quantity or a percentage."""
    return Field(name, label, css="num w-12", attributes={"inputmode": "decimal", "autocomplete": "off"}, **more)


def day(name: str, label: str, **more: Any) -> Field:
    """A field for a date."""
    return Field(name, label, kind="date", css="w-12", **more)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed."""

    name: str
    label: str
    yours: str
    now: str


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A form as it is shown: its sections, the values in it, and the refusal of the last try."""

    sections: Sequence[Section]
    values: Mapping[str, str]
    refusal: DomainError | None = None

    @property
    def errors(self) -> Sequence[tuple[str | None, str]]:
        """Each wrong field with its sentence, for the summary; a refusal of the whole has no field."""
        if self.refusal is None or isinstance(self.refusal, StaleVersion):
            return []
        named = {name: sentence for name, sentence in self._details.items() if name in self._fields}
        return list(named.items()) or [(None, self.refusal.message)]

    @property
    def conflicts(self) -> list[Conflict]:
        """The fields that somebody else changed since the form was opened."""
        if not isinstance(self.refusal, StaleVersion):
            return []
        both = self.refusal.details.get("fields", {})
        return [
            Conflict(name, self._fields[name].label, words["yours"], words["now"])
            for name, words in both.items()
            if name in self._fields
        ]

    @property
    def version(self) -> int | None:
        """The version to send back after a conflict; None when the page's own stands."""
        return self.refusal.details.get("version") if isinstance(self.refusal, StaleVersion) else None

    def error(self, name: str) -> str | None:
        """What is wrong with one field."""
        return self._details.get(name) if self.refusal is not None and not self.conflicts else None

    def value(self, name: str) -> str:
        """What stands in one field."""
        return self.values.get(name, "")

    def shown(self, found: Field) -> str:
        """What stands in one field, in the reader's own number format."""
        return neutral(self.value(found.name)) if found.is_number else self.value(found.name)

    @property
    def _details(self) -> dict[str, str]:
        found = self.refusal.details if self.refusal else {}
        return {name: sentence for name, sentence in found.items() if isinstance(sentence, str)}

    @property
    def _fields(self) -> dict[str, Field]:
        return {found.name: found for found in fields_of(self.sections)}


def fields_of(sections: Iterable[Section]) -> list[Field]:
    """All fields of a form."""
    return [found for section in sections for row in section.rows for found in row]


def typed(sections: Sequence[Section]) -> dict[str, str]:
    """What the request brings for these fields, without those left as somebody else stored them."""
    return {
        found.name: _typed(found)
        for found in fields_of(sections)
        if request.form.get(f"keep_{found.name}") != THEIRS and (found.kind == "check" or found.name in request.form)
    }


def typed_whole(sections: Sequence[Section]) -> dict[str, str]:
    """The same with every field, those the request lacks as if they were left empty: for a form without a record."""
    return {**{found.name: "" for found in fields_of(sections)}, **typed(sections)}


def shown(record: Mapping[str, Any]) -> dict[str, str]:
    """A stored record as its form shows it."""
    return {name: written(value) for name, value in record.items()}


def _typed(found: Field) -> str:
    if found.kind == "check":
        return "yes" if found.name in request.form else "no"
    text = request.form.get(found.name, "")
    return neutral(text) if found.is_number else text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a catalogue: its cells as text, where it is changed, and the form that takes it away."""

    cells: Sequence[str]
    url: str | None = None
    depth: int = 0
    removal: str | None = None
    removal_fields: Mapping[str, str] = field(default_factory=dict)
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A short list with the form that adds to it or changes a line of it: terms, rates, locations, groups."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Row]
    form: RecordForm
    action: str
    button: str
    here: str
    note: str = ""
    empty: str = "None yet. Add the first one beside."
    version: int | None = None
    numeric: Sequence[int] = ()
    may_write: bool = True

    @property
    def is_change(self) -> bool:
        """Whether the form changes a line instead of adding one."""
        return any(row.is_current for row in self.rows)
