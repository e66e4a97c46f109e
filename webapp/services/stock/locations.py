"""Warehouses and the bins inside them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Refused
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.models import Location, StockLevel, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.trees import refuse_circle
from webapp.services.versions import require_current

READERS: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "parent": fields.text(40),
    "is_active": fields.flag_on,
}


@command(Permission.LOCATIONS_WRITE)
def add_location(code: str, name: str, *, parent: str = "", actor: User) -> Location:
    """Add a warehouse, or a bin inside ``parent``. Orders ship from the first one until settings say otherwise.

    Raises BadInput, Forbidden.
    """
    record = fields.read(READERS, {"code": code, "name": name, "parent": parent, "is_active": True})
    if _find(record["code"]) is not None:
        raise BadInput(f"There is a location {record['code']} already.", field="code")
    location = Location(code=record["code"])
    _write(location, record)
    db.session.add(location)
    db.session.flush()
    company = locks.lock_company()
    if company.default_location_id is None:
        company.default_location_id = location.id
    audit.record(Action.LOCATION_ADDED, location, actor=actor, after=record)
    return location


@command(Permission.LOCATIONS_WRITE)
def change_location(code: str, /, *, version: int, actor: User, **changes: Any) -> Location:
    """Rename a location, move it below another, or take it out of use, which needs it to be empty.

    Raises StaleVersion, BadInput, Refused, NotFound, Forbidden.
    """
    location = locks.lock_location(code)
    before = location_record(location)
    after = {field: value for field, value in fields.read(READERS, changes).items() if before[field] != value}
    require_current(location, version, f"Location {code}", now=before, wanted=after)
    if "code" in after:
        raise BadInput("A location's code stays: movements and files name it.", field="code")
    if after.get("is_active") is False and _holds_stock(location):
        raise Refused(f"Goods lie at {code}. Move them first.")
    _write(location, {**before, **after})
    refuse_circle(Location, location, "location")
    location.bump()
    audit.record(
        Action.LOCATION_CHANGED, location, actor=actor, before={field: before[field] for field in after}, after=after
    )
    return location


def location_record(location: Location) -> dict[str, Any]:
    """The location's fields."""
    return {
        "code": location.code,
        "name": location.name,
        "parent": location.parent.code if location.parent else "",
        "is_active": location.is_active,
    }


def _write(location: Location, record: dict[str, Any]) -> None:
    parent = _find(record["parent"]) if record["parent"] else None
    if record["parent"] and parent is None:
        raise BadInput(f"There is no location {record['parent']}.", field="parent")
    location.name, location.is_active = record["name"], record["is_active"]
    location.parent = parent


def _holds_stock(location: Location) -> bool:
    held = exists().where(StockLevel.location_id == location.id, StockLevel.on_hand_qty > 0)
    return bool(db.session.scalar(select(held)))


def _find(code: str) -> Location | None:
    return db.session.scalar(select(Location).where(Location.code == code))
