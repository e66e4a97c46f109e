"""Users."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.db import db
from webapp.models import User


def user_by_email(email: str) -> User | None:
    """The user with this e-mail address, which is stored in lower case."""
    return db.session.scalar(sa.select(User).where(User.email == email.strip().lower()))
