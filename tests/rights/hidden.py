"""A company with one of everything, and a person with every role who looks after none of its customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from sqlalchemy import text
from werkzeug.routing import Rule

from tests.support import web
from tests.support.everything import Documents, one_of_everything
from tests.support.factories import Staff
from webapp.db import Base, db
from webapp.domain.permissions import Role
from webapp.models import Address, CustomerPrice, Invoice, Order, OrderCharge, Return, StockMovement, User

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NOT_OF_DOCUMENTS = frozenset({"login_sessions", "api_tokens", "idempotency_keys"})
Values = Mapping[str, list[Any]]


def make_outsider() -> User:
    """Somebody with all roles who sees only the customers they look after, which are none of those there are."""
    return web.add_user(*Role, email="own@example.com", name="Olga Own", own_customers_only=True)


def everything_of_others() -> tuple[Staff, Documents, dict[str, Values]]:
    """The people, the documents, and by blueprint the names of documents that an address may carry."""
    staff, found = one_of_everything()
    orders = [found[name] for name in ("quote", "draft", "waiting", "held", "on_the_way", "credited")]
    shipments = [found["shipment"], found["shipped"], found["returned"]]
    charge = db.session.query(OrderCharge.id, Order.order_number).join(Order).first()
    return staff, found, {
        "orders": {"number": orders, "line_number": [1], "charge_id": [charge.id], "code": ["SPRING10"]},
        "quotes": {"number": [found["quote"]]},
        "approvals": {"number": [found["waiting"], found["held"]], "line_number": [1]},
        "shipments": {"number": shipments, "paper": ["pick-list", "packing-slip", "delivery-note"]},
        "invoices": {"number": [found["invoice"]], "invoice_id": [found["invoice_draft"], found["free_draft"]]},
        "credit_notes": {"number": [found["credit_note"]], "credit_note_id": [found["credit_note_draft"]]},
        "payments": {"number": [found["payment"]]},
        "customers": {"code": ["ACME", "TIGHT"], "address_id": _ids(Address)},
        "prices": {"code": ["ACME"], "price_id": _ids(CustomerPrice)},
        "reports": {"code": ["ACME"]},
    }  # fmt: skip


def addresses(rule: Rule, values: Values) -> Iterator[str]:
    """The addresses of a route with each of the values that its parts may take."""
    names = sorted(rule.arguments)
    for chosen in product(*(values[name] for name in names)):
        built = rule.build(dict(zip(names, chosen, strict=True)))
        assert built, f"No address of {rule} with {chosen}"
        yield built[1]


def contents() -> dict[str, list[Any]]:
    """Every row of every table, but for what says that somebody is there."""
    db.session.rollback()
    rows = {
        table.name: db.session.execute(text(f"SELECT * FROM {table.name}")).all()
        for table in Base.metadata.sorted_tables
        if table.name not in NOT_OF_DOCUMENTS
    }
    db.session.rollback()
    return rows


def names_of_others() -> set[str]:
    """What must stand on no page: numbers, codes and names of what belongs to other people's customers."""
    orders = db.session.query(Order.order_number, Order.quote_number)
    invoices = db.session.query(Invoice.invoice_number)
    returns = db.session.query(Return.return_number)
    found = {name for row in (*orders, *invoices, *returns) for name in row if name}
    db.session.rollback()
    return found


def movement_ids() -> list[int]:
    """The movements that goods of other people's orders left."""
    return _ids(StockMovement)


def _ids(model: type[Any]) -> list[int]:
    found = [row.id for row in db.session.query(model.id)]
    db.session.rollback()
    return found
