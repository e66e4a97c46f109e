"""Orders and quotes: lists, one, entering, changing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask import url_for

from webapp.blueprints.api.order_answers import order_answer
from webapp.blueprints.api.routing import Answer, changes, does, listed, reads
from webapp.blueprints.api.schemas.orders import (
    ChargeInput,
    LineChange,
    OrderChange,
    OrderHead,
    OrderInput,
    OrderList,
    OrderOutput,
    OrderQuery,
    OrderSummary,
)
from webapp.domain.numbers import parse_money
from webapp.domain.permissions import Permission
from webapp.models import Customer, Location, Order
from webapp.pages.orders.for_api import orders_page
from webapp.queries.references import at_path, referred, skus_of
from webapp.services.orders import charges as order_charges
from webapp.services.orders import entry as order_entry
from webapp.services.orders.edits import LineEdit, OrderEdit, edit_order
from webapp.services.orders.head import HeadChange
from webapp.services.orders.lines import LineInput as LineOrder
from webapp.web.auth import program


@reads("/sales/orders/", Permission.ORDERS_READ, OrderList, query=OrderQuery)
def list_orders(query: OrderQuery) -> OrderList:
    """Orders and quotes, the newest first."""
    user = program()
    customer = None if query.customer is None else referred(Customer, query.customer, user, field="customer").id
    page = orders_page(
        user=user,
        status=query.status,
        customer_id=customer,
        customer_reference=query.customer_reference,
        from_date=query.from_date,
        to_date=query.to_date,
        held=query.held,
        cursor=query.cursor,
        limit=query.limit,
    )
    return OrderList(**listed(page, [OrderSummary.of(row) for row in page.rows]))


@reads("/sales/orders/<ref>/", Permission.ORDERS_READ, OrderOutput)
def show_order(ref: str) -> OrderOutput:
    """One order, by its number, quote number or id."""
    return order_answer(at_path(Order, ref, program()).id)


@does("/sales/orders/", order_entry.create_order, OrderOutput, body=OrderInput, status=201)
def create_order(body: OrderInput) -> Answer:
    """Enter an order, or a quote; it is a draft until it is submitted."""
    customer = referred(Customer, body.customer, program(), field="customer")
    given = order_entry.OrderInput(
        customer=customer.code,
        lines=_lines(body.lines),
        order_date=body.order_date,
        as_quote=body.as_quote,
        coupons=body.coupons,
        **_head(body, customer.currency),
    )
    order = order_entry.create_order(given, actor=program())
    return Answer(order_answer(order.id), 201, url_for("api.show_order", ref=order.number))


@changes("/sales/orders/<ref>/", edit_order, OrderOutput, body=OrderChange)
def change_order(body: OrderChange, ref: str, version: int) -> OrderOutput:
    """Change head and lines of an order in one step; what is not named stays."""
    order = at_path(Order, ref, program())
    edit = OrderEdit(
        head=HeadChange(**_head(body, order.currency)),
        added=_lines(line for line in body.lines if line.line_number is None),
        changed=[_edit(line) for line in body.lines if line.line_number is not None],
        coupons=body.coupons,
    )
    edit_order(order.number, edit, version=version, actor=program())
    return order_answer(order.id)


def _head(body: OrderHead, currency: str) -> dict[str, Any]:
    """The fields of the head that were sent, as the services take them."""
    names = OrderHead.model_fields.keys() & body.model_fields_set
    head = {name: getattr(body, name) for name in names if getattr(body, name) is not None}
    if "requested_date" in names:
        head["requested_date"] = body.requested_date
    if body.location is not None:
        head["location"] = referred(Location, body.location, program(), field="location").code
    if body.charges is not None:
        head["charges"] = [_charge(charge, currency, place) for place, charge in enumerate(body.charges)]
    if body.shipping_address is not None:
        head["shipping_address"] = body.shipping_address.model_dump()
    return head


def _charge(charge: ChargeInput, currency: str, place: int) -> order_charges.ChargeInput:
    amount = parse_money(charge.amount, currency, field=f"charges.{place}.amount")
    return order_charges.ChargeInput(charge.kind, amount, charge.tax_code, charge.description, charge.id)


def _lines(lines: Iterable[Any]) -> list[LineOrder]:
    given = list(lines)
    skus = skus_of(line.sku for line in given)
    return [
        LineOrder(
            sku=skus[line.sku],
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent or Decimal(0),
        )
        for line in given
    ]


def _edit(line: LineChange) -> LineEdit:
    return LineEdit(
        line_number=line.line_number or 0,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        forget_typed_price="unit_price" in line.model_fields_set and line.unit_price is None,
        remove=line.remove,
    )
