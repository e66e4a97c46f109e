"""The demo company is what its README says."""

from __future__ import annotations

import csv
import stat
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.server import running_server
from webapp.db import db
from webapp.demo.load import load
from webapp.demo.northwind import FOLDER
from webapp.domain import clock
from webapp.domain.errors import Refused
from webapp.domain.permissions import Role
from webapp.domain.promotions.choice import PROMOTION
from webapp.domain.states import ApprovalState, HoldState, InvoiceState, OrderState
from webapp.models import (
    Approval,
    ApprovalKind,
    Category,
    CreditHold,
    Customer,
    DocumentFile,
    Event,
    Invoice,
    Order,
    OrderCharge,
    OrderLine,
    PriceList,
    Promotion,
    Shipment,
    StockLevel,
    User,
    Variant,
)
from webapp.queries.invariants import run_all
from webapp.services.company import today
from webapp.services.people import passwords

pytestmark = pytest.mark.slow
D = Decimal


@pytest.fixture(autouse=True)
def _session(demo):
    with demo.app.app_context():
        yield
        db.session.rollback()


def rows(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_totals_of_all_orders_are_those_of_northwind():
    found = dict(
        db.session.execute(
            select(Order.customer_reference, func.sum(OrderLine.net_amount))
            .join(OrderLine, OrderLine.order_id == Order.id)
            .where(Order.order_number.is_not(None))
            .group_by(Order.id)
        ).all()
    )
    expected = {row["OrderID"]: D(row["netLineRoundedHalfUp"]) for row in rows("expected_order_totals")}

    assert found == expected
    assert len(found) == 830
    assert sum(found.values()) == D("1265793.29")


def test_the_freight_of_every_order_is_a_charge():
    found = dict(
        db.session.execute(
            select(Order.customer_reference, OrderCharge.amount).join(OrderCharge, OrderCharge.order_id == Order.id)
        ).all()
    )

    assert {number: found[number] for number in found if number} == {
        row["OrderID"]: D(row["Freight"]) for row in rows("orders")
    }


def test_no_invariant_is_broken():
    assert run_all() == []


def test_the_master_data_is_all_there():
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (Customer, Variant, Category)]

    assert counts == [91, 77, 8]


def test_there_are_offers_to_try_and_no_order_of_the_data_has_one():
    states = {one.code: one.state for one in db.session.scalars(select(Promotion))}

    assert states == {"TEATIME": "PUBLISHED", "WELCOME": "PUBLISHED", "SEAFOOD": "DRAFT"}
    assert db.session.scalars(select(PriceList.is_active).where(PriceList.code == "PARTNER")).all() == [False]
    assert not [
        line
        for line in db.session.scalars(select(OrderLine))
        if PROMOTION in {step["kind"] for step in line.derivation}
    ]


def test_what_was_shipped_is_invoiced_and_what_is_open_is_not():
    states = Counter(db.session.scalars(select(Order.state).where(Order.order_number.is_not(None))))
    posted = db.session.scalar(select(func.count()).where(Invoice.state == InvoiceState.APPROVED))

    assert states[OrderState.CLOSED] == 809
    assert sum(states.values()) - states[OrderState.CLOSED] == 21
    assert posted == 809
    assert db.session.scalar(select(func.count()).select_from(DocumentFile)) == 809


def test_the_newest_order_is_of_the_last_seven_days():
    newest = db.session.scalar(select(func.max(Order.order_date)))

    assert today() - timedelta(days=7) < newest <= today()
    assert db.session.scalar(select(func.max(Event.at))) <= clock.now()


def test_some_orders_are_held_and_some_discounts_wait():
    held = db.session.scalar(select(func.count()).where(CreditHold.state == HoldState.OPEN))
    waiting = db.session.scalar(
        select(func.count()).where(Approval.state == ApprovalState.OPEN, Approval.kind == ApprovalKind.DISCOUNT)
    )

    assert held >= 3
    assert waiting >= 3


def test_receivables_have_every_age():
    open_invoices = [invoice for invoice in db.session.scalars(select(Invoice)) if invoice.open_amount]
    ages = {min(max((today() - invoice.due_date).days - 1, -1) // 30, 3) for invoice in open_invoices}

    assert ages == {-1, 0, 1, 2, 3}


def test_a_discount_over_the_limit_was_approved_by_another_whose_maximum_covers_it():
    first_shipped = select(Shipment.order_id, func.min(Shipment.shipped_at)).group_by(Shipment.order_id)
    shipped = dict(db.session.execute(first_shipped).all())
    approved = db.session.scalars(
        select(Approval).where(Approval.kind == ApprovalKind.DISCOUNT, Approval.state == ApprovalState.APPROVED)
    ).all()

    assert len(approved) > 100
    for approval in approved:
        assert approval.decided_by.max_discount >= approval.percent > 5
        assert approval.decided_by_id != approval.order.created_by_id
        assert approval.order.order_date <= approval.decided_at.date()
        assert shipped.get(approval.order_id) is None or approval.decided_at < shipped[approval.order_id]


def test_stock_is_what_northwind_has_today():
    found = dict(
        db.session.execute(
            select(Variant.sku, StockLevel.on_hand_qty).join(StockLevel, StockLevel.variant_id == Variant.id)
        ).all()
    )

    for row in rows("products"):
        assert found.get(str(4700 + int(row["ProductID"])), D(0)) == D(row["UnitsInStock"])


def test_the_three_prices_beside_the_lists_are_typed():
    typed = db.session.scalars(select(OrderLine).where(OrderLine.price_typed)).all()

    assert {line.order.customer_reference for line in typed} == {"10248"}
    assert len(typed) == 3


def test_everybody_can_log_in_with_the_password_made_for_them(demo):
    path = demo.log_ins
    passwords_by_email = {line.split()[-2]: line.split()[-1] for line in path.read_text().splitlines()[1:]}
    users = {user.email: user for user in db.session.scalars(select(User).where(~User.is_system))}

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert passwords_by_email.keys() == users.keys()
    assert len(set(passwords_by_email.values())) == 12
    assert Counter(role for user in users.values() for role in user.roles) == {
        Role.SALES: 7, Role.SALES_MANAGER: 2, Role.WAREHOUSE: 1, Role.ACCOUNTANT: 1, Role.ADMIN: 1,
    }  # fmt: skip
    for email in ("nancy.davolio@northwind.example", "arthur.cole@northwind.example"):
        assert passwords.matches(passwords_by_email[email], users[email].password_hash)


def test_a_server_that_is_to_have_the_demo_company_leaves_the_one_it_finds(demo, tmp_path):
    events = db.session.scalar(select(func.count()).select_from(Event))
    db.session.rollback()
    url, settings = demo.app.config["DATABASE_URL"], {"INSTANCE_PATH": str(demo.log_ins.parent)}
    with running_server(url, tmp_path, "--upgrade", "--demo", environment=settings) as running:
        assert demo.log_ins.read_text() in running.log.read_text()
    assert db.session.scalar(select(func.count()).select_from(Event)) == events


def test_a_database_that_holds_data_is_refused():
    with pytest.raises(Refused, match="holds data already"):
        load(keep=lambda log_ins: None)
