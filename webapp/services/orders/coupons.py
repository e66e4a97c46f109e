"""Coupons on orders: each holds a use of its promotion from when it is entered until it is taken off."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.models import Order, Promotion, PromotionUse, User
from webapp.queries.orders.coupons import coupons_of
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.orders.after_edit import settle_edit
from webapp.services.orders.amounts import retotal
from webapp.services.orders.editing import editable_order
from webapp.services.orders.promotions import coupons_for, drop_coupon, read_coupon, settle_promotions, take_coupons


@command(Permission.ORDERS_WRITE)
def enter_coupon(number: str, code: str, *, version: int | None = None, actor: User) -> Order:
    """Let a coupon's promotion count for an order, as long as it has uses left; entered twice it changes nothing.

    Raises BadInput for an unknown code, Refused for one that is no good here, StaleVersion, IllegalMove, Forbidden.
    """
    order = editable_order(number, version, actor)
    coupon = read_coupon(code)
    if _held(order, coupon) is None:
        take_coupons(order, coupons_for(order, [coupon]))
    _settle(order, actor)
    audit.record(Action.COUPON_ENTERED, order, actor=actor, after={"coupon": coupon, "total": order.total})
    return order


@command(Permission.ORDERS_WRITE)
def remove_coupon(number: str, code: str, *, version: int | None = None, actor: User) -> Order:
    """Take a coupon off an order and give its use back. Raises NotFound, StaleVersion, IllegalMove, Forbidden."""
    order = editable_order(number, version, actor)
    coupon = read_coupon(code)
    promotion_id = _held(order, coupon)
    if promotion_id is None:
        raise NotFound(f"{order.label} carries no coupon {coupon}.")
    drop_coupon(order, promotion_id)
    _settle(order, actor)
    audit.record(Action.COUPON_REMOVED, order, actor=actor, before={"coupon": coupon}, after={"total": order.total})
    return order


@command(Permission.ORDERS_WRITE)
def replace_coupons(number: str, codes: Sequence[str], *, actor: User) -> Order:
    """Let an order carry exactly these coupons. Raises as entering and removing do."""
    order = editable_order(number, None, actor)
    wanted = {read_coupon(code) for code in codes}
    there = set(coupons_of(order.id))
    for coupon in sorted(there - wanted):
        remove_coupon(number, coupon, actor=actor)
    for coupon in sorted(wanted - there):
        enter_coupon(number, coupon, actor=actor)
    audit.record(
        Action.ORDER_CHANGED, order, actor=actor, before={"coupons": sorted(there)}, after={"coupons": sorted(wanted)}
    )
    return order


def _held(order: Order, coupon: str) -> int | None:
    return db.session.scalar(
        select(PromotionUse.promotion_id)
        .join(Promotion, Promotion.id == PromotionUse.promotion_id)
        .where(PromotionUse.order_id == order.id, Promotion.coupon == coupon)
    )


def _settle(order: Order, actor: User) -> None:
    settle_promotions(order, actor=actor)
    retotal(order)
    order.bump()
    settle_edit(order, actor=actor)
