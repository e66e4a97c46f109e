"""What a command changes in one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """The fields that differ, with their values before and after."""

    before: dict[str, Any]
    after: dict[str, Any]
