"""Copying an order: the same items and quantities once more, priced anew."""

from __future__ import annotations

from sqlalchemy.orm import joinedload, selectinload

from webapp.domain.actions import Action
from webapp.domain.permissions import Permission
from webapp.models import Order, OrderLine, User
from webapp.queries.references import called
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput, typed_price_to_copy
from webapp.services.pricing.derivation import prices_include_tax


@command(Permission.ORDERS_WRITE)
def copy_order(number: str, *, as_quote: bool = False, actor: User) -> Order:
    """A new draft with the same items and quantities, at the prices of today; typed prices and discounts are kept.

    What goes beyond the copier's maximum waits for approval as if he had typed it. Promotions are asked anew with what
    comes free; coupons stay behind.
    """
    source = called(
        Order,
        number,
        actor,
        selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True),
        joinedload(Order.customer),
    )
    include_tax = prices_include_tax(source.customer)
    lines = [
        LineInput(
            sku=line.variant.sku,
            quantity=line.quantity / line.price_base,
            unit=line.unit,
            unit_price=typed_price_to_copy(line, source, include_tax=include_tax),
            discount_percent=line.discount_percent,
        )
        for line in source.lines
        if line.free_with_id is None
    ]
    order = create_order(
        OrderInput(
            customer=source.customer.code,
            lines=lines,
            order_discount_percent=source.order_discount_percent,
            location=source.location.code,
            as_quote=as_quote,
        ),
        actor=actor,
    )
    audit.record(Action.ORDER_COPIED, order, source, actor=actor)
    return order
