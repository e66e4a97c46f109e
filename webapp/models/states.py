"""What every document with a state has in common: it moves through one function, and each move is noted."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from webapp.db import unit
from webapp.domain.errors import IllegalMove
from webapp.domain.states import move

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped


class Stateful:
    """A document whose ``state`` follows the table of moves in ``webapp.domain.states``."""

    document_kind: ClassVar[str]
    document_name: ClassVar[str]

    if TYPE_CHECKING:
        id: Mapped[int]
        state: Mapped[Any]
        number: Any

    @property
    def label(self) -> str:
        """The document in a sentence: "Order SO-2026-001"."""
        return f"{self.document_name} {self.number}"

    def begin(self, state: StrEnum) -> None:
        """Give a new document its first state."""
        self.state = state
        _note_move(self, None, state)

    def move_to(self, state: StrEnum) -> None:
        """Move on. Raises IllegalMove when the table of moves has no such move."""
        old = self.state
        self.state = move(old, state, self.label)
        _note_move(self, old, state)

    def must_be(self, *states: StrEnum) -> None:
        """Raise IllegalMove unless the document is in one of ``states``."""
        if self.state not in states:
            allowed = " or ".join(state.lower() for state in states)
            raise IllegalMove(f"{self.label} is {self.state.lower()}, not {allowed}.", {"status": self.state.value})


def _note_move(document: Stateful, old: StrEnum | None, new: StrEnum) -> None:
    unit().moves.append((document, old, new))
