"""What a customer's credit is used for, document by document: each part of the exposure with what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.states import HoldState, OrderState
from webapp.models import CreditHold, Customer, Invoice, Order, User
from webapp.pages import addresses as at
from webapp.pages.customers.page import find_customer
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import Standing, standing_of
from webapp.queries.receivables.ageing import Debt, open_items
from webapp.queries.receivables.unused import UnusedCredit, unused_credits


class Part(NamedTuple):
    """One document and what it adds to the exposure."""

    url: str
    number: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CustomerExposure:
    """The parts of one customer's exposure and their documents; amounts in the customer's currency."""

    customer: Customer
    day: date
    standing: Standing
    invoices: Sequence[Debt]
    credits: Sequence[UnusedCredit]
    shipped: Sequence[Order]
    to_ship: Sequence[Order]

    @property
    def invoice_rows(self) -> list[Part]:
        return [
            Part(at.invoice(one.invoice_number), one.invoice_number, one.due_date, one.open_amount)
            for one in self.invoices
        ]

    @property
    def credit_rows(self) -> list[Part]:
        return [Part(at.document(one.kind, one.number), one.number, one.day, -one.rest) for one in self.credits]

    @property
    def shipped_rows(self) -> list[Part]:
        return [_part(order, order.to_bill_amount) for order in self.shipped]

    @property
    def to_ship_rows(self) -> list[Part]:
        return [_part(order, order.to_ship_amount) for order in self.to_ship]


def _part(order: Order, amount: Decimal) -> Part:
    return Part(at.order(order.number), order.number, order.order_date, amount)


def customer_exposure(code: str, viewer: User) -> CustomerExposure:
    """What the customer ``code`` uses of its credit today. Raises NotFound."""
    customer, day = find_customer(code, viewer), today()
    held = select(CreditHold.id).where(CreditHold.order_id == Order.id, CreditHold.state == HoldState.OPEN).exists()
    return CustomerExposure(
        customer=customer,
        day=day,
        standing=standing_of(customer, day),
        invoices=open_items(day, Invoice.customer_id == customer.id),
        credits=unused_credits(day, customer_code=code, viewer=viewer),
        shipped=_orders(customer, Order.to_bill_amount > ZERO),
        to_ship=_orders(customer, Order.state == OrderState.CONFIRMED, ~held, Order.to_ship_amount > ZERO),
    )


def _orders(customer: Customer, *conditions: ColumnElement[bool]) -> Sequence[Order]:
    return db.session.scalars(
        select(Order).where(Order.customer_id == customer.id, *conditions).order_by(Order.id)
    ).all()
