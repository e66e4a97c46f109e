"""Copying a price list with a change in percent: onto itself from a day on, or as a new list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, or_, select, update

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Refused
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.pricing.copies import Copying, NewPrice
from webapp.domain.pricing.lists import Ending, Rounding
from webapp.models import ListPrice, PriceList, User
from webapp.queries.pricing.copies import old_prices, starting_on
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.company import today
from webapp.services.pricing.lists import SHAPE, list_record, lock_list
from webapp.services.versions import require_current

READERS: fields.Table = {
    "valid_from": fields.day,
    "percent": fields.change_in_percent,
    "rounding": fields.choice(Rounding, Rounding.UP),
    "rounding_step": fields.optional(fields.price),
    "rounding_ending": fields.quantity_or_none,
    "new_code": fields.optional(fields.code),
    "new_name": fields.text(100),
    "is_active": fields.flag,
}


def read_copy(values: Mapping[str, Any]) -> Copying:
    """What a form of a copy asks for. It only reads. Raises BadInput by field."""
    return _copying(fields.read_whole(READERS, values))


@command(Permission.PRICES_WRITE)
def copy_price_list(code: str, /, *, version: int, actor: User, **values: Any) -> PriceList:
    """Copy the prices of a list, changed by ``percent``, from ``valid_from`` on; answers the list they are on.

    Without a ``new_code`` they are put on the list itself: the old ones end the day before. With one a new list is
    made that rests on the same and is in use only when ``is_active`` says so. ``version`` is that of the preview, so
    that what is published is what was looked at. Raises BadInput, NotFound, StaleVersion, Refused, Forbidden.
    """
    record = fields.read_whole(READERS, values)
    copying = _copying(record)
    source = lock_list(code)
    require_current(source, version, f"Price list {code}", now={}, wanted={})
    if copying.onto_itself:
        return _increase(source, copying, record, actor=actor)
    return _copy(source, copying, record, actor=actor)


def _increase(source: PriceList, copying: Copying, record: Mapping[str, Any], *, actor: User) -> PriceList:
    if copying.day < today():
        raise BadInput("Prices of a list change from today on, or later.", field="valid_from")
    if starting_on(source.id, copying.day):
        raise Refused(
            f"Some prices of {source.name} start on {copying.day.isoformat()} already."
            " Choose another day, or change them one by one."
        )
    new = _new_prices(source, copying)
    db.session.execute(_end_the_old(source, copying))
    _add(source, new)
    source.bump()
    told = {"percent": record["percent"], "valid_from": copying.day, "prices": len(new)}
    audit.record(Action.PRICE_LIST_CHANGED, source, actor=actor, reason=_told(new, copying), after=told)
    return source


def _copy(source: PriceList, copying: Copying, record: Mapping[str, Any], *, actor: User) -> PriceList:
    if db.session.scalar(select(PriceList.id).where(PriceList.code == record["new_code"])):
        raise BadInput(f"There is a price list {record['new_code']} already.", field="new_code")
    if not record["new_name"]:
        raise BadInput("A new list needs a name.", field="new_name")
    new = _new_prices(source, copying)
    same = {
        field: getattr(source, field)
        for field in ("currency", "prices_include_tax", "basis", "parent_id", "percent", *SHAPE)
    }
    made = PriceList(code=record["new_code"], name=record["new_name"], is_active=record["is_active"], **same)
    db.session.add(made)
    db.session.flush()
    _add(made, new)
    told = list_record(made) | {"copied_from": source.code, "prices": len(new)}
    reason = f"copied from {source.code}, {_told(new, copying)}"
    audit.record(Action.PRICE_LIST_ADDED, made, actor=actor, reason=reason, after=told)
    return made


def _copying(record: Mapping[str, Any]) -> Copying:
    step, ending = record["rounding_step"], record["rounding_ending"]
    if step is None and ending:
        raise BadInput("An ending needs the step between two prices, such as 1.", field="rounding_step")
    shape = None if step is None else Ending(step, ending, record["rounding"])
    return Copying(record["valid_from"], record["percent"], shape, onto_itself=record["new_code"] is None)


def _new_prices(source: PriceList, copying: Copying) -> list[NewPrice]:
    new = copying.of(old_prices(source.id))
    if not new:
        raise Refused(f"{source.name} names no price that is valid on {copying.day.isoformat()}.")
    return new


def _add(price_list: PriceList, new: Sequence[NewPrice]) -> None:
    db.session.execute(
        insert(ListPrice),
        [
            {
                "price_list_id": price_list.id,
                "variant_id": one.old.variant_id,
                "min_quantity": one.old.min_quantity,
                "unit_price": one.unit_price,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
            }
            for one in new
        ],
    )


def _end_the_old(source: PriceList, copying: Copying) -> Any:
    """What ``Copying.ends`` says, as one statement; rows that were loaded are read anew."""
    day = copying.day
    return (
        update(ListPrice)
        .where(
            ListPrice.price_list_id == source.id,
            or_(ListPrice.valid_from.is_(None), ListPrice.valid_from < day),
            or_(ListPrice.valid_to.is_(None), ListPrice.valid_to >= day),
        )
        .values(valid_to=copying.day_before)
        .execution_options(synchronize_session=False)
    )


def _told(new: Sequence[NewPrice], copying: Copying) -> str:
    percent = fields.written(copying.percent)
    return f"{len(new)} {'price' if len(new) == 1 else 'prices'} changed by {percent} % from {copying.day.isoformat()}"
