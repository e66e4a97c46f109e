"""The company that is measured: one customer without a limit in the way, five items with plenty of stock."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.support.factories import make_company, make_customer, make_item, make_staff, put_in_stock
from webapp.db import db
from webapp.models import ApprovalPolicy

CUSTOMER = "ACME"
SKUS = ("A-1", "A-2", "A-3", "A-4", "A-5")
QUANTITY = 2
ZONE = "UTC"  # so that both sides agree which day it is
PRICE, COST = Decimal("19.90"), Decimal("11.10")
PLENTY = Decimal(1_000_000)
NO_LIMIT_IN_THE_WAY = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class People:
    """The ids of who works."""

    sales: int
    warehouse: int
    accountant: int


def found() -> People:
    """Fill an empty database; orders approve themselves by the company's policy."""
    make_company(approval_policy=ApprovalPolicy.UP_TO_AMOUNT, time_zone=ZONE)
    staff = make_staff()
    make_customer(CUSTOMER, credit_limit=NO_LIMIT_IN_THE_WAY)
    for sku in SKUS:
        make_item(sku, base_price=PRICE)
        put_in_stock(sku, PLENTY, actor=staff.warehouse, unit_cost=COST)
    people = People(staff.sales.id, staff.warehouse.id, staff.accountant.id)
    db.session.remove()
    return people
