"""Price lists and their rows, and prices agreed with one customer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, NotFound
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.pricing.lists import Basis, Ending, Rounding, check_bounds
from webapp.models import ListPrice, PriceList, User
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.pricing.bulk import put_prices
from webapp.services.trees import refuse_circle
from webapp.services.versions import require_current

READERS: fields.Table = {
    "code": fields.code,
    "name": fields.text(100, required=True),
    "currency": fields.currency,
    "basis": fields.optional(fields.choice(Basis, Basis.ROWS)),
    "parent": fields.text(40),
    "percent": fields.change_in_percent,
    "prices_include_tax": fields.flag,
    "rounding": fields.choice(Rounding, Rounding.UP),
    "rounding_step": fields.optional(fields.price),
    "rounding_ending": fields.optional(fields.price, Decimal(0)),
    "floor_over_cost_percent": fields.optional(fields.change_in_percent),
    "cap_over_cost_percent": fields.optional(fields.change_in_percent),
    "is_active": fields.flag_on,
}


SHAPE = ("rounding", "rounding_step", "rounding_ending", "floor_over_cost_percent", "cap_over_cost_percent")
"""How a list shapes the prices it makes."""


@command(Permission.PRICES_WRITE)
def add_price_list(*, actor: User, **values: Any) -> PriceList:
    """Add a list: ``code``, ``name``, ``currency``, perhaps a ``basis`` with ``percent``, endings, floor and cap.

    Without a ``basis`` a list with a ``parent`` rests on it, one with a ``percent`` on the base prices, any other on
    its own rows. With ``prices_include_tax`` its prices are gross, and so are those of new orders of its customers.
    Raises BadInput, Forbidden.
    """
    record = fields.read_whole(READERS, values)
    record["basis"] = record["basis"] or _meant_basis(record)
    if _find(record["code"]) is not None:
        raise BadInput(f"There is a price list {record['code']} already.", field="code")
    price_list = PriceList(code=record["code"])
    _write(price_list, record)
    db.session.add(price_list)
    db.session.flush()
    audit.record(Action.PRICE_LIST_ADDED, price_list, actor=actor, after=record)
    return price_list


@command(Permission.PRICES_WRITE)
def change_price_list(code: str, /, *, version: int, actor: User, **changes: Any) -> PriceList:
    """Change what the list makes its prices of and how, its name, or whether it is in use.

    Raises StaleVersion, BadInput, NotFound.
    """
    price_list = _lock_with_all(code)
    before = list_record(price_list)
    wanted = fields.read(READERS, changes)
    if wanted.get("basis") is None and {"basis", "parent"} & wanted.keys():
        wanted["basis"] = _meant_basis({**before, **wanted})
    after = {field: value for field, value in wanted.items() if before[field] != value}
    require_current(price_list, version, f"Price list {code}", now=before, wanted=after)
    if {"code", "currency"} & after.keys():
        raise BadInput("Code and currency of a price list stay: customers and files name them.", field="code")
    _write(price_list, {**before, **after})
    refuse_circle(PriceList, price_list, "price list")
    price_list.bump()
    changed = {field: before[field] for field in after}
    audit.record(Action.PRICE_LIST_CHANGED, price_list, actor=actor, before=changed, after=after)
    return price_list


@command(Permission.PRICES_WRITE)
def put_price(code: str, /, *, actor: User, **price: Any) -> PriceList:
    """Add a row to a list, or change the row of the same item, quantity and first day. Raises BadInput, NotFound."""
    price_list = lock_list(code)
    refuse_rows(put_prices([{**price, "list": code}], actor=actor).refused)
    audit.record(Action.PRICE_LIST_CHANGED, price_list, actor=actor, after=price)
    return price_list


@command(Permission.PRICES_WRITE)
def remove_price(code: str, price_id: int, *, actor: User) -> PriceList:
    """Take a row off a list. Orders keep the prices they were given. Raises NotFound, Forbidden."""
    price_list = lock_list(code)
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
        "basis": price_list.basis,
        "percent": price_list.percent,
        "prices_include_tax": price_list.prices_include_tax,
        **{field: getattr(price_list, field) for field in SHAPE},
        "is_active": price_list.is_active,
    }


def refuse_rows(refused: list[Any]) -> None:
    """Raise the refusal of a single row as the form's own BadInput."""
    if refused:
        raise BadInput(refused[0].message, field=refused[0].field or None)


