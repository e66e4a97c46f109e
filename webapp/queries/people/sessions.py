"""Reads about log-ins: the live session of a token, and how often log-ins failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from webapp.db import db
from webapp.models import LoginAttempt, LoginSession, User

IDLE = timedelta(minutes=30)
"""A session ends when its user did nothing for this long (OWASP ASVS 5.0, 7.3.1)."""


@dataclass(frozen=True)
class Failures:
    """Failed log-ins since a moment: of this account from this address, of either alone, and of all."""

    here: int
    account: int
    address: int
    overall: int


def live_session(token_hash: str, now: datetime) -> LoginSession | None:
    """The session with this token that is neither revoked nor over, of an active user; with the user and roles."""
    return db.session.scalar(
        sa.select(LoginSession)
        .join(LoginSession.user)
        .where(
            LoginSession.token_hash == token_hash,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - IDLE,
            User.is_active,
        )
    )


def own_sessions(user: User, now: datetime) -> Sequence[LoginSession]:
    """The user's live sessions, the newest first."""
    return db.session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.user_id == user.id,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - IDLE,
        )
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
    ).all()


def failures(email: str, address: str, since: datetime) -> Failures:
    """How often log-ins failed since then, in one statement."""
    of_account, of_address = LoginAttempt.email == email, LoginAttempt.address == address

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count().filter(*conditions) if conditions else sa.func.count()

    row = db.session.execute(
        sa.select(count(of_account, of_address), count(of_account), count(of_address), count())
        .select_from(LoginAttempt)
        .where(LoginAttempt.at > since)
    ).one()
    return Failures(*row)
