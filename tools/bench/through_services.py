"""One order to cash through the services, in five transactions, each with a session of its own as a request has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from tools.bench.company import CUSTOMER, QUANTITY, SKUS, People
from webapp.db import atomic, db
from webapp.models import Invoice, User
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

ACTOR = select(User).where(User.id == bindparam("id")).options(joinedload(User.role_rows))


def cycle(people: People) -> None:
    """Order, allocate, ship, invoice, pay."""
    number = _order(people.sales)
    _allocate(number, people.warehouse)
    _ship(number, people.warehouse)
    invoice_id = _invoice(number, people.accountant)
    _pay(invoice_id, people.accountant)


@contextmanager
def _transaction(user_id: int) -> Iterator[User]:
    try:
        with atomic():
            yield db.session.scalars(ACTOR, {"id": user_id}).unique().one()
    finally:
        db.session.remove()


def _order(user_id: int) -> str:
    with _transaction(user_id) as actor:
        given = OrderInput(CUSTOMER, [LineInput(sku, Decimal(QUANTITY)) for sku in SKUS])
        number = create_order(given, actor=actor).number
        submit_order(number, actor=actor)
        if confirm_order(number, actor=actor).hold is not None:
            raise RuntimeError("The order was held: the measurement needs one that goes through.")
        return number


def _allocate(number: str, user_id: int) -> None:
    with _transaction(user_id) as actor:
        allocate_order(number, actor=actor)


def _ship(number: str, user_id: int) -> None:
    with _transaction(user_id) as actor:
        (shipment,) = shipping.create_shipments(number, actor=actor)
        shipping.pick_shipment(shipment.number, actor=actor)
        shipping.pack_shipment(shipment.number, actor=actor)
        shipping.ship_shipment(shipment.number, actor=actor)


def _invoice(number: str, user_id: int) -> int:
    with _transaction(user_id) as actor:
        invoice_id = draft_invoice(number, actor=actor).id
        validate_invoice(invoice_id, actor=actor)
        post_invoice(invoice_id, actor=actor)
        return invoice_id


def _pay(invoice_id: int, user_id: int) -> None:
    with _transaction(user_id) as actor:
        invoice = db.session.get_one(Invoice, invoice_id)
        record_payment(invoice, invoice.open_amount, "BANK_TRANSFER", f"TRANSFER-{invoice_id}", actor)
