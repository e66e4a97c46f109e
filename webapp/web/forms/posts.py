"""Forms that change something: their command runs once for their key, and a refusal may hand the form back.

``run_once(work)`` is for buttons: what it raises is answered by ``webapp.web.errors`` beside the page.

``try_once(work)`` is for forms into which something was typed: a refusal about it (a wrong field, another version, a
key that was used for something else, a business refusal) is handed back, so that the route shows the form again as
typed, with a fresh key::

    attempt = try_once(lambda: {"number": create_order(given, actor=current_user).number})
    if attempt.refusal:
        return piece_or_page(..., refusal=attempt.refusal), attempt.status

``work`` answers a mapping that JSON can carry. Repeats answer the outcome of the first time and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from webapp.domain.errors import BadInput, DomainError, KeyReused, Refused, StaleVersion
from webapp.domain.numbers import parse_whole
from webapp.services.once import Outcome, fingerprint, once
from webapp.web.auth import current_user

KEY = "idempotency_key"
NOT_CONTENT = frozenset({KEY, "csrf_token"})
ABOUT_WHAT_WAS_TYPED = (BadInput, StaleVersion, KeyReused, Refused)
OK, CONFLICT = 200, 409

Work = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a form: what its command left, or the refusal that leaves everything as it was."""

    data: Mapping[str, Any] = field(default_factory=dict)
    refusal: DomainError | None = None
    replayed: bool = False

    @property
    def status(self) -> int:
        """The HTTP status; a key that was used for something else is a conflict of this page with an earlier one."""
        if self.refusal is None:
            return OK
        return CONFLICT if isinstance(self.refusal, KeyReused) else self.refusal.status


def run_once(work: Work) -> Mapping[str, Any]:
    """Run the command of this request's form once for its key; answers what it left."""
    return _outcome(work).data


def try_once(work: Work) -> Attempt:
    """The same, but a refusal about what was typed is handed back instead of raised."""
    try:
        outcome = _outcome(work)
    except ABOUT_WHAT_WAS_TYPED as refusal:
        return Attempt(refusal=refusal)
    return Attempt(outcome.data, replayed=outcome.replayed)


def attempt(work: Work) -> Attempt:
    """Do ``work`` without a key; a refusal about what was typed is handed back instead of raised."""
    try:
        return Attempt(work())
    except ABOUT_WHAT_WAS_TYPED as refusal:
        return Attempt(refusal=refusal)


def form_version() -> int | None:
    """The version of the document that the form was made from; None when it carries none. Raises BadInput."""
    given = request.form.get("version")
    return parse_whole(given, field="version") if given else None


def _outcome(work: Work) -> Outcome:
    fields = sorted((name, value) for name, value in request.form.items(multi=True) if name not in NOT_CONTENT)
    digest = fingerprint(request.method, request.path, fields)
    return once(request.form.get(KEY), current_user, digest, work)
