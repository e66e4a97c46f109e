"""What of some variants is free: on hand, not allocated, not blocked."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select

from webapp.db import Scaled, db
from webapp.models import Batch, Location, Lot, StockLevel
from webapp.queries.company import company, today

ZERO = Decimal(0)


def free_for(location_id: int, variant_ids: Iterable[int]) -> dict[int, Decimal]:
    """By variant what an order of this warehouse may still take, bins included; of all where the policy splits.

    Two statements. Quarantined and expired goods are blocked; never below 0.
    """
    wanted = set(variant_ids)
    free: dict[int, Decimal] = {
        row[0]: row[1] for row in db.session.execute(_within(_unallocated(), location_id, wanted))
    }
    for row in db.session.execute(_within(_blocked(), location_id, wanted)):
        free[row[0]] -= row[1]
    return {variant_id: max(quantity, ZERO) for variant_id, quantity in free.items()}


def _unallocated() -> Select[Any]:
    return select(StockLevel.variant_id, _sum(StockLevel.on_hand_qty - StockLevel.allocated_qty))


def _blocked() -> Select[Any]:
    expired = Batch.expires_on.is_not(None) & (Batch.expires_on <= today())
    return (
        select(StockLevel.variant_id, _sum(Lot.on_hand_qty - Lot.allocated_qty))
        .join(Lot, Lot.level_id == StockLevel.id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(Lot.quarantined | expired)
    )


def _sum(amount: Any) -> Any:
    return func.coalesce(func.sum(amount), ZERO, type_=Scaled(6))


def _within(statement: Select[Any], location_id: int, variant_ids: set[int]) -> Select[Any]:
    statement = statement.where(StockLevel.variant_id.in_(variant_ids)).group_by(StockLevel.variant_id)
    ours = company()
    if ours and ours.split_locations:
        return statement
    tree = select(Location.id).where(Location.id == location_id).cte(recursive=True)
    tree = tree.union_all(select(Location.id).where(Location.parent_id == tree.c.id))
    return statement.where(StockLevel.location_id.in_(select(tree.c.id)))
