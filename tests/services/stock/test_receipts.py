"""Goods coming in: what lies where afterwards, what it is worth, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.factories import Staff, make_item
from tests.support.warehouse import (
    add_bin,
    last_event,
    lots,
    movements,
    open_warehouse,
    put_batch,
    put_serials,
    shipment_in,
    stock,
    variant,
)
from webapp.db import atomic, db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden
from webapp.models import Batch, Location, Serial, StockMovement
from webapp.services.company import today
from webapp.services.stock.receipts import ReceiptLine, receive_stock

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


def receive(staff: Staff, *lines: ReceiptLine, location: str = "MAIN", **fields) -> list[int]:
    return receive_stock(location, lines, actor=staff.warehouse, **fields)


def test_untracked_goods_raise_the_level_and_the_average_cost(staff):
    receive(staff, ReceiptLine("A-1", D(50), D(80)), reference="PO 7")

    assert stock("A-1") == (100, 0)
    assert movements("A-1") == [("RECEIPT", 50, 60, 3000), ("RECEIPT", 50, 80, 4000)]
    item = variant("A-1")
    assert (item.stock_qty, item.average_cost, item.stock_value) == (100, 70, 7000)
    event = last_event()
    assert event.action == Action.STOCK_RECEIVED
    assert event.details["after"] == {"reference": "PO 7", "lines": [{"sku": "A-1", "quantity": "50"}]}


def test_goods_without_a_cost_take_the_average_or_make_the_cost_unknown(staff):
    make_item("NEW")
    receive(staff, ReceiptLine("A-1", D(10)), ReceiptLine("NEW", D(4)))

    assert (variant("A-1").average_cost, variant("A-1").stock_value) == (60, 3600)
    assert (variant("NEW").average_cost, variant("NEW").stock_value) == (None, None)
    assert movements("NEW") == [("RECEIPT", 4, None, None)]


def test_a_barcode_names_an_item_and_a_bin_gets_a_level_of_its_own(staff):
    make_item("TEA", barcode="4006381333931")
    add_bin("BIN-1", "MAIN")

    receive(staff, ReceiptLine("4006381333931", D(3)), ReceiptLine("TEA", D(2)), location="BIN-1")

    assert stock("TEA", "BIN-1") == (5, 0)
    assert stock("TEA") == (0, 0)


def test_batches_keep_their_expiry_and_grow_when_more_of_them_comes(staff):
    soon = today() + timedelta(days=10)
    put_batch("C1", 5, staff, expires_on=soon)
    put_batch("C1", 3, staff)
    put_batch("C2", 2, staff)

    assert stock("CHEESE") == (10, 0)
    assert lots("CHEESE") == {("C1", False): (8, 0), ("C2", False): (2, 0)}
    assert dict(db.session.execute(select(Batch.number, Batch.expires_on)).all()) == {"C1": soon, "C2": None}


def test_serial_numbers_come_in_one_by_one(staff):
    put_serials("S1", "S2", staff=staff, unit_cost=D(500))

    assert stock("LAPTOP") == (2, 0)
    assert lots("LAPTOP") == {("S1", False): (1, 0), ("S2", False): (1, 0)}
    assert movements("LAPTOP") == [("RECEIPT", 1, 500, 500)] * 2


def test_a_serial_number_that_left_may_come_in_again_and_is_the_one_that_is_there(staff):
    put_serials("S1", staff=staff)
    shipment_in("SHIPPED", staff, ("LAPTOP", 1))

    put_serials("S1", staff=staff)

    assert lots("LAPTOP") == {("S1", False): (1, 0)}
    assert db.session.scalar(select(func.count()).select_from(Serial)) == 1


SERIALS = "LAPTOP is kept by serial number: 2 different numbers are needed."


@pytest.mark.parametrize(
    ("line", "field", "sentence"),
    [
        (ReceiptLine("NONE", D(1)), "lines.0.sku", "There is no item NONE."),
        (ReceiptLine("A-1", D(0)), "lines.0.quantity", "Quantity must be more than 0."),
        (ReceiptLine("A-1", D(-2)), "lines.0.quantity", "Quantity must be more than 0."),
        (ReceiptLine("A-1", D("0.5")), "lines.0.quantity", "A-1 comes in whole multiples of 1 pcs."),
        (ReceiptLine("A-1", D(1), D(-1)), "lines.0.unit_cost", "Unit cost must not be negative."),
        (ReceiptLine("A-1", D(1), batch="C1"), "lines.0.batch", "A-1 is not kept in batches."),
        (ReceiptLine("A-1", D(1), serials=["S1"]), "lines.0.serials", "A-1 is not kept by serial number."),
        (ReceiptLine("CHEESE", D(1)), "lines.0.batch", "CHEESE is kept in batches. Which one is it?"),
        (ReceiptLine("CHEESE", D(1), batch=" "), "lines.0.batch", "CHEESE is kept in batches. Which one is it?"),
        (ReceiptLine("LAPTOP", D(2)), "lines.0.serials", SERIALS),
        (ReceiptLine("LAPTOP", D(2), serials=["S7"]), "lines.0.serials", SERIALS),
        (ReceiptLine("LAPTOP", D(2), serials=["S7", "S7"]), "lines.0.serials", SERIALS),
        (ReceiptLine("LAPTOP", D(2), serials=["S7", "S7", "S8"]), "lines.0.serials", SERIALS),
        (ReceiptLine("LAPTOP", D(2), serials=["S7", " "]), "lines.0.serials", SERIALS),
    ],
)
def test_a_wrong_line_is_named_and_nothing_comes_in(staff, line, field, sentence):
    before = db.session.scalar(select(func.count()).select_from(StockMovement))
    with pytest.raises(BadInput) as refused:
        receive(staff, line, ReceiptLine("A-1", D(1)))
    assert refused.value.details == {field: sentence}
    assert db.session.scalar(select(func.count()).select_from(StockMovement)) == before
    assert stock("A-1") == (50, 0)


def test_every_wrong_line_is_named_at_once(staff):
    with pytest.raises(BadInput) as refused:
        receive(staff, ReceiptLine("A-1", D(0)), ReceiptLine("CHEESE", D(1)))
    assert set(refused.value.details) == {"lines.0.quantity", "lines.1.batch"}


def test_a_serial_number_is_in_stock_once(staff):
    put_serials("S1", staff=staff)
    with pytest.raises(BadInput, match="Serial number S1 of LAPTOP is in stock already"):
        put_serials("S1", staff=staff)
    with pytest.raises(BadInput, match="Serial number S2 of LAPTOP stands on two lines"):
        receive(staff, ReceiptLine("LAPTOP", D(1), serials=["S2"]), ReceiptLine("LAPTOP", D(2), serials=["S3", "S2"]))
    assert stock("LAPTOP") == (1, 0)


def test_a_serial_number_at_another_location_is_in_stock_too(staff):
    add_bin("BIN-1", "MAIN")
    put_serials("S1", staff=staff)
    with pytest.raises(BadInput, match="is in stock already"):
        put_serials("S1", staff=staff, location="BIN-1")


@pytest.mark.parametrize("location", ["MAIN", "BIN-1"])
def test_a_batch_has_one_date_of_expiry(staff, location):
    add_bin("BIN-1", "MAIN")
    put_batch("C1", 1, staff, expires_on=date(2030, 1, 1))
    with pytest.raises(BadInput, match="Batch C1 of CHEESE expires on 2030-01-01; it cannot expire on 2031-01-01"):
        put_batch("C1", 1, staff, expires_on=date(2031, 1, 1), location=location)


def test_two_lines_cannot_give_a_new_batch_two_dates(staff):
    lines = [ReceiptLine("CHEESE", D(1), batch="C9", expires_on=date(year, 1, 1)) for year in (2030, 2031)]
    with pytest.raises(BadInput, match="cannot expire on 2031-01-01"):
        receive(staff, *lines)


def test_nothing_is_received_tomorrow_nowhere_or_by_sales(staff):
    with pytest.raises(BadInput, match="has not come yet"):
        receive(staff, ReceiptLine("A-1", D(1)), received_on=today() + timedelta(days=1))
    with pytest.raises(BadInput, match="There is no location MOON"):
        receive(staff, ReceiptLine("A-1", D(1)), location="MOON")
    with pytest.raises(BadInput, match="at least one line"):
        receive(staff)
    with pytest.raises(Forbidden):
        receive_stock("MAIN", [ReceiptLine("A-1", D(1))], actor=staff.sales)


def test_a_closed_location_takes_nothing(staff):
    add_bin("OLD")
    with atomic():
        db.session.scalars(select(Location).where(Location.code == "OLD")).one().is_active = False
    with pytest.raises(BadInput, match="There is no location OLD"):
        receive(staff, ReceiptLine("A-1", D(1)), location="OLD")


def test_the_last_piece_takes_the_last_cent_of_value_along(staff):
    make_item("ODD")
    receive(staff, ReceiptLine("ODD", D(3), D("0.333333")))
    receive(staff, ReceiptLine("ODD", D(4), D("1.01")))
    for quantity in (2, 4, 1):
        shipment_in("SHIPPED", staff, ("ODD", quantity))

    item = variant("ODD")
    assert (item.stock_qty, item.stock_value) == (0, 0)
    assert sum(value for *_, value in movements("ODD")) == 0
    assert item.average_cost is not None
