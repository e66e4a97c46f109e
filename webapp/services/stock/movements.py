"""Posting stock movements: rows that stay for ever, and the levels, lots and costs that follow from them.

Levels and lots are locked by the caller before; variants are locked here, after them, for their stock value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import insert

from webapp.db import db
from webapp.domain import clock
from webapp.domain.stock.costing import StockCost, issue, receive
from webapp.models import Lot, MovementKind, StockLevel, StockMovement, User, Variant
from webapp.services import locks
from webapp.services.company import the_company, today


@dataclass(frozen=True, slots=True)
class Move:
    """One change of stock: signed base units at a level, of a lot where tracked; ``unit_cost`` None: the average."""

    level: StockLevel
    lot: Lot | None
    quantity: Decimal
    unit_cost: Decimal | None = None
    order_line_id: int | None = None
    shipment_line_id: int | None = None
    return_line_id: int | None = None


def post_moves(
    kind: MovementKind,
    moves: Sequence[Move],
    *,
    actor: User,
    reason: str = "",
    reference: str = "",
    moved_on: date | None = None,
) -> list[int]:
    """Write the movements, change levels, lots and costs. Answers the movements' ids in the order of ``moves``."""
    variants = {variant.id: variant for variant in locks.lock_variants(move.level.variant_id for move in moves)}
    currency = the_company().base_currency
    stamp = {"kind": kind, "moved_on": moved_on or today(), "at": clock.now(), "user_id": actor.id}
    rows = []
    for move in moves:
        cost, value = _value(variants[move.level.variant_id], move, currency)
        move.level.on_hand_qty += move.quantity
        if move.lot is not None:
            move.lot.on_hand_qty += move.quantity
        rows.append(
            {
                **stamp,
                "variant_id": move.level.variant_id,
                "location_id": move.level.location_id,
                "quantity": move.quantity,
                "batch_id": move.lot.batch_id if move.lot else None,
                "serial_id": move.lot.serial_id if move.lot else None,
                "unit_cost": cost,
                "value": value,
                "reason": reason,
                "reference": reference,
                "order_line_id": move.order_line_id,
                "shipment_line_id": move.shipment_line_id,
                "return_line_id": move.return_line_id,
            }
        )
    if not rows:
        return []
    return list(
        db.session.scalars(insert(StockMovement).returning(StockMovement.id, sort_by_parameter_order=True), rows)
    )


def _value(variant: Variant, move: Move, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Carry the variant's stock on, and answer the unit cost and signed value of the move (None: unknown)."""
    before = StockCost(variant.stock_qty, variant.average_cost, variant.stock_value)
    if move.quantity > 0:
        after = receive(before, move.quantity, move.unit_cost, currency)
        cost = before.average if move.unit_cost is None else move.unit_cost
        value = None if after.value is None or before.value is None else after.value - before.value
    else:
        after, left = issue(before, -move.quantity, currency)
        cost, value = before.average, None if left is None else -left
    variant.stock_qty, variant.average_cost, variant.stock_value = after.quantity, after.average, after.value
    return cost, value


def levels_by_place(levels: Sequence[StockLevel]) -> dict[tuple[int, int], StockLevel]:
    """Stock levels by variant and location."""
    return {(level.variant_id, level.location_id): level for level in levels}


def lots_by_level(lots: Sequence[Lot]) -> dict[int, list[Lot]]:
    """Batches and serials by the level they lie at."""
    found: dict[int, list[Lot]] = defaultdict(list)
    for lot in lots:
        found[lot.level_id].append(lot)
    return found