def _meant_basis(record: Mapping[str, Any]) -> Basis:
    """The basis of a list that does not say it."""
    if record["parent"]:
        return Basis.LIST
    return Basis.BASE if record["percent"] else Basis.ROWS


def _write(price_list: PriceList, record: Mapping[str, Any]) -> None:
    _check(record)
    parent = _parent(record)  # before anything is set: looking it up flushes
    price_list.name, price_list.currency, price_list.is_active = (
        record["name"], record["currency"], record["is_active"],
    )  # fmt: skip
    price_list.basis, price_list.percent = record["basis"], record["percent"]
    price_list.prices_include_tax = record["prices_include_tax"]
    for field in SHAPE:
        setattr(price_list, field, record[field])
    price_list.parent = parent


def _check(record: Mapping[str, Any]) -> None:
    """Refuse what does not go together. Raises BadInput."""
    basis = record["basis"]
    if basis is Basis.LIST and not record["parent"]:
        raise BadInput("Name the price list that this one rests on.", field="parent")
    if basis is not Basis.LIST and record["parent"]:
        raise BadInput("Only a list that rests on another list names one. Choose nothing here.", field="parent")
    if basis is Basis.ROWS and record["percent"]:
        raise BadInput("A list that names all its prices itself changes none by percent.", field="percent")
    step, ending = record["rounding_step"], record["rounding_ending"]
    if step is not None:
        Ending(step, ending)
    elif ending:
        raise BadInput("An ending needs the step between two prices, such as 1.", field="rounding_step")
    check_bounds(record["floor_over_cost_percent"], record["cap_over_cost_percent"])
    _check_currency(record)
    _check_kind(record)


def _check_kind(record: Mapping[str, Any]) -> None:
    """Base prices and costs are without tax, so a list whose prices include it is not made from or bound by them."""
    if not record["prices_include_tax"]:
        return
    if record["basis"] in (Basis.BASE, Basis.COST):
        raise BadInput("Base prices and costs are without tax; a list made from them is too.", field="basis")
    for field in ("floor_over_cost_percent", "cap_over_cost_percent"):
        if record[field] is not None:
            raise BadInput("Costs are without tax, the prices of this list are not.", field=field)


def _check_currency(record: Mapping[str, Any]) -> None:
    ours, currency = the_company().base_currency, record["currency"]
    if currency == ours:
        return
    if record["basis"] in (Basis.BASE, Basis.COST):
        raise BadInput(f"Base prices and costs are in {ours}, the list is in {currency}.", field="basis")
    for field in ("floor_over_cost_percent", "cap_over_cost_percent"):
        if record[field] is not None:
            raise BadInput(f"Costs are in {ours}, the list is in {currency}.", field=field)


def _parent(record: Mapping[str, Any]) -> PriceList | None:
    if not record["parent"]:
        return None
    parent = _find(record["parent"])
    if parent is None:
        raise BadInput(f"There is no price list {record['parent']}.", field="parent")
    if parent.currency != record["currency"]:
        raise BadInput(f"Price list {parent.code} is in {parent.currency}, not {record['currency']}.", field="parent")
    if parent.prices_include_tax != record["prices_include_tax"]:
        kind = "include" if parent.prices_include_tax else "do not include"
        raise BadInput(f"Prices of {parent.code} {kind} tax; this list must be of the same kind.", field="parent")
    return parent


def _find(code: str) -> PriceList | None:
    return db.session.scalar(select(PriceList).where(PriceList.code == code))


def lock_list(code: str) -> PriceList:
    """The list called ``code``, locked. Raises NotFound."""
    found = _find(code)
    if found is None:
        raise NotFound(f"There is no price list {code}.")
    return locks.lock_price_rules(PriceList, [found.id])[0]


def _lock_with_all(code: str) -> PriceList:
    """The list, every other one locked too: two lists that are put on each other at once must not form a circle."""
    every = locks.lock_price_rules(PriceList, db.session.scalars(select(PriceList.id)))
    found = next((one for one in every if one.code == code), None)
    if found is None:
        raise NotFound(f"There is no price list {code}.")
    return found
