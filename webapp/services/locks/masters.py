"""Master data, settings, people and waiting messages locked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select

from webapp.db import db
from webapp.models import (
    Company,
    Location,
    OutboxMessage,
    TaxCode,
    User,
)
from webapp.services.locks.rows import M, lock_by_id, lock_one


def lock_next_message(now: datetime, most_attempts: int) -> OutboxMessage | None:
    """The message that has waited longest among those that are due and in nobody's hands; passes over locked ones."""
    statement = (
        select(OutboxMessage)
        .where(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.not_before <= now,
            OutboxMessage.attempts < most_attempts,
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < now),
        )
        .order_by(OutboxMessage.not_before, OutboxMessage.id)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return db.session.scalars(statement).first()


def lock_user(email: str) -> User:
    """The user who logs in as ``email``, locked. Raises NotFound."""
    return lock_one(select(User).where(User.email == email.strip().lower()), User, email, "user")


def lock_price_rules(model: type[M], ids: Iterable[int]) -> list[M]:
    """Price lists or promotions that change, or whose uses are counted, locked in the order of their ids."""
    return lock_by_id(model, ids)


def lock_company() -> Company:
    """The company's settings, locked. Raises NotFound before it was founded."""
    return lock_one(select(Company).where(Company.id == 1), Company, 1, "company")


def lock_location(code: str) -> Location:
    """The location called ``code``, locked. Raises NotFound."""
    return lock_one(select(Location).where(Location.code == code), Location, code, "location")


def lock_tax_code(code: str) -> TaxCode:
    """The tax code called ``code`` with its rates, locked. Raises NotFound."""
    return lock_one(select(TaxCode).where(TaxCode.code == code), TaxCode, code, "tax code")
