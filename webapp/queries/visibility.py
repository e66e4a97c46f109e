"""What of the customers and their documents a user may see: everything, or only what belongs to their own customers.

For pages, programs, files and commands alike: what is hidden is not found (404), in lists it is left out.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import aliased

from webapp.models import (
    CreditNote,
    Customer,
    Event,
    EventDocument,
    Invoice,
    Order,
    OrderLine,
    Payment,
    Return,
    Shipment,
    StockMovement,
    User,
)


def sees(viewer: User, customer: Customer) -> bool:
    """Whether ``viewer`` may see a customer and what belongs to it."""
    return not viewer.own_customers_only or customer.sales_rep_id == viewer.id


def visible(model: type[Any], user: User) -> ColumnElement[bool]:
    """The condition that leaves of ``model`` what ``user`` may see. Records that belong to nobody are seen by all."""
    if not user.own_customers_only:
        return true()
    own = select(Customer.id).where(Customer.sales_rep_id == user.id)
    if model is Customer:
        return Customer.sales_rep_id == user.id
    if model in (Shipment, Return):
        of_order: ColumnElement[bool] = model.order_id.in_(select(Order.id).where(Order.customer_id.in_(own)))
        return of_order
    if model in (Order, Invoice, CreditNote, Payment):
        condition: ColumnElement[bool] = model.customer_id.in_(own)
        return condition
    if model is StockMovement:
        lines = select(OrderLine.id).join(Order, Order.id == OrderLine.order_id).where(Order.customer_id.in_(own))
        return or_(StockMovement.order_line_id.is_(None), StockMovement.order_line_id.in_(lines))
    return true()


OF_CUSTOMERS: tuple[type[Any], ...] = (Customer, Order, Shipment, Return, Invoice, CreditNote, Payment)


def visible_events(viewer: User) -> ColumnElement[bool]:
    """The condition that leaves of events on master data those that name nothing of other people's customers."""
    if not viewer.own_customers_only:
        return true()
    named = aliased(EventDocument)
    hidden = (
        and_(named.kind == model.document_kind, ~named.document_id.in_(_ids(model, viewer))) for model in OF_CUSTOMERS
    )
    return ~select(named.event_id).where(named.event_id == Event.id, or_(*hidden)).exists()


def _ids(model: type[Any], viewer: User) -> Select[int]:
    return select(model.id).where(visible(model, viewer))
