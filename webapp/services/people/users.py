"""Users: adding them, what they may do, their passwords and how they like their pages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.email import check_email
from webapp.domain.errors import BadInput, Refused
from webapp.domain.permissions import Permission, Role
from webapp.models import LoginSession, User, UserRole
from webapp.queries.people.users import user_by_email
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.locks import lock_user
from webapp.services.people import sessions
from webapp.services.versions import require_current

LONGEST_NAME = 200


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@command(Permission.USERS_WRITE)
def add_user(
    email: str,
    name: str,
    roles: Iterable[Role],
    *,
    actor: User,
    password_hash: str | None = None,
    max_discount: Decimal | None = None,
    title: str = "",
    own_customers_only: bool = False,
) -> User:
    """Add a user who logs in with ``email``; without a password they cannot log in yet.

    ``password_hash`` comes from ``passwords.make_hash``, called before: no transaction waits for the hashing.
    ``max_discount`` in percent, None for the roles' default. Raises BadInput, Refused, Forbidden.
    """
    user = User(
        email=_checked_email(email),
        name=_checked_name(name),
        title=title.strip(),
        password_hash=password_hash,
        own_max_discount=_checked_discount(max_discount),
        own_customers_only=own_customers_only,
        created_at=clock.now(),
    )
    if user_by_email(user.email):
        raise Refused(f"{user.email} belongs to another user already.")
    user.role_rows = _role_rows(roles)
    db.session.add(user)
    db.session.flush()
    audit.record(Action.USER_ADDED, user, actor=actor, after=_shown(user))
    return user


@command(Permission.USERS_WRITE)
def change_user(
    email: str,
    *,
    roles: Iterable[Role],
    max_discount: Decimal | None,
    own_customers_only: bool,
    is_active: bool,
    version: int | None = None,
    actor: User,
) -> User:
    """Set what a user may do. Their sessions end, so that the change holds from now on.

    Nobody changes their own rights, up or down: Refused. Raises StaleVersion with both values when ``version`` is not
    the stored one, NotFound, BadInput, Forbidden.
    """
    user = lock_user(email)
    before = _shown(user)
    wanted = frozenset(roles)
    if user.id == actor.id:
        raise Refused("You cannot change your own rights. Ask another administrator.")
    if version is not None:
        require_current(user, version, user.name, now=_rights(user), wanted={
            "max_discount": _checked_discount(max_discount), "own_customers_only": own_customers_only,
            "is_active": is_active, **{f"role_{role}": role in wanted for role in Role},
        })  # fmt: skip
    user.role_rows = [row for row in user.role_rows if row.role in wanted] + _role_rows(wanted - user.roles)
    user.own_max_discount = _checked_discount(max_discount)
    user.own_customers_only = own_customers_only
    user.is_active = is_active
    user.bump()
    sessions.end_sessions_of(user)
    audit.record(Action.USER_CHANGED, user, actor=actor, before=before, after=_shown(user))
    return user


@command(Permission.SELF)
def change_password(password_hash: str, *, keep: LoginSession | None, actor: User) -> None:
    """Give oneself a new password, made by ``passwords.make_hash``; every session but ``keep`` ends."""
    _set_password(lock_user(actor.email), password_hash, keep, actor)


@command(Permission.USERS_WRITE)
def set_password(email: str, password_hash: str, *, actor: User) -> None:
    """Give somebody else a new password; all sessions of theirs end. Raises NotFound, Forbidden."""
    _set_password(lock_user(email), password_hash, None, actor)


def _set_password(user: User, password_hash: str, keep: LoginSession | None, actor: User) -> None:
    user.password_hash = password_hash
    sessions.end_sessions_of(user, but=keep)
    audit.record(Action.USER_CHANGED, user, actor=actor, after={"password": "changed"})


def choose_theme(theme: Theme, *, actor: User) -> None:
    """Remember how the user likes the pages. Not a command: it concerns nobody else and leaves no event."""
    with atomic():
        lock_user(actor.email).theme = theme.value


def choose_shortcuts(*, on: bool, actor: User) -> None:
    """Switch single-key shortcuts on or off (WCAG 2.1.4). Not a command, as above."""
    with atomic():
        lock_user(actor.email).shortcuts = on


def _role_rows(roles: Iterable[Role]) -> list[UserRole]:
    return [UserRole(role=role) for role in sorted(set(roles))]


def _checked_email(email: str) -> str:
    return check_email(email).lower()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BadInput("Enter the person's name.", field="name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(f"A name has at most {LONGEST_NAME} characters that can be printed.", field="name")
    return name


def _checked_discount(percent: Decimal | None) -> Decimal | None:
    if percent is not None and not 0 <= percent <= 100:
        raise BadInput("The maximum discount lies between 0 and 100 percent.", field="max_discount")
    return percent


def _rights(user: User) -> dict[str, object]:
    """What a form shows of a user's rights, field by field."""
    return {
        "max_discount": user.own_max_discount,
        "own_customers_only": user.own_customers_only,
        "is_active": user.is_active,
        **{f"role_{role}": role in user.roles for role in Role},
    }


def _shown(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "roles": sorted(user.roles),
        "max_discount": str(user.max_discount),
        "own_customers_only": bool(user.own_customers_only),
        "is_active": user.is_active is not False,
    }
