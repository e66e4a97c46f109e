from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.domain.permissions import (
    DEFAULT_MAX_DISCOUNT,
    ROLE_PERMISSIONS,
    Permission,
    Role,
    default_max_discount,
    permissions_of,
)

EVERYBODY = """
    self:manage orders:read credit:read customers:read items:read prices:read stock:read shipments:read invoices:read
    payments:read reports:read
"""
OWN = {
    Role.SALES: "orders:write orders:confirm orders:allocate",
    Role.SALES_MANAGER: """
        orders:write orders:confirm orders:allocate orders:approve discounts:approve costs:read credit:hold
        credit:release credit:limit customers:write prices:write returns:write data:export
    """,
    Role.WAREHOUSE: "orders:allocate stock:write shipments:write returns:write locations:write",
    Role.ACCOUNTANT: """
        costs:read credit:hold credit:release credit:limit customers:write invoices:write invoices:post
        payments:record payments:reverse data:export settings:read
    """,
    Role.ADMIN: """
        costs:read customers:write items:write prices:write locations:write credit:limit discounts:approve
        settings:read settings:write users:write data:import data:export orders:import
    """,
}


@pytest.mark.parametrize("role", Role)
def test_a_role_may_exactly_what_its_row_says(role):
    assert {permission.value for permission in ROLE_PERMISSIONS[role]} == {*EVERYBODY.split(), *OWN[role].split()}


def test_every_role_has_a_label_a_row_and_a_maximum_discount():
    assert set(ROLE_PERMISSIONS) == set(DEFAULT_MAX_DISCOUNT) == set(Role)
    assert len({role.label for role in Role}) == len(Role)


def test_every_permission_is_a_resource_and_an_action_and_somebody_has_it():
    granted = permissions_of(Role) | {Permission.PUBLIC}
    assert granted == set(Permission)
    for permission in Permission:
        resource, action = permission.split(":")
        assert resource.isalpha()
        assert action.isalpha()


def test_several_roles_add_up():
    both = permissions_of([Role.SALES, Role.ACCOUNTANT])
    assert both == ROLE_PERMISSIONS[Role.SALES] | ROLE_PERMISSIONS[Role.ACCOUNTANT]
    assert permissions_of([]) == frozenset()


@pytest.mark.parametrize(
    ("roles", "maximum"),
    [
        ([], 0),
        ([Role.SALES], 5),
        ([Role.SALES_MANAGER], 20),
        ([Role.ADMIN], 100),
        ([Role.WAREHOUSE], 0),
        ([Role.ACCOUNTANT], 0),
        ([Role.SALES, Role.SALES_MANAGER, Role.WAREHOUSE], 20),
    ],
)
def test_the_most_generous_role_gives_the_maximum_discount(roles, maximum):
    assert default_max_discount(roles) == Decimal(maximum)


def test_selling_and_deciding_and_posting_are_apart():
    assert Permission.ORDERS_APPROVE not in ROLE_PERMISSIONS[Role.SALES]
    assert Permission.CREDIT_RELEASE not in ROLE_PERMISSIONS[Role.SALES]
    assert Permission.COSTS_READ not in ROLE_PERMISSIONS[Role.SALES] | ROLE_PERMISSIONS[Role.WAREHOUSE]
    assert Permission.INVOICES_POST not in ROLE_PERMISSIONS[Role.SALES_MANAGER]
    assert Permission.USERS_WRITE not in permissions_of(set(Role) - {Role.ADMIN})
