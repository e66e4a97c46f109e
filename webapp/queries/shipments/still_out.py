"""What left on shipment lines and has not come back yet, by movement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.db import Quantity, db
from webapp.domain.constants import ZERO
from webapp.models import MovementKind, ReturnLine, StockMovement


@dataclass(slots=True)
class LeftGoods:
    """What of one outgoing movement is still out, in base units."""

    movement: StockMovement
    quantity: Decimal

    @property
    def batch(self) -> str:
        """The number of its batch, or nothing."""
        return self.movement.batch.number if self.movement.batch else ""

    @property
    def serial(self) -> str:
        """Its serial number, or nothing."""
        return self.movement.serial.number if self.movement.serial else ""


def goods_that_left(shipment_line_ids: Sequence[int]) -> dict[int, list[LeftGoods]]:
    """What is still out of each shipment line, latest movement first; returns took the latest of their lot first."""
    came_back = _came_back(shipment_line_ids)
    found: dict[int, list[LeftGoods]] = defaultdict(list)
    for movement in _movements_out(shipment_line_ids):
        line_id = movement.shipment_line_id or 0
        key = (line_id, movement.batch_id, movement.serial_id)
        back = min(came_back.get(key, ZERO), -movement.quantity)
        if back:
            came_back[key] -= back
        found[line_id].append(LeftGoods(movement, -movement.quantity - back))
    return found


def _movements_out(shipment_line_ids: Sequence[int]) -> list[StockMovement]:
    return list(
        db.session.scalars(
            select(StockMovement)
            .where(StockMovement.shipment_line_id.in_(shipment_line_ids), StockMovement.kind == MovementKind.SHIPMENT)
            .order_by(StockMovement.id.desc())
            .options(joinedload(StockMovement.batch), joinedload(StockMovement.serial))
        )
    )


def _came_back(shipment_line_ids: Sequence[int]) -> dict[tuple[int, int | None, int | None], Decimal]:
    rows = db.session.execute(
        select(
            ReturnLine.shipment_line_id,
            StockMovement.batch_id,
            StockMovement.serial_id,
            func.sum(StockMovement.quantity, type_=Quantity),
        )
        .join(ReturnLine, ReturnLine.id == StockMovement.return_line_id)
        .where(ReturnLine.shipment_line_id.in_(shipment_line_ids), StockMovement.kind == MovementKind.RETURN)
        .group_by(ReturnLine.shipment_line_id, StockMovement.batch_id, StockMovement.serial_id)
    )
    return {(line_id, batch_id, serial_id): quantity for line_id, batch_id, serial_id, quantity in rows}
