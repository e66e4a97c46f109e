"""Who may give how much on an item: the nearest category that names the person, then a role, then in general."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.domain.approvals.discount_limits import CategoryLimits, maximum_discount, path_of, storable
from webapp.domain.permissions import Role

D = Decimal
FOOD, DRINKS, TEA = 1, 2, 3
PARENTS = {FOOD: None, DRINKS: FOOD, TEA: DRINKS}
NANCY, OTHER = 10, 11
FIVE = D(5)


def of(limits, *, roles=(Role.SALES,), general=FIVE, category=TEA):
    path = path_of(category, PARENTS)
    return maximum_discount(path, limits, person=NANCY, roles=roles, general=general)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 5),
        ({TEA: CategoryLimits(of_people={OTHER: D(50)})}, 5),
        ({TEA: CategoryLimits(of_people={NANCY: D(2)})}, 2),
        ({FOOD: CategoryLimits(of_people={NANCY: D(30)})}, 30),
        ({FOOD: CategoryLimits(of_people={NANCY: D(30)}), DRINKS: CategoryLimits(of_people={NANCY: D(0)})}, 0),
        ({FOOD: CategoryLimits(of_roles={Role.SALES: D(8)})}, 8),
        ({FOOD: CategoryLimits(of_roles={Role.SALES: D(8)}), TEA: CategoryLimits(of_roles={Role.SALES: D(1)})}, 1),
        ({TEA: CategoryLimits(of_roles={Role.SALES: D(8)}), FOOD: CategoryLimits(of_people={NANCY: D(3)})}, 3),
        ({TEA: CategoryLimits(of_roles={Role.ADMIN: D(90)}), FOOD: CategoryLimits(of_roles={Role.SALES: D(4)})}, 4),
    ],
    ids=[
        "nothing said",
        "somebody else named",
        "the person in the item's category",
        "the person above it",
        "the nearest that names the person",
        "a role above it",
        "the nearest that names a role",
        "a person above goes before a role near",
        "a role that is not held",
    ],
)
def test_the_nearest_word_counts(limits, expected):
    assert of(limits) == expected


def test_of_several_roles_the_largest_figure_at_the_nearest_category_counts():
    both = (Role.SALES, Role.SALES_MANAGER)
    limits = {
        DRINKS: CategoryLimits(of_roles={Role.SALES: D(6), Role.SALES_MANAGER: D(4)}),
        FOOD: CategoryLimits(of_roles={Role.SALES_MANAGER: D(40)}),
    }

    assert of(limits, roles=both) == 6


def test_an_item_in_no_category_has_the_general_maximum():
    assert of({FOOD: CategoryLimits(of_people={NANCY: D(30)})}, category=None) == 5


def test_a_path_leads_up_and_ends_in_a_circle_too():
    assert path_of(TEA, PARENTS) == (TEA, DRINKS, FOOD)
    assert path_of(1, {1: 2, 2: 1}) == (1, 2)


@pytest.mark.parametrize(("percent", "stored"), [("20", "20"), ("20.0000001", "20.0001"), ("5.12345", "5.1235")])
def test_a_percentage_is_stored_as_no_less_than_it_is(percent, stored):
    assert storable(D(percent)) == D(stored)
