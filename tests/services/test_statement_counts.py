"""A long order needs as many statements as a short one, from entry to payment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.factories import Staff, make_company, make_customer, make_staff
from tests.support.statements import sent_statements
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.models import Item, TaxCode, Variant
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order, release_order_allocation
from webapp.services.stock.receipts import ReceiptLine, receive_stock

D = Decimal
LONG = 500
MOST_TO_ALLOCATE = 25


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer(credit_limit=None)
    skus = [f"S-{n:03d}" for n in range(LONG)]
    with atomic():
        code = db.session.scalars(db.select(TaxCode)).one()
        db.session.add_all(
            Variant(item=Item(name=sku), sku=sku, name=sku, base_price=D(10), tax_code=code, created_at=clock.now())
            for sku in skus
        )
    receive_stock("MAIN", [ReceiptLine(sku, D(1000), unit_cost=D(6)) for sku in skus], actor=staff.warehouse)
    return staff


def day_of(length: int, staff: Staff) -> dict[str, int]:
    """The statements that each command sends for an order of so many lines."""
    counts: dict[str, int] = {}

    def run(name, work):
        db.session.rollback()
        for person in (staff.sales, staff.manager, staff.warehouse, staff.accountant):
            assert person.permissions  # as a request does, know the person before the work begins
        with sent_statements() as seen:
            done = work()
        counts[name] = len(seen)
        return done

    lines = [LineInput(f"S-{n:03d}", D(2)) for n in range(length)]
    number = run("create", lambda: create_order(OrderInput("ACME", lines), actor=staff.sales).number)
    run("submit", lambda: submit_order(number, actor=staff.sales))
    run("approve", lambda: approve_order(number, actor=staff.manager))
    run("confirm", lambda: confirm_order(number, actor=staff.sales))
    run("allocate", lambda: allocate_order(number, actor=staff.warehouse))
    run("release", lambda: release_order_allocation(number, actor=staff.warehouse))
    allocate_order(number, actor=staff.warehouse)
    (shipment,) = run("shipment", lambda: shipping.create_shipments(number, actor=staff.warehouse))
    shipped = shipment.number
    run("pick", lambda: shipping.pick_shipment(shipped, actor=staff.warehouse))
    run("pack", lambda: shipping.pack_shipment(shipped, actor=staff.warehouse))
    run("ship", lambda: shipping.ship_shipment(shipped, actor=staff.warehouse))
    invoice = run("draft", lambda: draft_invoice(number, actor=staff.accountant))
    invoice_id = invoice.id
    run("validate", lambda: validate_invoice(invoice_id, actor=staff.accountant))
    invoice = run("post", lambda: post_invoice(invoice_id, actor=staff.accountant))
    amount = invoice.open_amount
    run("pay", lambda: record_payment(invoice, amount, "CASH", "", staff.accountant))
    return counts


def test_five_hundred_lines_need_as_many_statements_as_one(staff):
    day_of(1, staff)  # the first of everything opens its number series
    short, long = day_of(1, staff), day_of(LONG, staff)

    assert long == short
    assert long["allocate"] <= MOST_TO_ALLOCATE
