"""Logging in and out: sessions live in the database, the browser holds a random token of which we keep the hash.

A session ends after 30 idle minutes, after 12 hours, at log-out, when the user is switched off and when a role or
the password changes. Failed log-ins are counted per account and address, per address, per account and in all; none
of the limits locks an account for ever, and the right password from another address still works.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import DomainError
from webapp.domain.permissions import Permission
from webapp.models import LoginAttempt, LoginSession, User
from webapp.queries.people import sessions as reads
from webapp.queries.people.users import user_by_email
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.company import system_user, the_company
from webapp.services.people import passwords

LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
LONGEST_AGENT = 300

WINDOW = timedelta(minutes=15)
KEEP_ATTEMPTS = timedelta(days=7)
MOST_HERE = 10
MOST_OF_ADDRESS = 50
MOST_OF_ACCOUNT = 50
MOST_OVERALL = 1000


class TooManyLogIns(DomainError):
    """Log-ins failed too often; waiting helps."""

    status = 429

    def __init__(self) -> None:
        self.retry_after = int(WINDOW.total_seconds())
        minutes = math.ceil(self.retry_after / 60)
        super().__init__(f"Too many log-ins failed. Wait {minutes} minutes, then try again.")


@dataclass(frozen=True)
class Visitor:
    """Where a request comes from, as far as it says."""

    address: str
    user_agent: str


def log_in(email: str, password: str, token: str, visitor: Visitor) -> User | None:
    """Open a session for ``token`` when the password is right; None, and a counted failure, when it is not.

    Unknown names and wrong passwords take the same time and have the same outcome. Raises TooManyLogIns, and
    Refused before the company has been set up.
    """
    the_company()
    email = email.strip().lower()
    _refuse_too_many(email, visitor.address)
    user = user_by_email(email)
    stored = user.password_hash if user and user.is_active else None
    if not passwords.matches(password, stored) or user is None or stored is None:
        record_failure(email, visitor)
        return None
    open_session(user, token, visitor, better_hash=passwords.make_better_hash(password, stored))
    return user


@command()
def open_session(user: User, token: str, visitor: Visitor, *, better_hash: str | None = None) -> LoginSession:
    """Begin a session of ``user`` under ``token``."""
    now = clock.now()
    session = LoginSession(
        token_hash=hash_of(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST,
        address=visitor.address,
        user_agent=visitor.user_agent[:LONGEST_AGENT],
    )
    db.session.add(session)
    db.session.execute(
        sa.delete(LoginAttempt).where(LoginAttempt.email == user.email, LoginAttempt.address == visitor.address)
    )
    if better_hash:
        user.password_hash = better_hash
    audit.record(Action.LOGGED_IN, user, actor=user)
    return session


@command()
def log_out(session: LoginSession) -> None:
    """End the session at the server: its token opens nothing any more."""
    session.revoked_at = clock.now()
    audit.record(Action.LOGGED_OUT, session.user, actor=session.user)


@command(Permission.SELF)
def end_session(session_id: int, *, actor: User) -> None:
    """End another of the actor's own sessions. One that is not theirs, or is over, is left as it is."""
    db.session.execute(
        sa.update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == actor.id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    audit.record(Action.LOGGED_OUT, actor, actor=actor)


def end_sessions_of(user: User, *, but: LoginSession | None = None) -> None:
    """End all sessions of a user, perhaps but the present one; joins the command that has a reason for it."""
    ended = sa.update(LoginSession).where(LoginSession.user_id == user.id, LoginSession.revoked_at.is_(None))
    if but is not None:
        ended = ended.where(LoginSession.id != but.id)
    db.session.execute(ended.values(revoked_at=clock.now()))


def is_seen_too_long_ago(session: LoginSession) -> bool:
    """Whether it is time to note that the session is in use: once a minute at most."""
    return clock.now() - session.last_seen_at >= SEEN_EVERY


def touch(session: LoginSession) -> None:
    """Note that the session is in use. Not a command: nothing happened to a document, so there is no event."""
    with atomic():
        session.last_seen_at = clock.now()


def ends_at(session: LoginSession) -> datetime:
    """When the session ends if its user does nothing more."""
    return min(clock.now() + reads.IDLE, session.expires_at)


@command()
def record_failure(email: str, visitor: Visitor) -> None:
    """Count a failed log-in and forget those too old to matter."""
    now = clock.now()
    db.session.execute(sa.delete(LoginAttempt).where(LoginAttempt.at < now - KEEP_ATTEMPTS))
    db.session.add(LoginAttempt(email=email, address=visitor.address, at=now))
    audit.record(Action.LOG_IN_FAILED, actor=system_user(), after={"email": email, "address": visitor.address})


@command()
def record_refusal(sentence: str, path: str, *, actor: User) -> None:
    """Remember that a right was missing: who, where and what they were told."""
    audit.record(Action.PERMISSION_REFUSED, actor, actor=actor, reason=sentence, after={"path": path})


def hash_of(token: str) -> str:
    """What is stored of a token: its SHA-256. A token is random, so it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _refuse_too_many(email: str, address: str) -> None:
    failed = reads.failures(email, address, clock.now() - WINDOW)
    if (
        failed.here >= MOST_HERE
        or failed.address >= MOST_OF_ADDRESS
        or failed.account >= MOST_OF_ACCOUNT
        or failed.overall >= MOST_OVERALL
    ):
        raise TooManyLogIns
