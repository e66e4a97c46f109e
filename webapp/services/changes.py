"""What a command changes in one record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Unchanged(Enum):
    """The one value of a field that a change leaves as it is, where None is a value too."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Change:
    """The fields that differ, with their values before and after."""

    before: dict[str, Any]
    after: dict[str, Any]
