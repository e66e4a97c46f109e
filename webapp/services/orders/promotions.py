"""Promotions on the lines of an order: prices after them, goods that come free, and the uses an order holds.

Asked anew at every change of an order, for all its lines, since a promotion may count over several of them. What was
shipped or billed keeps its price.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import delete, insert, select

from webapp.db import db
from webapp.domain import clock
from webapp.domain.errors import BadInput, Refused
from webapp.domain.pricing.derivation import DerivedPrice, Source
from webapp.domain.promotions.choice import FreeGoods, PromotedOrder, Sale, promote
from webapp.domain.promotions.terms import PromotionRule
from webapp.domain.states import OrderState
from webapp.domain.text import clean
from webapp.models import Order, OrderLine, Promotion, PromotionState, PromotionUse, User, Variant
from webapp.queries.promotions.rules import LiveRules, live_rules
from webapp.services import locks
from webapp.services.orders.lines import append_free_lines, list_stage, put_price
from webapp.services.pricing import derivation as pricing

LONGEST_COUPON = 40
NO_LONGER_FREE = "The promotion no longer gives it."


@dataclass(frozen=True, slots=True)
class Uses:
    """Limited promotions, by id, of which an order takes a use, and of which it gives one back."""

    taken: frozenset[int] = frozenset()
    given_back: frozenset[int] = frozenset()


def promote_order(
    order: Order, *, actor: User, coupons: Collection[int] = (), touched: Collection[OrderLine] = ()
) -> Uses:
    """Give every open line, and those just ``touched``, its price after promotions, and bring the free goods along.

    ``coupons`` are promotions whose coupon a new order brings; a stored order holds its own. Answers which uses of
    limited promotions the order has to take and give back (``keep_uses``).
    """
    sold = [line for line in order.lines if line.free_with_id is None]
    carried = _carried(order)
    live = _live(order, sold, carried, coupons)
    if not live.rules and not carried:
        return Uses()
    stages = [list_stage(line) for line in sold]
    found = _promoted(order, sold, stages, live)
    for line, stage, promoted in zip(sold, stages, found.lines, strict=True):
        if line in touched or not _is_settled(line):
            put_price(line, stage, promoted)
    _bring_free_goods(order, found.free, actor)
    applied = {rule_id for promoted in found.lines for rule_id in promoted.applied}
    wanted = (live.limited & applied) | (live.coupons & (live.held | set(coupons)))
    return Uses(wanted - live.held, live.held - wanted)


def keep_uses(order: Order, uses: Uses) -> None:
    """Take and give back what ``promote_order`` answered; the promotions are locked since their rules were read."""
    _take(order, uses.taken)
    _give_back(order, uses.given_back)


def give_back_uses(order: Order) -> None:
    """Give back every use of an order that is over."""
    _give_back(
        order, frozenset(db.session.scalars(select(PromotionUse.promotion_id).where(PromotionUse.order_id == order.id)))
    )


def settle_promotions(order: Order, *, actor: User, touched: Collection[OrderLine] = ()) -> None:
    """Prices after promotions, free goods and uses of a stored order whose lines changed."""
    with db.session.no_autoflush:  # new lines are written once, with their amounts
        keep_uses(order, promote_order(order, actor=actor, touched=touched))


def take_coupons(order: Order, promotion_ids: Iterable[int]) -> None:
    """Let an order hold the promotions behind its coupons (``coupons_for``)."""
    _take(order, frozenset(promotion_ids))


def drop_coupon(order: Order, promotion_id: int) -> None:
    """Give the use of a coupon's promotion back."""
    _give_back(order, frozenset({promotion_id}))


def coupons_for(order: Order, codes: Iterable[str]) -> list[int]:
    """The promotions behind the coupons that somebody enters for an order. Raises Refused, BadInput for a code that
    is unknown, or not good on the order's date or for its customer."""
    wanted = list(dict.fromkeys(map(read_coupon, codes)))
    if not wanted:
        return []
    promotions = _behind(wanted)
    live = live_rules(order.customer, (), on=order.order_date, tried=[one.id for one in promotions.values()])
    rules = {rule.rule_id: rule for rule in live.rules}
    for code, promotion in promotions.items():
        why = _why_no_coupon(promotion, rules.get(promotion.id), order)
        if why:
            raise Refused(f"Coupon {code} {why}")
    return [promotion.id for promotion in promotions.values()]


def read_coupon(code: str, field: str = "coupon") -> str:
    """A coupon's code as it is kept: without outer blanks, in capitals. Raises BadInput."""
    return clean(code, field=field, max_length=LONGEST_COUPON, required=True).upper()


def _behind(codes: Sequence[str]) -> dict[str, Promotion]:
    """By coupon its promotion, all of them locked in the one order."""
    rows = select(Promotion.coupon, Promotion.id).where(
        Promotion.coupon.in_(codes), Promotion.state != PromotionState.DRAFT
    )
    ids = {row.coupon: row.id for row in db.session.execute(rows)}
    for code in codes:
        if code not in ids:
            raise BadInput(f"There is no coupon {code}.", field="coupon")
    locked = {one.id: one for one in locks.lock_price_rules(Promotion, ids.values())}
    return {code: locked[ids[code]] for code in codes}


