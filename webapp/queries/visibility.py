"""What of the customers and their documents a user may see: everything, or only what belongs to their own customers.

For pages and programs alike: what is hidden is not found (404), in lists it is left out.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, true

from webapp.models import CreditNote, Customer, Invoice, Order, Payment, Return, Shipment, User


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
    return true()
