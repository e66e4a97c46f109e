"""Finding the customer somebody means by a code or a part of a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.states import CustomerStatus
from webapp.models import Customer, User

MOST_CHOICES = 8


class ManyCustomers(BadInput):
    """Several customers fit; ``choices`` are the first of them."""

    def __init__(self, text: str, choices: Sequence[Customer]) -> None:
        super().__init__(f"Several customers fit “{text}”. Choose one.", field="customer")
        self.choices = choices


def the_customer(text: str, user: User) -> Customer:
    """The one customer that ``text`` means. Raises ManyCustomers, and BadInput when none fits."""
    if not text.strip():
        raise BadInput("Enter the customer's name or code.", field="customer")
    found = find_customers(text, user)
    if not found:
        raise BadInput(f"No customer fits “{text}”.", field="customer")
    if len(found) > 1:
        raise ManyCustomers(text, found)
    return found[0]


def find_customers(text: str, user: User, limit: int = MOST_CHOICES) -> list[Customer]:
    """Customers that get new documents and that this user sees: by code, else by part of name or code."""
    text = text.strip()
    mine = select(Customer).where(Customer.status != CustomerStatus.CLOSED)
    if user.own_customers_only:
        mine = mine.where(Customer.sales_rep_id == user.id)
    found = list(db.session.scalars(mine.where(func.lower(Customer.code) == text.lower())))
    if found or not text:
        return found
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    fits = or_(Customer.name.ilike(pattern, escape="\\"), Customer.code.ilike(pattern, escape="\\"))
    return list(db.session.scalars(mine.where(fits).order_by(Customer.name, Customer.id).limit(limit)))
