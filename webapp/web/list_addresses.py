"""The address of a list with its search, filters and sort: what chips, heads of columns and pages link to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for


@dataclass(frozen=True, slots=True)
class ListAddress:
    """What the address of a list says; the place in the list is left out."""

    endpoint: str
    given: Mapping[str, str]

    def value(self, name: str) -> str:
        """What a filter is set to; empty when it is not."""
        return self.given.get(name, "")

    def with_(self, **changes: str | None) -> str:
        """The same list with some of it changed, from its first page; None takes something out."""
        query: dict[str, Any] = {name: value for name, value in {**self.given, **changes}.items() if value}
        return url_for(self.endpoint, **query)

    def sorted_by(self, column: str) -> str:
        """The list in the order of a column."""
        return self.with_(sort=column)

    def chips(self, labels: Mapping[str, Callable[[str], str]]) -> list[tuple[str, str]]:
        """For each filter that is set, its words and the address without it."""
        return [
            (words(self.given[name]), self.with_(**{name: None}))
            for name, words in labels.items()
            if self.given.get(name)
        ]


def list_address(endpoint: str, names: Iterable[str], **parts: str) -> ListAddress:
    """The address of this request's list, of which ``names`` count; ``parts`` belong to its path."""
    given = {name: request.args[name].strip() for name in names if request.args.get(name, "").strip()}
    return ListAddress(endpoint, {**parts, **given})
