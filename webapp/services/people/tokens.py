"""API tokens: a program acts as the user whose token it sends. A token is shown once; only its SHA-256 is kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.permissions import Permission
from webapp.models import ApiToken, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.people.sessions import hash_of

TOKEN_BYTES = 32
PREFIX = "cf_"
USED_EVERY = timedelta(minutes=1)
LONGEST_DAYS = 3650


class Scope(StrEnum):
    """What a token may do of what its user may: read alone, or also write."""

    READ = "read"
    WRITE = "write"


@command(Permission.USERS_WRITE)
def make_token(email: str, *, scopes: Iterable[Scope] = tuple(Scope), days: int | None = None, actor: User) -> str:
    """Make a token for the user ``email``, good for ``days`` (None: until it is revoked). Answers it, this once.

    Raises NotFound, BadInput, Forbidden.
    """
    chosen = sorted(set(scopes))
    if not chosen:
        raise BadInput("A token needs a scope: read, write or both.", field="scope")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"A token can be good for 1 to {LONGEST_DAYS} days.", field="expires")
    user = locks.lock_user(email)
    text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    expires_at = None if days is None else now + timedelta(days=days)
    db.session.add(
        ApiToken(
            token_hash=hash_of(text), user_id=user.id, scopes=" ".join(chosen), created_at=now, expires_at=expires_at
        )
    )
    audit.record(Action.TOKEN_MADE, user, actor=actor, after={"scopes": chosen, "expires_at": expires_at})
    return text


@command(Permission.USERS_WRITE)
def revoke_token(token_id: int, *, actor: User) -> ApiToken:
    """End a token at once. Raises NotFound, Forbidden."""
    token = db.session.get(ApiToken, token_id)
    if token is None:
        raise NotFound(f"There is no token {token_id}.")
    token.revoked_at = token.revoked_at or clock.now()
    audit.record(Action.TOKEN_REVOKED, token.user, actor=actor, after={"token": token_id})
    return token


def allows(token: ApiToken, *, writing: bool) -> bool:
    """Whether the token's scopes reach; who may write may also read."""
    scopes = token.scopes.split()
    return Scope.WRITE in scopes or (Scope.READ in scopes and not writing)


def is_noted_too_long_ago(token: ApiToken) -> bool:
    """Whether it is time to note that the token is in use: once a minute at most."""
    return token.last_used_at is None or clock.now() - token.last_used_at >= USED_EVERY


def note_use(token: ApiToken) -> None:
    """Note that the token is in use. Not a command: nothing happened to a document, so there is no event."""
    with atomic():
        token.last_used_at = clock.now()