def _why_no_coupon(promotion: Promotion, rule: PromotionRule | None, order: Order) -> str:
    """Why a locked promotion's coupon is no good for an order that does not hold it; empty when it is."""
    if promotion.state is PromotionState.ENDED:
        return "was ended."
    if promotion.valid_from and order.order_date < promotion.valid_from:
        return f"starts on {promotion.valid_from.isoformat()}."
    if promotion.valid_to and order.order_date > promotion.valid_to:
        return f"ended on {promotion.valid_to.isoformat()}."
    if rule is None:
        return f"is not for {order.customer.name}."
    return f"is refused: {rule.barred[0].lower()}{rule.barred[1:]}" if rule.barred else ""


# -- rules --------------------------------------------------------------------------------------------------------


def _live(order: Order, sold: Sequence[OrderLine], carried: set[int], coupons: Collection[int]) -> LiveRules:
    """The rules for the order's lines, with the limited ones locked so that their last use is taken once."""

    def ask() -> LiveRules:
        variant_ids = {line.variant.id for line in sold}
        return live_rules(
            order.customer, variant_ids, on=order.order_date, order_id=order.id, carried=carried, tried=coupons
        )

    live = ask()
    counted = {rule.rule_id for rule in live.rules if rule.rule_id in live.limited and _fits(rule, live)}
    if not counted:
        return live
    locks.lock_price_rules(Promotion, counted)
    return ask()


def _fits(rule: PromotionRule, live: LiveRules) -> bool:
    """Whether a rule is for any of the items asked for."""
    return rule.all_items or any(
        variant_id in rule.variants or category_id in rule.categories
        for variant_id, category_id in live.categories.items()
    )


def _carried(order: Order) -> set[int]:
    """The promotions that gave the order's lines something before."""
    steps = (step for line in order.lines for step in line.derivation)
    return {step["rule_id"] for step in steps if step["won"] and step["kind"] == Source.PROMOTION}


def _promoted(
    order: Order, sold: Sequence[OrderLine], stages: Sequence[DerivedPrice], live: LiveRules
) -> PromotedOrder:
    sales = [
        Sale(
            line.variant.id, live.categories.get(line.variant.id), line.quantity - line.cancelled_qty, stage.unit_price
        )
        for line, stage in zip(sold, stages, strict=True)
    ]
    gifts = pricing.gift_prices(order.customer, live.rules, on=order.order_date)
    return promote(sales, live.rules, on=order.order_date, currency=order.currency, prices=gifts)


# -- goods that come free -----------------------------------------------------------------------------------------


def _bring_free_goods(order: Order, wanted: Sequence[FreeGoods], actor: User) -> None:
    there = {(line.free_with_id, line.variant.id): line for line in order.lines if line.free_with_id is not None}
    keys = {(goods.promotion.rule_id, goods.variant_id): goods for goods in wanted}
    for key, line in there.items():
        if key in keys:
            _resize(line, keys[key].quantity)
        else:
            _drop(order, line)
    new = [goods for key, goods in keys.items() if key not in there]
    if new:
        variants = _variants(goods.variant_id for goods in new)
        append_free_lines(order, [(variants[goods.variant_id], goods) for goods in new], actor=actor)


def _variants(variant_ids: Iterable[int]) -> Mapping[int, Variant]:
    return {one.id: one for one in db.session.scalars(select(Variant).where(Variant.id.in_(set(variant_ids))))}


def _resize(line: OrderLine, quantity: Decimal) -> None:
    """The quantity that comes free now, never less than was allocated, shipped or given up."""
    line.quantity = max(quantity, line.allocated_qty + line.shipped_qty + line.cancelled_qty)


def _drop(order: Order, line: OrderLine) -> None:
    """Take a free line off; on a confirmed order what is not under way is closed short instead."""
    if order.state is OrderState.CONFIRMED or _is_settled(line) or line.allocated_qty:
        line.cancelled_qty = line.quantity - line.allocated_qty - line.shipped_qty
        line.cancel_reason = NO_LONGER_FREE
    else:
        order.lines.remove(line)


def _is_settled(line: OrderLine) -> bool:
    """Whether anything of a line was shipped or billed, so that its price stays."""
    return bool(line.shipped_qty or line.invoiced_qty or line.drafted_qty)


# -- uses ---------------------------------------------------------------------------------------------------------


def _take(order: Order, promotion_ids: frozenset[int]) -> None:
    if not promotion_ids:
        return
    for promotion in locks.lock_price_rules(Promotion, promotion_ids):
        promotion.uses += 1
    taken = {"order_id": order.id, "customer_id": order.customer_id, "taken_at": clock.now()}
    db.session.execute(insert(PromotionUse), [{"promotion_id": one, **taken} for one in sorted(promotion_ids)])


def _give_back(order: Order, promotion_ids: frozenset[int]) -> None:
    if not promotion_ids:
        return
    for promotion in locks.lock_price_rules(Promotion, promotion_ids):
        promotion.uses -= 1
    db.session.execute(
        delete(PromotionUse).where(PromotionUse.order_id == order.id, PromotionUse.promotion_id.in_(promotion_ids))
    )
