"""The shipments that stand behind an invoice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.db import db
from webapp.domain.states import ShipmentState
from webapp.models import Shipment


def shipments_of(order_id: int | None) -> Sequence[Shipment]:
    """What left the house for an order, the first shipment first; nothing where there is no order."""
    if order_id is None:
        return ()
    return db.session.scalars(
        select(Shipment)
        .where(Shipment.order_id == order_id, Shipment.state == ShipmentState.SHIPPED)
        .order_by(Shipment.id)
    ).all()
