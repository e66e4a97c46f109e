"""Every order, read once for all the checks that look at one order after the other."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.models import Order, OrderLine
from webapp.queries.invariants.registry import each

BATCH = 200
NEXT = (
    select(Order)
    .where(Order.id > bindparam("last"))
    .order_by(Order.id)
    .limit(BATCH)
    .options(
        selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True),
        selectinload(Order.charges),
        selectinload(Order.approvals),
        joinedload(Order.customer, innerjoin=True),
    )
)


def _every_order() -> Iterator[Order]:
    """Every order with lines, charges and approvals, a few at a time."""
    last = 0
    while orders := db.session.scalars(NEXT, {"last": last}).all():
        yield from orders
        last = orders[-1].id


each_order = each(_every_order)
"""Registers a check of one order: ``@each_order("I7")``."""
