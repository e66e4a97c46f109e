"""How much discount each person may give on some items, read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db, table_of
from webapp.domain.approvals.discount_limits import CategoryLimits, maximum_discount
from webapp.domain.permissions import Role
from webapp.models import DiscountLimit, User
from webapp.queries.items.categories_of import CategoryPaths, paths_of

_limits = table_of(DiscountLimit).c
LIMITS = select(_limits.category_id, _limits.role, _limits.user_id, _limits.percent)
NOWHERE = CategoryPaths({}, {})


@dataclass(frozen=True, slots=True)
class DiscountAuthority:
    """The limits by category, and the categories of the items they were read for."""

    limits: Mapping[int, CategoryLimits]
    categories: CategoryPaths

    def maximum_of(self, user: User, variant_id: int) -> Decimal:
        """The highest effective discount in percent that ``user`` may give on an item; the system gives any."""
        if user.is_system:
            return user.max_discount
        return maximum_discount(
            self.categories.of(variant_id), self.limits, person=user.id, roles=user.roles, general=user.max_discount
        )

    def covers(self, user: User, variant_id: int, percent: Decimal) -> bool:
        """Whether ``user`` may decide about a discount of ``percent`` on an item."""
        return self.maximum_of(user, variant_id) >= percent


def authority_over(variant_ids: Iterable[int]) -> DiscountAuthority:
    """What everybody may give on some items; one statement where no category has a limit, else three."""
    limits = _limits_by_category()
    return DiscountAuthority(limits, paths_of(variant_ids) if limits else NOWHERE)


def _limits_by_category() -> dict[int, CategoryLimits]:
    people: dict[int, dict[int, Decimal]] = {}
    roles: dict[int, dict[Role, Decimal]] = {}
    for category_id, role, user_id, percent in db.session.execute(LIMITS):
        if user_id is not None:
            people.setdefault(category_id, {})[user_id] = percent
        else:
            roles.setdefault(category_id, {})[role] = percent
    return {
        category: CategoryLimits(people.get(category, {}), roles.get(category, {}))
        for category in people.keys() | roles.keys()
    }
