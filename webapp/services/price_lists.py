"""Price lists and their rows, and prices agreed with one customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from webapp.db import command, db
from webapp.domain import fields
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.permissions import Permission
from webapp.models import ListPrice, PriceList, User
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.loading.prices import put_prices
from webapp.services.trees import refuse_circle
from webapp.services.versions import require_current

READERS: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "currency": fields.currency,
    "parent": fields.text(40),
    "percent": fields.change_in_percent,
    "prices_include_tax": fields.flag,
    "is_active": fields.flag_on,
}


@command
def add_price_list(*, actor: User, **values: Any) -> PriceList:
    """Add a list: ``code``, ``name``, ``currency``, perhaps a ``parent`` list and ``percent`` over its prices.

    With ``prices_include_tax`` its prices are gross, and so are those of new orders of its customers.

    Raises BadInput, Forbidden.
    """
    require(actor, Permission.PRICES_WRITE)
    record = fields.read_whole(READERS, values)
    if _find(record["code"]) is not None:
        raise BadInput(f"There is a price list {record['code']} already.", field="code")
    price_list = PriceList(code=record["code"])
    _write(price_list, record)
    db.session.add(price_list)
    db.session.flush()
    audit.record(Action.PRICE_LIST_ADDED, price_list, actor=actor, after=record)
    return price_list


@command
def change_price_list(code: str, /, *, version: int, actor: User, **changes: Any) -> PriceList:
    """Change name, parent, percent or whether the list is in use. Raises StaleVersion, BadInput, NotFound."""
    require(actor, Permission.PRICES_WRITE)
    price_list = _lock(code)
    before = list_record(price_list)
    after = {field: value for field, value in fields.read(READERS, changes).items() if before[field] != value}
    require_current(price_list, version, f"Price list {code}", now=before, wanted=after)
    if {"code", "currency"} & after.keys():
        raise BadInput("Code and currency of a price list stay: customers and files name them.", field="code")
    _write(price_list, {**before, **after})
    refuse_circle(PriceList, price_list, "price list")
    price_list.bump()
    changed = {field: before[field] for field in after}
    audit.record(Action.PRICE_LIST_CHANGED, price_list, actor=actor, before=changed, after=after)
    return price_list


@command
def put_price(code: str, /, *, actor: User, **price: Any) -> PriceList:
    """Add a row to a list, or change the row of the same item, quantity and first day. Raises BadInput, NotFound."""
    require(actor, Permission.PRICES_WRITE)
    price_list = _lock(code)
    refuse_rows(put_prices([{**price, "list": code}], actor=actor).refused)
    audit.record(Action.PRICE_LIST_CHANGED, price_list, actor=actor, after=price)
    return price_list


@command
def remove_price(code: str, price_id: int, *, actor: User) -> PriceList:
    """Take a row off a list. Orders keep the prices they were given. Raises NotFound, Forbidden."""
    require(actor, Permission.PRICES_WRITE)
    price_list = _lock(code)
    row = db.session.get(ListPrice, price_id)
    if row is None or row.price_list_id != price_list.id:
        raise NotFound(f"Price list {code} has no such row.")
    before = {
        "sku": row.variant.sku,
        "min_quantity": row.min_quantity,
        "unit_price": row.unit_price,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }
    db.session.delete(row)
    price_list.bump()
    audit.record(Action.PRICE_LIST_CHANGED, price_list, actor=actor, before=before, after={})
    return price_list


def list_record(price_list: PriceList) -> dict[str, Any]:
    """The list's own fields."""
    return {
        "code": price_list.code,
        "name": price_list.name,
        "currency": price_list.currency,
        "parent": price_list.parent.code if price_list.parent else "",
        "percent": price_list.percent,
        "prices_include_tax": price_list.prices_include_tax,
        "is_active": price_list.is_active,
    }


def refuse_rows(refused: list[Any]) -> None:
    """Raise the refusal of a single row as the form's own BadInput."""
    if refused:
        raise BadInput(refused[0].message, field=refused[0].field or None)


def _write(price_list: PriceList, record: dict[str, Any]) -> None:
    parent = _find(record["parent"]) if record["parent"] else None
    if record["parent"] and parent is None:
        raise BadInput(f"There is no price list {record['parent']}.", field="parent")
    if parent is not None and parent.currency != record["currency"]:
        raise BadInput(f"Price list {parent.code} is in {parent.currency}, not {record['currency']}.", field="parent")
    if parent is not None and parent.prices_include_tax != record["prices_include_tax"]:
        kind = "include" if parent.prices_include_tax else "do not include"
        raise BadInput(f"Prices of {parent.code} {kind} tax; this list must be of the same kind.", field="parent")
    price_list.prices_include_tax = record["prices_include_tax"]
    price_list.name, price_list.currency = record["name"], record["currency"]
    price_list.percent, price_list.is_active = record["percent"], record["is_active"]
    price_list.parent = parent


def _find(code: str) -> PriceList | None:
    return db.session.scalar(select(PriceList).where(PriceList.code == code))


def _lock(code: str) -> PriceList:
    found = _find(code)
    if found is None:
        raise NotFound(f"There is no price list {code}.")
    return locks.lock_price_rules(PriceList, [found.id])[0]
