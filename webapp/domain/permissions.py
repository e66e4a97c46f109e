"""Who may do what: one enum of permissions and one table from roles to them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum


class Role(StrEnum):
    SALES = "sales"
    SALES_MANAGER = "sales_manager"
    WAREHOUSE = "warehouse"
    ACCOUNTANT = "accountant"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.SALES: "Sales",
    Role.SALES_MANAGER: "Sales manager",
    Role.WAREHOUSE: "Warehouse",
    Role.ACCOUNTANT: "Accountant",
    Role.ADMIN: "Administrator",
}


class Permission(StrEnum):
    """``resource:action``. Every route and every command names the one it needs."""

    PUBLIC = "public:read"  # no log-in needed: log-in page, health
    SELF = "self:manage"  # everybody who is logged in: own session, dashboard

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ORDERS_CONFIRM = "orders:confirm"
    ORDERS_APPROVE = "orders:approve"
    ORDERS_ALLOCATE = "orders:allocate"
    ORDERS_IMPORT = "orders:import"

    DISCOUNTS_APPROVE = "discounts:approve"
    COSTS_READ = "costs:read"

    CREDIT_READ = "credit:read"
    CREDIT_HOLD = "credit:hold"
    CREDIT_RELEASE = "credit:release"
    CREDIT_LIMIT = "credit:limit"

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"

    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    LOCATIONS_WRITE = "locations:write"

    SHIPMENTS_READ = "shipments:read"
    SHIPMENTS_WRITE = "shipments:write"
    RETURNS_WRITE = "returns:write"

    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    INVOICES_POST = "invoices:post"

    PAYMENTS_READ = "payments:read"
    PAYMENTS_RECORD = "payments:record"
    PAYMENTS_REVERSE = "payments:reverse"

    REPORTS_READ = "reports:read"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    USERS_WRITE = "users:write"
    DATA_IMPORT = "data:import"
    DATA_EXPORT = "data:export"


P = Permission

# fmt: off
_READ = {
    P.SELF, P.ORDERS_READ, P.CREDIT_READ, P.CUSTOMERS_READ, P.ITEMS_READ, P.PRICES_READ, P.STOCK_READ,
    P.SHIPMENTS_READ, P.INVOICES_READ, P.PAYMENTS_READ, P.REPORTS_READ,
}

_SALES = _READ | {P.ORDERS_WRITE, P.ORDERS_CONFIRM, P.ORDERS_ALLOCATE}

# fmt: off
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SALES: frozenset(_SALES),
    Role.SALES_MANAGER: frozenset(
        _SALES
        | {
            P.ORDERS_APPROVE, P.DISCOUNTS_APPROVE, P.COSTS_READ, P.CREDIT_HOLD, P.CREDIT_RELEASE, P.CREDIT_LIMIT,
            P.CUSTOMERS_WRITE, P.PRICES_WRITE, P.RETURNS_WRITE, P.DATA_EXPORT,
        }
    ),
    Role.WAREHOUSE: frozenset(
        _READ
        | {P.ORDERS_ALLOCATE, P.STOCK_WRITE, P.SHIPMENTS_WRITE, P.RETURNS_WRITE, P.LOCATIONS_WRITE}
    ),
    Role.ACCOUNTANT: frozenset(
        _READ
        | {
            P.COSTS_READ, P.CREDIT_HOLD, P.CREDIT_RELEASE, P.CREDIT_LIMIT, P.CUSTOMERS_WRITE, P.INVOICES_WRITE,
            P.INVOICES_POST, P.PAYMENTS_RECORD, P.PAYMENTS_REVERSE, P.DATA_EXPORT, P.SETTINGS_READ,
        }
    ),
    Role.ADMIN: frozenset(
        _READ
        | {
            P.COSTS_READ, P.CUSTOMERS_WRITE, P.ITEMS_WRITE, P.PRICES_WRITE, P.LOCATIONS_WRITE, P.CREDIT_LIMIT,
            P.DISCOUNTS_APPROVE, P.SETTINGS_READ, P.SETTINGS_WRITE, P.USERS_WRITE, P.DATA_IMPORT, P.DATA_EXPORT,
            P.ORDERS_IMPORT,
        }
    ),
}
# fmt: on

DEFAULT_MAX_DISCOUNT: dict[Role, Decimal] = {
    Role.SALES: Decimal(5),
    Role.SALES_MANAGER: Decimal(20),
    Role.WAREHOUSE: Decimal(0),
    Role.ACCOUNTANT: Decimal(0),
    Role.ADMIN: Decimal(100),
}
"""Highest discount in percent a role may give without asking; a user's own figure overrides it."""


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything the roles together allow."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def default_max_discount(roles: Iterable[Role]) -> Decimal:
    """The most generous of the roles' default maximum discounts, in percent."""
    return max((DEFAULT_MAX_DISCOUNT[role] for role in roles), default=Decimal(0))
