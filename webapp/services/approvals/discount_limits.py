"""Setting the highest discount that a role, or one person, may give in a category of items."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound, Refused
from webapp.domain.importing import fields
from webapp.domain.numbers import Number
from webapp.domain.permissions import Permission, Role
from webapp.models import Category, DiscountLimit, User
from webapp.services import audit, locks
from webapp.services.commands import command

LIMIT: fields.Table = {"category": fields.text(100, required=True), "percent": fields.percent}


@command(Permission.SETTINGS_WRITE)
def set_role_limit(category: str, role: str, percent: Number, *, actor: User) -> DiscountLimit:
    """Let a role give at most ``percent`` in a category and below it, instead of its general maximum.

    Lines entered before keep the maximum of their day. Raises BadInput, Forbidden.
    """
    holder = _role(role)
    given = fields.read(LIMIT, {"category": category, "percent": percent})
    company = locks.lock_company()
    found = _category(given["category"])
    limit = _limit(found, role=holder) or DiscountLimit(category=found, role=holder)
    before = _set(limit, given["percent"])
    audit.record(Action.DISCOUNT_LIMIT_CHANGED, company, actor=actor, before=before, after=_told(limit, holder.label))
    return limit


@command(Permission.SETTINGS_WRITE)
def remove_role_limit(category: str, role: str, *, actor: User) -> None:
    """Let the role's maximum of the category above, or its general one, hold again. Raises NotFound, Forbidden."""
    holder = _role(role)
    company = locks.lock_company()
    limit = _existing(_limit(_category(category), role=holder), holder.label, category)
    before = _told(limit, holder.label)
    db.session.delete(limit)
    audit.record(Action.DISCOUNT_LIMIT_CHANGED, company, actor=actor, before=before, after={"percent": None})


@command(Permission.USERS_WRITE)
def set_user_limit(email: str, category: str, percent: Number, *, actor: User) -> DiscountLimit:
    """Let one person give at most ``percent`` in a category and below it, whatever roles and general maximum say.

    Nobody sets their own: Refused. Raises BadInput, NotFound, Forbidden.
    """
    user = _lock_other(email, actor)
    given = fields.read(LIMIT, {"category": category, "percent": percent})
    found = _category(given["category"])
    limit = _limit(found, user=user) or DiscountLimit(category=found, user=user)
    before = _set(limit, given["percent"])
    audit.record(Action.DISCOUNT_LIMIT_CHANGED, user, actor=actor, before=before, after=_told(limit, user.name))
    return limit


@command(Permission.USERS_WRITE)
def remove_user_limit(email: str, category: str, *, actor: User) -> None:
    """Let what roles and general maximum say hold for the person again. Raises NotFound, Refused, Forbidden."""
    user = _lock_other(email, actor)
    limit = _existing(_limit(_category(category), user=user), user.name, category)
    before = _told(limit, user.name)
    db.session.delete(limit)
    audit.record(Action.DISCOUNT_LIMIT_CHANGED, user, actor=actor, before=before, after={"percent": None})


def _lock_other(email: str, actor: User) -> User:
    user = locks.lock_user(email)
    if user.id == actor.id:
        raise Refused("You cannot change your own limits. Ask another administrator.")
    return user


def _role(role: str) -> Role:
    found = next((one for one in Role if one.value == role), None)
    if found is None:
        raise BadInput("Choose a role.", field="role")
    return found


def _category(name: str) -> Category:
    found = db.session.scalars(select(Category).where(Category.name == name)).one_or_none()
    if found is None:
        raise BadInput(f"There is no category {name}.", field="category")
    return found


def _limit(category: Category, *, role: Role | None = None, user: User | None = None) -> DiscountLimit | None:
    holder = DiscountLimit.role == role if user is None else DiscountLimit.user_id == user.id
    return db.session.scalars(
        select(DiscountLimit).where(DiscountLimit.category_id == category.id, holder)
    ).one_or_none()


def _existing(limit: DiscountLimit | None, holder: str, category: str) -> DiscountLimit:
    if limit is None:
        raise NotFound(f"{holder} has no limit of its own in {category}.")
    return limit


def _set(limit: DiscountLimit, percent: Decimal) -> dict[str, object]:
    """Store the percentage; answers what stood there before, for the trail."""
    before: dict[str, object] = {"percent": limit.percent}
    limit.percent = percent
    db.session.add(limit)
    return before


def _told(limit: DiscountLimit, holder: str) -> dict[str, object]:
    return {"holder": holder, "category": limit.category.name, "percent": limit.percent}
