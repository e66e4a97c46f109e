"""Narrowing lists by what a person or program typed into their filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement

from webapp.domain.text import clean

LONGEST = 200

Filter = tuple[Any, Callable[[Any], ColumnElement[bool]]]


def narrowed(*filters: Filter) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are set; an empty one narrows nothing.

    Raises BadInput for text that no database takes.
    """
    return [condition(_typed(value)) for value, condition in filters if value]


def _typed(value: Any) -> Any:
    return clean(value, field="filter", max_length=LONGEST) if type(value) is str else value
