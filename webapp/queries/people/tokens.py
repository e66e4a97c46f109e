"""Reads about API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from webapp.db import db
from webapp.models import ApiToken, User


def live_token(token_hash: str, now: datetime) -> ApiToken | None:
    """The token with this hash that is neither revoked nor over, of an active user; with the user and roles."""
    return db.session.scalar(
        sa.select(ApiToken)
        .join(ApiToken.user)
        .where(
            ApiToken.token_hash == token_hash,
            ApiToken.revoked_at.is_(None),
            sa.or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
            User.is_active,
        )
    )


def tokens_of(email: str) -> Sequence[ApiToken]:
    """Every token ever made for the user ``email``, the newest first."""
    return db.session.scalars(
        sa.select(ApiToken).join(ApiToken.user).where(User.email == email.strip().lower()).order_by(ApiToken.id.desc())
    ).all()
