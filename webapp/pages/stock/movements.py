"""Movements of stock in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from webapp.models import (
    Location,
    MovementKind,
    StockMovement,
    User,
    Variant,
)
from webapp.queries.filtering import narrowed
from webapp.queries.paging import PAGE_SIZE, Page, page_of
from webapp.queries.visibility import visible


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """What the list is narrowed to; ``text`` is part of a SKU, a reference or a reason, ``sku`` a whole one."""

    text: str = ""
    sku: str = ""
    location: str = ""
    kind: MovementKind | None = None
    moved_from: date | None = None
    moved_to: date | None = None


def list_movements(
    wanted: MovementFilter, *, viewer: User, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[StockMovement]:
    """Movements that ``viewer`` may see, the newest first, with item, place, lot and person. Raises BadInput."""
    statement = (
        select(StockMovement)
        .join(Variant, Variant.id == StockMovement.variant_id)
        .join(Location, Location.id == StockMovement.location_id)
        .where(
            visible(StockMovement, viewer),
            *narrowed(
                (wanted.text, _tells),
                (wanted.sku, lambda sku: Variant.sku == sku),
                (wanted.location, lambda code: Location.code == code),
                (wanted.kind, lambda kind: StockMovement.kind == kind),
                (wanted.moved_from, lambda day: StockMovement.moved_on >= day),
                (wanted.moved_to, lambda day: StockMovement.moved_on <= day),
            ),
        )
        .options(
            joinedload(StockMovement.variant, innerjoin=True),
            joinedload(StockMovement.location, innerjoin=True),
            joinedload(StockMovement.batch),
            joinedload(StockMovement.serial),
            joinedload(StockMovement.user, innerjoin=True),
        )
    )
    return page_of(statement, StockMovement.id, cursor=cursor, limit=limit)


def _tells(text: str) -> ColumnElement[bool]:
    return or_(
        Variant.sku.icontains(text, autoescape=True),
        StockMovement.reference.icontains(text, autoescape=True),
        StockMovement.reason.icontains(text, autoescape=True),
    )
