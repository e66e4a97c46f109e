"""Promotions as their author makes them: drafted, tried, published, ended.

A draft counts for nobody until it is published. Orders keep what an ended promotion gave them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.constants import ZERO
from webapp.domain.errors import BadInput, IllegalMove, NotFound
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.domain.promotions.terms import Benefit
from webapp.models import Category, Customer, CustomerGroup, Promotion, PromotionScope, PromotionState, User, Variant
from webapp.queries.promotions.records import PLAIN, SCOPES, promotion_record
from webapp.services import audit, locks
from webapp.services.commands import command
from webapp.services.company import the_company
from webapp.services.orders.promotions import read_coupon
from webapp.services.versions import require_current

MOST_USES = 10**9


def readers(currency: str) -> fields.Table:
    """The fields of a promotion whose amounts are in ``currency``."""
    return {
        "code": fields.code,
        "name": fields.text(100, required=True),
        "benefit": fields.choice(Benefit, Benefit.PERCENT),
        "percent": fields.optional(fields.percent),
        "unit_amount": fields.optional(fields.price),
        "currency": fields.optional(fields.currency),
        "buy_quantity": fields.quantity_or_none,
        "free_quantity": fields.quantity_or_none,
        "free_item": fields.text(40),
        "items": fields.words(40),
        "categories": fields.words(100),
        "customers": fields.words(40),
        "groups": fields.words(40),
        "min_quantity": fields.quantity_or_none,
        "max_quantity": fields.optional(fields.quantity),
        "min_amount": fields.optional(fields.money(currency), ZERO),
        "over_lines": fields.flag,
        "valid_from": fields.optional(fields.day),
        "valid_to": fields.optional(fields.day),
        "coupon": _coupon,
        "max_uses": fields.optional(fields.whole(1, MOST_USES)),
        "max_uses_per_customer": fields.optional(fields.whole(1, MOST_USES)),
        "stackable": fields.flag,
        "priority": fields.whole(-1000, 1000, 0),
    }


@command(Permission.PRICES_WRITE)
def add_promotion(*, actor: User, **values: Any) -> Promotion:
    """Draft a promotion. ``items`` and ``categories`` empty: all items; ``customers`` and ``groups`` empty: everybody.

    Raises BadInput with a sentence for every field that is wrong, Forbidden.
    """
    record = _read_whole(values)
    if _find(record["code"]) is not None:
        raise BadInput(f"There is a promotion {record['code']} already.", field="code")
    promotion = Promotion(code=record["code"], state=PromotionState.DRAFT, uses=0, created_at=clock.now(), scopes=[])
    _write(promotion, record)
    db.session.add(promotion)
    db.session.flush()
    audit.record(Action.PROMOTION_ADDED, promotion, actor=actor, after=record)
    return promotion


@command(Permission.PRICES_WRITE)
def launch_promotion(*, actor: User, **values: Any) -> Promotion:
    """Draft and publish a promotion in one act. Raises as ``add_promotion`` does."""
    promotion = publish_promotion(add_promotion(actor=actor, **values).code, actor=actor)
    audit.record(Action.PROMOTION_PUBLISHED, promotion, actor=actor, after=promotion_record(promotion))
    return promotion


@command(Permission.PRICES_WRITE)
def change_promotion(code: str, /, *, version: int, actor: User, **changes: Any) -> Promotion:
    """Change a draft, or a published promotion for prices that are asked from now on.

    Raises StaleVersion, BadInput, NotFound, Forbidden; IllegalMove for an ended one.
    """
    promotion = _lock(code)
    if promotion.state is PromotionState.ENDED:
        raise IllegalMove(f"Promotion {code} was ended and stays as it was.", {"status": promotion.state.value})
    before = promotion_record(promotion)
    wanted = fields.read(readers(_currency(changes, promotion)), changes)
    after = {field: value for field, value in wanted.items() if before[field] != value}
    require_current(promotion, version, f"Promotion {code}", now=before, wanted=after)
    if "code" in after:
        raise BadInput("The code of a promotion stays: programs name it.", field="code")
    _write(promotion, _checked({**before, **after}))
    promotion.bump()
    changed = {field: before[field] for field in after}
    audit.record(Action.PROMOTION_CHANGED, promotion, actor=actor, before=changed, after=after)
    return promotion


@command(Permission.PRICES_WRITE)
def publish_promotion(code: str, *, actor: User) -> Promotion:
    """Let a draft count for every price asked from now on. Raises IllegalMove, NotFound, Forbidden."""
    return _move(code, PromotionState.DRAFT, PromotionState.PUBLISHED, Action.PROMOTION_PUBLISHED, actor)


@command(Permission.PRICES_WRITE)
def end_promotion(code: str, *, actor: User) -> Promotion:
    """Let it count for no new price; orders keep what it gave them. Raises IllegalMove, NotFound, Forbidden."""
    return _move(code, PromotionState.PUBLISHED, PromotionState.ENDED, Action.PROMOTION_ENDED, actor)


def _move(code: str, start: PromotionState, to: PromotionState, action: Action, actor: User) -> Promotion:
    promotion = _lock(code)
    _must_be(promotion, start)
    promotion.state = to
    promotion.bump()
    audit.record(action, promotion, actor=actor)
    return promotion


# -- reading ------------------------------------------------------------------------------------------------------


def _coupon(value: Any, field: str) -> str | None:
    return None if fields.is_blank(value) else read_coupon(value, field)


def _read_whole(values: Mapping[str, Any]) -> dict[str, Any]:
    return _checked(fields.read_whole(readers(_currency(values)), values))


def _currency(values: Mapping[str, Any], promotion: Promotion | None = None) -> str:
    """The currency in which amounts are read; the reader of the field itself refuses one that is none."""
    stored = promotion.currency if promotion is not None else None
    given = str(values.get("currency") or stored or "").strip().upper()
    base = the_company().base_currency
    return given if fields.is_currency(given) else base


NEEDED = {
    Benefit.PERCENT: ("percent",),
    Benefit.AMOUNT: ("unit_amount",),
    Benefit.FIXED_PRICE: ("unit_amount",),
    Benefit.FREE_GOODS: ("buy_quantity", "free_quantity"),
}
TERMS = ("percent", "unit_amount", "buy_quantity", "free_quantity", "free_item")
LEFT_OUT: dict[str, tuple[str, ...]] = {
    benefit: tuple(
        field for field in TERMS if field not in needed and (field, benefit) != ("free_item", Benefit.FREE_GOODS)
    )
    for benefit, needed in NEEDED.items()
}
"""By benefit the terms that stay empty."""
ASKS = {
    "percent": "Say how many percent are taken off.",
    "unit_amount": "Say which amount is taken off each, or what each costs.",
    "buy_quantity": "Say how many have to be bought for the free ones.",
    "free_quantity": "Say how many come free.",
}


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its currency, if it is whole. Raises BadInput for what does not go together."""
    benefit, wrong = record["benefit"], {}
    for field in NEEDED[benefit]:
        if not _is_given(record[field], benefit):
            wrong[field] = ASKS[field]
    for field in LEFT_OUT[benefit]:
        if record[field]:
            wrong[field] = f"This stays empty where the promotion gives {BENEFITS[benefit]}."
    if record["valid_from"] and record["valid_to"] and record["valid_to"] < record["valid_from"]:
        wrong["valid_to"] = f"The last day {record['valid_to']} lies before the first day {record['valid_from']}."
    if record["max_quantity"] is not None and record["max_quantity"] < record["min_quantity"]:
        wrong["max_quantity"] = "The largest quantity is below the smallest."
    fields.refuse_all(wrong)
    has_amounts = record["unit_amount"] is not None or record["min_amount"]
    currency = record["currency"] or the_company().base_currency
    return {**record, "currency": currency if has_amounts else None}


