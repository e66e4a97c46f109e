"""A company moves in with four files of its old system: what it had is what it has, and twice is once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.support import masters, web
from tests.support.factories import make_customer, make_posted_invoice, make_shipped_order, make_staff
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.payments.split import AgeingBucket
from webapp.models import Company, Customer, Invoice, Location, StockLevel, User
from webapp.queries.receivables.ageing import ageing, ledger_balances
from webapp.services.company import system_user
from webapp.services.credit import check_credit_limit
from webapp.services.settings.terms import put_exchange_rate

D = Decimal
MORNING = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
TODAY = date(2026, 5, 4)
KINDS = ("customers", "items", "stock", "invoices")

CUSTOMERS = """\
code,name,currency,credit_limit,payment_terms,billing_name,billing_street,billing_postal_code,billing_city,billing_country
ALFKI,Alfreds Futterkiste,EUR,10000.00,NET30,Alfreds Futterkiste,Obere Str. 57,12209,Berlin,DE
BLONP,Blondel père et fils,EUR,2500.00,NET60,Blondel,"24, place Kléber",67000,Strasbourg,FR
CHOPS,Chop-suey Chinese,USD,,NET30,Chop-suey Chinese,Hauptstr. 29,3012,Bern,CH
DRACD,Drachenblut Delikatessen,EUR,0.00,NET14,Drachenblut,Walserweg 21,52066,Aachen,DE
"""
ITEMS = """\
sku,name,unit,base_price,tax_code,tracking
CHAI,Chai,box,18.00,VAT19,none
MILK,Fresh milk,pcs,1.15,VAT19,batch
TV,Television,pcs,499.00,VAT19,serial
EMPTY,Sold out for now,pcs,3.00,VAT19,none
"""
STOCK = """\
sku,location,quantity,unit_cost,batch,expires_on,serial
CHAI,MAIN,120,9.25,,,
CHAI,REAR,14.000,9.25,,,
MILK,MAIN,40,0.70,B-1,2027-01-31,
MILK,MAIN,25,0.72,B-2,2027-02-28,
TV,MAIN,1,310.00,,,SN-0001
TV,MAIN,1,310.00,,,SN-0002
"""


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


INVOICES = f"""\
invoice_number,customer,issue_date,due_date,total,open_amount
R-1001,ALFKI,{days_ago(200)},{days_ago(170)},1190.00,190.00
R-1002,ALFKI,{days_ago(121)},{days_ago(91)},59.50,59.50
R-1003,ALFKI,{days_ago(120)},{days_ago(90)},238.00,100.01
R-1004,ALFKI,{days_ago(91)},{days_ago(61)},17.85,17.85
R-1005,ALFKI,{days_ago(90)},{days_ago(60)},400.00,399.99
R-1006,ALFKI,{days_ago(61)},{days_ago(31)},12.34,12.34
R-1007,ALFKI,{days_ago(60)},{days_ago(30)},500.00,0.01
R-1008,ALFKI,{days_ago(31)},{days_ago(1)},77.00,77.00
R-1009,ALFKI,{days_ago(30)},{days_ago(0)},2000.00,1500.00
R-1010,BLONP,{days_ago(10)},{days_ago(-50)},833.33,833.33
R-1011,BLONP,{days_ago(80)},{days_ago(20)},1666.67,1000.00
R-1012,CHOPS,{days_ago(50)},{days_ago(20)},100.10,60.06
INV-2025-0417,CHOPS,{days_ago(150)},{days_ago(120)},45.00,45.00
R-1013,DRACD,{days_ago(40)},{days_ago(26)},300.00,0.00
"""
FILES = dict(zip(KINDS, (CUSTOMERS, ITEMS, STOCK, INVOICES), strict=True))


@pytest.fixture
def today() -> Iterator[None]:
    """The day on which the company moves in."""
    with clock.set_to(MORNING):
        yield


@pytest.fixture
def files(session, today: None, tmp_path: Path) -> Path:
    """A founded company with a tax code, two places and a rate for dollars, beside the four files."""
    web.found_company()
    system = masters.stock_the_shelves()
    masters.add_location("REAR", "Rear warehouse", actor=system)
    put_exchange_rate("USD", valid_from="2025-01-01", rate="0.9", actor=system)
    for kind, text in FILES.items():
        (tmp_path / f"{kind}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@dataclass(frozen=True, slots=True)
class Figures:
    """What the program says of the company: ageing, exposure and stock, to be compared with the files."""

    ages: dict[str, dict[AgeingBucket, Decimal]]
    outstanding: dict[str, Decimal]
    ledger: dict[str, Decimal]
    stock: dict[tuple[str, str], Decimal]


def figures() -> Figures:
    viewer = system_user()
    customers = list(db.session.scalars(select(Customer)))
    ledger = ledger_balances()
    return Figures(
        ages={row.code: row.buckets for row in ageing(viewer=viewer).rows},
        outstanding={one.code: check_credit_limit(one, D(0)).outstanding_balance for one in customers},
        ledger={one.code: ledger.get((one.id, one.currency), D(0)) for one in customers},
        stock={
            (level.variant.sku, level.location.code): level.on_hand_qty
            for level in db.session.scalars(select(StockLevel))
        },
    )


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures_of_files(folder: Path) -> Figures:
    """The same figures by plain arithmetic over the files."""
    ages: dict[str, dict[AgeingBucket, Decimal]] = {}
    outstanding = {row["code"]: D(0) for row in rows_of(folder, "customers")}
    for row in rows_of(folder, "invoices"):
        outstanding[row["customer"]] += D(row["open_amount"])
        if D(row["open_amount"]):
            buckets = ages.setdefault(row["customer"], dict.fromkeys(AgeingBucket, D(0)))
            buckets[bucket(date.fromisoformat(row["due_date"]))] += D(row["open_amount"])
    stock: dict[tuple[str, str], Decimal] = defaultdict(D)
    for row in rows_of(folder, "stock"):
        stock[row["sku"], row["location"]] += D(row["quantity"])
    return Figures(ages, outstanding, outstanding, dict(stock))


def bucket(due: date) -> AgeingBucket:
    late = (TODAY - due).days
    bounds = ((0, AgeingBucket.CURRENT), (30, AgeingBucket.DAYS_1_30), (60, AgeingBucket.DAYS_31_60),
              (90, AgeingBucket.DAYS_61_90))  # fmt: skip
    return next((name for most, name in bounds if late <= most), AgeingBucket.OVER_90)


def row_counts() -> dict[str, int]:
    """How many rows every table has."""
    tables = db.metadata.sorted_tables
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def taken(counterfoil, folder: Path, kind: str) -> str:
    done = counterfoil("import", kind, str(folder / f"{kind}.csv"))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_company_moves_in_and_has_what_its_files_say(counterfoil, files):
    for kind in KINDS:
        assert f"{len(rows_of(files, kind))} new, 0 changed, 0 unchanged." in taken(counterfoil, files, kind)

    found, expected = figures(), figures_of_files(files)
    assert {name for row in expected.ages.values() for name, amount in row.items() if amount} == set(AgeingBucket)
    assert found.ages == expected.ages
    assert found.outstanding == expected.outstanding
    assert found.ledger == expected.ledger
    assert found.stock == expected.stock
    numbers = {row["invoice_number"]: row for row in rows_of(files, "invoices")}
    for invoice in db.session.scalars(select(Invoice)):
        row = numbers.pop(invoice.invoice_number)
        assert (invoice.issue_date.isoformat(), invoice.due_date.isoformat(), invoice.total, invoice.open_amount) == (
            row["issue_date"], row["due_date"], D(row["total"]), D(row["open_amount"])
        )  # fmt: skip
    assert not numbers


def test_moving_in_twice_changes_nothing(counterfoil, files):
    for kind in KINDS:
        taken(counterfoil, files, kind)
    counts, before = row_counts(), figures()
    db.session.rollback()

    for kind in KINDS:
        assert f"0 new, 0 changed, {len(rows_of(files, kind))} unchanged." in taken(counterfoil, files, kind)

    assert row_counts() == counts
    assert figures() == before


def test_the_own_invoices_begin_with_their_first_number(counterfoil, files):
    for kind in KINDS:
        taken(counterfoil, files, kind)
    staff = make_staff()
    _work_in("MAIN")
    make_customer("ACME")

    invoice = make_posted_invoice(make_shipped_order({"CHAI": 2}, staff), staff)

    assert invoice.number == f"INV-{TODAY.year}-001"


def _work_in(code: str) -> User:
    with atomic():
        db.session.get_one(Company, 1).default_location = db.session.scalars(
            select(Location).where(Location.code == code)
        ).one()
    return system_user()
