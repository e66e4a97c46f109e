"""Orders of another system: taken over as drafts, or confirmed each at its own date by the credit of that day."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.cli.test_moving_in import row_counts
from tests.support import masters, web
from tests.support.factories import make_staff
from webapp.db import atomic, db
from webapp.domain.states import OrderState
from webapp.models import Company, Location, Order, StoredCreditCheck
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal
LIMITS = {"ALFKI": D(1000), "BLONP": D(500)}
FILES = {
    "customers": "code,name,currency,credit_limit,payment_terms\n"
    + "".join(f"{code},{code.title()},EUR,{limit},NET30\n" for code, limit in LIMITS.items()),
    "items": (
        "sku,name,unit,base_price,tax_code,tracking,units\n"
        "CHAI,Chai,pcs,10,ZERO,none,case=24\nTEA,Tea,pcs,3.5,ZERO,none,\n"
    ),
    "invoices": (
        "invoice_number,customer,issue_date,due_date,total,open_amount\nR-1,ALFKI,2026-01-01,2026-12-31,300,200\n"
    ),
    "payments": (
        "customer,payment_date,amount,method,reference,invoice\n"
        "ALFKI,2026-02-10,150.00,BANK_TRANSFER,T1,R-1\n"
        "ALFKI,2026-02-20,400.00,BANK_TRANSFER,T2,\n"
        "BLONP,2026-03-01,250.00,CASH,,\n"
    ),
    "orders": (
        "order_number,customer,order_date,sku,quantity,unit_price,discount_percent,unit\n"
        "SO-2026-007,ALFKI,2026-02-20,CHAI,40,,,\n"  # 400 on the day on which 400 came in
        "A-1,ALFKI,2026-02-01,CHAI,2,200,0,case\n"
        "A-1,ALFKI,2026-02-01,TEA,100,,10,\n"  # 400 + 315 beside R-1 with 200 open
        "A-2,ALFKI,2026-02-09,CHAI,10,,,\n"  # 100 a day before R-1 was paid down
        "A-3,ALFKI,2026-02-10,CHAI,10,,,\n"
        "B-1,BLONP,2026-02-28,CHAI,51,,,\n"
        "B-2,BLONP,2026-03-01,CHAI,75,,,\n"
    ),
}


@pytest.fixture
def folder(session, counterfoil, tmp_path: Path) -> Path:
    """A company with customers, items, an open invoice and dated payments, beside the file of orders."""
    web.found_company()
    system = masters.stock_the_shelves()
    masters.add_tax_code(code="ZERO", name="0 %", percent="0", valid_from="2020-01-01", actor=system)
    with atomic():
        db.session.get_one(Company, 1).default_location = db.session.scalars(select(Location)).one()
    for kind, text in FILES.items():
        (tmp_path / f"{kind}.csv").write_text(text)
        if kind != "orders":
            assert counterfoil("import", kind, str(tmp_path / f"{kind}.csv")).exit_code == 0
    return tmp_path


def held_by_plain_arithmetic() -> list[str]:
    """Day by day: what was owed and confirmed before, the payments of a day before its orders."""
    rows = list(csv.DictReader(FILES["orders"].splitlines()))
    prices = {"CHAI": D(10), "TEA": D("3.5")}
    totals: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        key = (row["order_date"], row["order_number"], row["customer"])
        price = D(row["unit_price"] or prices[row["sku"]])
        totals[key] = totals.get(key, D(0)) + D(row["quantity"]) * price * (100 - D(row["discount_percent"] or 0)) / 100
    owed = {"ALFKI": D(200), "BLONP": D(0)}
    payments = sorted(
        (row["payment_date"], row["customer"], D(row["amount"]))
        for row in csv.DictReader(FILES["payments"].splitlines())
    )
    held = []
    for (day, number, customer), total in sorted(totals.items(), key=lambda one: one[0][0]):
        paid = sum((amount for on, by, amount in payments if by == customer and on <= day), D(0))
        if total <= LIMITS[customer] - (owed[customer] - paid):
            owed[customer] += total
        else:
            held.append(number)
    return held


def states() -> dict[str, OrderState]:
    return {order.number: order.state for order in db.session.scalars(select(Order))}


def test_each_order_is_confirmed_or_held_by_the_credit_of_its_day(counterfoil, folder):
    done = counterfoil("import", "orders", str(folder / "orders.csv"), "--as-of-dates")

    assert done.exit_code == 0, done.output
    held = held_by_plain_arithmetic()
    assert held == ["A-2", "B-1"]
    assert [line.split(" ")[0] for line in done.output.splitlines() if "is on hold: " in line] == held
    assert states() == {
        number: OrderState.APPROVED if number in held else OrderState.CONFIRMED
        for number in ("A-1", "A-2", "A-3", "B-1", "B-2", "SO-2026-007")
    }
    checks = {
        order.number: (check.approved, check.at.date())
        for check, order in db.session.execute(
            select(StoredCreditCheck, Order).join(Order, Order.id == StoredCreditCheck.order_id)
        )
    }
    assert checks == {
        order.number: (order.number not in held, order.order_date) for order in db.session.scalars(select(Order))
    }


def test_running_it_again_changes_nothing(counterfoil, folder):
    file = str(folder / "orders.csv")
    counterfoil("import", "orders", file, "--as-of-dates")
    counts = row_counts()
    db.session.rollback()

    again = counterfoil("import", "orders", file, "--as-of-dates").output

    assert "0 new, 0 changed, 6 unchanged." in again
    assert row_counts() == counts
    assert "0 new, 0 changed, 6 unchanged." in counterfoil("import", "orders", file).output


def test_without_dates_they_are_drafts_and_the_own_numbers_go_on_behind_them(counterfoil, folder):
    assert "6 new" in counterfoil("import", "orders", str(folder / "orders.csv")).output
    staff = make_staff()

    own = create_order(OrderInput("ALFKI", [LineInput("CHAI", D(1))]), actor=staff.sales)

    assert set(states().values()) == {OrderState.DRAFT}
    assert own.number.endswith("-008" if own.order_date.year == 2026 else "-001")


def test_an_export_reads_back_unchanged_and_makes_the_same_orders_elsewhere(counterfoil, folder):
    counterfoil("import", "orders", str(folder / "orders.csv"))
    file = folder / "out.csv"
    assert counterfoil("export", "orders", str(file)).exit_code == 0
    assert "0 new, 0 changed, 6 unchanged." in counterfoil("import", "orders", str(file)).output

    file.write_text(file.read_text(encoding="utf-8-sig").replace('"A-', '"C-'))
    assert "3 new, 0 changed, 3 unchanged." in counterfoil("import", "orders", str(file)).output
    copied = {order.number: (order.total, len(order.lines)) for order in db.session.scalars(select(Order))}
    assert copied["C-1"] == copied["A-1"] == (D(715), 2)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("X,NOBODY,2026-01-01,CHAI,1", "There is no customer NOBODY."),
        ("X,ALFKI,2026-01-01,COLA,1", "There is no item COLA."),
        ("X,ALFKI,2026-01-01,CHAI,0", "Quantity must be more than 0."),
        ("X,ALFKI,2099-01-01,CHAI,1", "Order date 2099-01-01 is in the future."),
        ("X,ALFKI,soon,CHAI,1", "Order date must be a date like 2026-05-31."),
        ("X/1,ALFKI,2026-01-01,CHAI,1", "Order number X/1 must begin with a letter or digit"),
        (",ALFKI,2026-01-01,CHAI,1", "Order number is missing."),
        ("X,ALFKI,2026-01-01,CHAI,1\nX,BLONP,2026-01-01,CHAI,1", "The rows of order X differ in their customer."),
        ("A-3,ALFKI,2026-02-10,CHAI,11", "Order A-3 is there already, with other content."),
    ],
)
@pytest.mark.parametrize("dated", [(), ("--as-of-dates",)])
def test_a_wrong_order_is_named_and_none_is_kept(counterfoil, folder, rows, sentence, dated):
    counterfoil("import", "orders", str(folder / "orders.csv"))
    before = states()
    db.session.rollback()
    wrong = folder / "wrong.csv"
    wrong.write_text(f"order_number,customer,order_date,sku,quantity\nGOOD,ALFKI,2026-01-01,CHAI,1\n{rows}\n")

    done = counterfoil("import", "orders", str(wrong), *dated)

    assert done.exit_code == 1
    assert sentence in (folder / "wrong.csv.errors.csv").read_text(encoding="utf-8-sig")
    assert states() == before


def test_only_orders_are_taken_as_of_their_dates(counterfoil, folder):
    done = counterfoil("import", "customers", str(folder / "customers.csv"), "--as-of-dates")

    assert (done.exit_code, "only orders are" in done.output) == (1, True)
