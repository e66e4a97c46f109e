"""Refusals: what a command raises when nothing may change.

Each carries one sentence for the person, the HTTP status ``webapp.web.errors`` answers with, and details
for programs. A refusal that must be remembered (a credit hold) is a return value of the command instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal in one sentence. ``details`` is what the JSON API answers beside it."""

    status = 400

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})


class Refused(DomainError):
    """The business says no: stock, credit, amount due, discount limit."""


class BadInput(DomainError):
    """A field is missing or malformed. ``details`` maps field names to sentences."""

    status = 422

    def __init__(self, message: str, *, field: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, details if details is not None else ({field: message} if field else {}))
        self.field = field


class NotFound(DomainError):
    """The document named in the address does not exist, or is not this user's to see."""

    status = 404


class Forbidden(DomainError):
    """The right is missing, or four eyes are needed."""

    status = 403


class FourEyes(Forbidden):
    """Who asked may not decide."""


class IllegalMove(DomainError):
    """The document's state does not allow the move."""

    status = 409


class StaleVersion(DomainError):
    """Somebody else changed the document since the form was read."""

    status = 409


class InsufficientStock(Refused):
    """Nothing, or not enough, is free."""


class OnHold(Refused):
    """A credit hold is in the way."""


class KeyReused(DomainError):
    """An idempotency key came back with other content."""

    status = 422


class Busy(DomainError):
    """Somebody else holds the row, or the same request is still under way; trying again is safe."""

    status = 503
    retry_after = 1


class KeyInFlight(Busy):
    """The same idempotency key is being worked on right now."""

    status = 409
