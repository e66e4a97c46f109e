"""The highest discount somebody may give on an item without asking: per category, else in general.

A limit names a category and either a person or a role. It holds for the category and everything below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from webapp.domain.money import PERCENT_SCALE, WIDE
from webapp.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class CategoryLimits:
    """What is said about one category: percentages by the id of a person, and by role."""

    of_people: Mapping[int, Decimal] = field(default_factory=dict)
    of_roles: Mapping[Role, Decimal] = field(default_factory=dict)


def maximum_discount(
    path: Sequence[int],
    limits: Mapping[int, CategoryLimits],
    *,
    person: int,
    roles: Iterable[Role],
    general: Decimal,
) -> Decimal:
    """The maximum in percent of one person on an item whose categories are ``path``, its own first, then each parent.

    The nearest category that names the person decides; else the nearest that names one of the roles, with the largest
    of their figures there; else the person's ``general`` maximum.
    """
    named = [limits[category] for category in path if category in limits]
    for one in named:
        if person in one.of_people:
            return one.of_people[person]
    held = frozenset(roles)
    for one in named:
        figures = [percent for role, percent in one.of_roles.items() if role in held]
        if figures:
            return max(figures)
    return general


def storable(percent: Decimal) -> Decimal:
    """``percent`` with the decimals a column keeps, never less than it is: 20.00001 must not pass a maximum of 20."""
    return percent.quantize(Decimal(1).scaleb(-PERCENT_SCALE), ROUND_CEILING, WIDE)


def path_of(category: int | None, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """The ids of a category and of every one above it, the nearest first; empty without a category."""
    path: list[int] = []
    while category is not None and category not in path:
        path.append(category)
        category = parents.get(category)
    return tuple(path)
