"""Stock levels, locations and movements as programs list them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.db import Scaled, db
from webapp.domain.constants import ZERO
from webapp.domain.importing import fields
from webapp.models import Batch, Location, Lot, MovementKind, StockLevel, StockMovement, User
from webapp.queries.company import today
from webapp.queries.paging import Page, page_of
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What lies of one variant at one location, in base units."""

    sku: str
    location: str
    on_hand_qty: Decimal
    allocated_qty: Decimal
    available_qty: Decimal


def levels_page(
    *, variant_id: int | None = None, location_id: int | None = None, cursor: str | None = None, limit: int
) -> Page[LevelRow]:
    """Stock levels, with what is free of each: neither allocated nor in quarantine or expired."""
    statement = select(StockLevel).options(
        joinedload(StockLevel.variant, innerjoin=True), joinedload(StockLevel.location, innerjoin=True)
    )
    if variant_id is not None:
        statement = statement.where(StockLevel.variant_id == variant_id)
    if location_id is not None:
        statement = statement.where(StockLevel.location_id == location_id)
    page = page_of(statement, StockLevel.id, cursor=cursor, limit=limit, newest_first=False)
    blocked = _blocked(level.id for level in page.rows)
    return Page(tuple(_row(level, blocked.get(level.id, ZERO)) for level in page.rows), page.cursor)


def _row(level: StockLevel, blocked: Decimal) -> LevelRow:
    free = max(level.on_hand_qty - level.allocated_qty - blocked, ZERO)
    return LevelRow(level.variant.sku, level.location.code, level.on_hand_qty, level.allocated_qty, free)


def _blocked(level_ids: Iterable[int]) -> dict[int, Decimal]:
    """By level what lies there unallocated in quarantine or in expired batches."""
    expired = Batch.expires_on.is_not(None) & (Batch.expires_on <= today())
    rows = db.session.execute(
        select(Lot.level_id, func.sum(Lot.on_hand_qty - Lot.allocated_qty, type_=Scaled(6)))
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(Lot.level_id.in_(list(level_ids)), Lot.quarantined | expired)
        .group_by(Lot.level_id)
    )
    return {row[0]: row[1] for row in rows}


def locations_page(*, cursor: str | None = None, limit: int) -> Page[Location]:
    """Locations by code."""
    statement = select(Location).options(joinedload(Location.parent))
    return page_of(statement, Location.code, cursor=cursor, limit=limit, newest_first=False)


def movements_page(
    *,
    viewer: User,
    variant_id: int | None = None,
    location_id: int | None = None,
    kind: str | None = None,
    reference: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> Page[StockMovement]:
    """Movements that ``viewer`` may see, the newest first. Raises BadInput."""
    statement = select(StockMovement).where(visible(StockMovement, viewer)).options(*_PARTS)
    if variant_id is not None:
        statement = statement.where(StockMovement.variant_id == variant_id)
    if location_id is not None:
        statement = statement.where(StockMovement.location_id == location_id)
    if kind:
        statement = statement.where(
            StockMovement.kind == fields.choice(MovementKind, MovementKind.RECEIPT)(kind, "kind")
        )
    if reference:
        statement = statement.where(StockMovement.reference == reference)
    return page_of(statement, StockMovement.id, cursor=cursor, limit=limit)


def movements(ids: Iterable[int]) -> list[StockMovement]:
    """Movements by id, in that order."""
    statement = select(StockMovement).where(StockMovement.id.in_(list(ids))).order_by(StockMovement.id)
    return list(db.session.scalars(statement.options(*_PARTS)))


_PARTS = (
    joinedload(StockMovement.variant, innerjoin=True),
    joinedload(StockMovement.location, innerjoin=True),
    joinedload(StockMovement.batch),
    joinedload(StockMovement.serial),
    joinedload(StockMovement.user, innerjoin=True),
)
