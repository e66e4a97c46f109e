"""An order as its totals see it, in as few rows as that takes: what a typed line is weighed against at every key.

The discount of an order is shared over tax category and rate first, and tax is rounded for each of these. So lines of
one category and rate come to the same totals as one line over their sum, and the database adds them up. Where tax is
rounded on each line, or a tax is charged on another, every line has to be there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.db import db
from webapp.domain.constants import ONE, ZERO
from webapp.domain.documents.amounts import TaxRounding
from webapp.domain.documents.totals import DocumentLine
from webapp.domain.promotions.choice import Sale
from webapp.domain.promotions.terms import PromotionRule
from webapp.domain.taxes.parts import kept_parts
from webapp.models import Customer, Item, Order, OrderLine, User, Variant
from webapp.queries.promotions.rules import scopes_on_order
from webapp.queries.references import called


def order_without_lines(number: str, user: User) -> Order:
    """The order or quote with its customer and charges. Raises NotFound, also for another's."""
    return called(
        Order,
        number,
        user,
        joinedload(Order.customer, innerjoin=True).joinedload(Customer.group),
        selectinload(Order.charges),
    )


def condensed_lines(order: Order) -> list[DocumentLine]:
    """Lines that come to the same totals as the order's own: one for each category and rate where that is so."""
    entered = OrderLine.subtotal - OrderLine.discount_amount
    parts = cast(OrderLine.tax_parts, Text)
    of_order = select(OrderLine.tax_category, OrderLine.tax_percent, parts).where(OrderLine.order_id == order.id)
    if order.tax_rounding is TaxRounding.LINE or _taxes_taxes(order):
        rows = db.session.execute(of_order.add_columns(entered).order_by(OrderLine.line_number)).all()
    else:
        rows = db.session.execute(
            of_order.add_columns(func.sum(entered)).group_by(OrderLine.tax_category, OrderLine.tax_percent, parts)
        ).all()
    return [_line(place, row) for place, row in enumerate(rows, 1)]


def sales_of(order: Order) -> list[Sale]:
    """The order's lines as promotions see them, without what came free."""
    rows = db.session.execute(
        select(
            OrderLine.variant_id, Item.category_id, OrderLine.quantity, OrderLine.cancelled_qty, OrderLine.list_price,
            OrderLine.price_base,
        )
        .join(Variant, Variant.id == OrderLine.variant_id)
        .join(Item, Item.id == Variant.item_id)
        .where(OrderLine.order_id == order.id, OrderLine.free_with_id.is_(None))
        .order_by(OrderLine.line_number)
    )  # fmt: skip
    return [
        Sale(variant_id, category_id, quantity - cancelled, None if price is None else price / base)
        for variant_id, category_id, quantity, cancelled, price, base in rows
    ]


def quantities_elsewhere(order: Order, rules: Sequence[PromotionRule]) -> dict[int, Decimal]:
    """How much the order's lines add to promotions over several lines, in base units by promotion; three statements."""
    if not rules:
        return {}
    scopes = scopes_on_order([rule.rule_id for rule in rules if not rule.all_items], order.id)
    variants = set().union(*(one.variants for one in scopes.values()))
    categories = set().union(*(one.categories for one in scopes.values()))
    rows = db.session.execute(
        OPEN_QUANTITIES.where(
            OrderLine.order_id == order.id, or_(OrderLine.variant_id.in_(variants), Item.category_id.in_(categories))
        )
    ).all()
    whole = db.session.scalar(OPEN_QUANTITY.where(OrderLine.order_id == order.id)) or ZERO
    return {
        rule.rule_id: whole
        if rule.all_items
        else sum((row[2] for row in rows if scopes[rule.rule_id].holds(row[0], row[1])), ZERO)
        for rule in rules
    }


_OPEN = OrderLine.quantity - OrderLine.cancelled_qty
OPEN_QUANTITY = select(func.sum(_OPEN)).where(OrderLine.free_with_id.is_(None))
OPEN_QUANTITIES = (
    select(OrderLine.variant_id, Item.category_id, func.sum(_OPEN))
    .join(Variant, Variant.id == OrderLine.variant_id)
    .join(Item, Item.id == Variant.item_id)
    .where(OrderLine.free_with_id.is_(None))
    .group_by(OrderLine.variant_id, Item.category_id)
)


def _taxes_taxes(order: Order) -> bool:
    """Whether a line of the order bears a tax on tax."""
    parts = cast(OrderLine.tax_parts, Text)
    on_previous = or_(parts.contains('"on_previous": true'), parts.contains('"on_previous":true'))
    return bool(db.session.scalar(select(func.count()).where(OrderLine.order_id == order.id, on_previous)))


def _line(place: int, row: Any) -> DocumentLine:
    category, percent, parts, amount = row
    return DocumentLine(
        line_number=place,
        sku="",
        quantity=ONE,
        unit_price=amount,
        discount_percent=ZERO,
        tax_category=category,
        tax_percent=percent,
        tax_parts=kept_parts(json.loads(parts)),
    )
