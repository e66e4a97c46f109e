"""Who may do what: the people a blocker or a next step can name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webapp.db import db
from webapp.domain.permissions import Permission
from webapp.models import User

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody active, by name."""

    people: Sequence[User]

    def who_can(self, *permissions: Permission, besides: Collection[int] = ()) -> list[User]:
        """Those who have all of these rights, without some ids."""
        return [user for user in self.people if user.id not in besides and all(user.can(one) for one in permissions)]


def active_staff() -> Staff:
    """Everybody who can log in and do something; two statements."""
    return Staff(
        db.session.scalars(select(User).where(User.is_active, User.is_system.is_(False)).order_by(User.name)).all()
    )


def named(users: Sequence[User]) -> str:
    """ "Steven Buchanan, Andrew Fuller or Anna Conti"; further ones are counted."""
    names = [user.name for user in users]
    if len(names) > MOST_NAMED:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} others"]
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