BENEFITS = {
    Benefit.PERCENT: "percent off",
    Benefit.AMOUNT: "an amount off",
    Benefit.FIXED_PRICE: "a fixed price",
    Benefit.FREE_GOODS: "free goods",
}


def _is_given(value: Decimal | None, benefit: Benefit) -> bool:
    """A price may be 0, a reduction or a quantity may not."""
    return value is not None if benefit is Benefit.FIXED_PRICE else bool(value)


# -- writing ------------------------------------------------------------------------------------------------------

NAMED_BY: dict[str, tuple[InstrumentedAttribute[str], str]] = {
    "items": (Variant.sku, "item"),
    "categories": (Category.name, "category"),
    "customers": (Customer.code, "customer"),
    "groups": (CustomerGroup.code, "customer group"),
}
"""By field the column that its words are looked up in, and what a sentence calls one."""


def _write(promotion: Promotion, record: Mapping[str, Any]) -> None:
    _refuse_taken_coupon(promotion, record["coupon"])
    if record["max_uses"] is not None and record["max_uses"] < promotion.uses:
        raise BadInput(f"{promotion.uses} orders hold a use already, so fewer cannot be allowed.", field="max_uses")
    free = _ids("items", (record["free_item"],) if record["free_item"] else (), "free_item")
    ids = {field: _ids(field, record[field], field) for field in SCOPES}
    for field in PLAIN:
        setattr(promotion, field, record[field])
    promotion.free_variant_id = next(iter(free), None)
    _write_scopes(promotion, ids)


def _write_scopes(promotion: Promotion, ids: Mapping[str, Sequence[int]]) -> None:
    """Keep the scopes that stay, drop and add the others."""
    wanted = {(SCOPES[field], one) for field, found in ids.items() for one in found}
    kept = [scope for scope in promotion.scopes if scope.key in wanted]
    there = {scope.key for scope in kept}
    promotion.scopes = kept + [PromotionScope(**{column: one}) for column, one in sorted(wanted - there)]


def _ids(kind: str, words: Iterable[str], field: str) -> list[int]:
    """The ids of what the words name. Raises BadInput for a word that names nothing."""
    words = list(words)
    if not words:
        return []
    column, name = NAMED_BY[kind]
    found: dict[str, int] = dict(db.session.execute(select(column, column.class_.id).where(column.in_(words))).all())
    missing = [word for word in words if word not in found]
    if missing:
        raise BadInput(f"There is no {name} {missing[0]}.", field=field)
    return [found[word] for word in words]


def _refuse_taken_coupon(promotion: Promotion, coupon: str | None) -> None:
    if coupon is None:
        return
    other = db.session.scalar(select(Promotion).where(Promotion.coupon == coupon))
    if other is not None and other is not promotion:
        raise BadInput(f"Coupon {coupon} belongs to promotion {other.code} already.", field="coupon")


def _must_be(promotion: Promotion, state: PromotionState) -> None:
    if promotion.state is not state:
        raise IllegalMove(
            f"Promotion {promotion.code} is {promotion.state.lower()}, not {state.lower()}.",
            {"status": promotion.state.value},
        )


def _find(code: str) -> Promotion | None:
    return db.session.scalar(select(Promotion).where(Promotion.code == code))


def _lock(code: str) -> Promotion:
    found = _find(code)
    if found is None:
        raise NotFound(f"There is no promotion {code}.")
    return locks.lock_price_rules(Promotion, [found.id])[0]
