"""Each error planted in stock, allocations, shipments and movements is reported by its own invariant, and no other."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

import pytest

from tests.support.planting import reported
from tests.support.scenes import scene
from tests.support.warehouse import allocated, open_warehouse, put_batch, put_serials, shipment_in

LOOSE = "(SELECT min(id) FROM allocations WHERE state = 'OPEN' AND shipment_line_id IS NULL AND serial_id IS NOT NULL)"
PICKED_LINE = (
    "(SELECT min(l.id) FROM shipment_lines l JOIN shipments s ON s.id = l.shipment_id WHERE s.state = 'PICKED')"
)
OF = "(SELECT id FROM variants WHERE sku = '{}')"

PLANTS = [
    ("I1", "UPDATE stock_levels SET allocated_qty = allocated_qty - 1000000 WHERE variant_id = " + OF.format("A-1")),
    ("I1", "UPDATE lots SET allocated_qty = 0 WHERE serial_id IS NOT NULL AND allocated_qty > 0"),
    ("I1", "UPDATE lots SET allocated_qty = allocated_qty - 1 WHERE batch_id IS NOT NULL AND allocated_qty > 0"),
    ("I1", f"UPDATE allocations SET serial_id = (SELECT max(serial_id) FROM allocations) WHERE id = {LOOSE}"),
    ("I2", "UPDATE stock_levels SET on_hand_qty = on_hand_qty + 1000000 WHERE variant_id = " + OF.format("A-1")),
    ("I2", "UPDATE lots SET on_hand_qty = on_hand_qty + 1000000 WHERE batch_id IS NOT NULL"),
    ("I2", "UPDATE variants SET stock_qty = stock_qty + 1000000 WHERE sku = 'A-1'"),
    ("I2", "UPDATE variants SET stock_value = stock_value + 1 WHERE sku = 'A-1'"),
    ("I2", "UPDATE stock_movements SET batch_id = NULL WHERE batch_id IS NOT NULL"),
    ("I2", "UPDATE stock_movements SET value = value + 1 WHERE id = (SELECT min(id) FROM stock_movements)"),
    ("I4", "UPDATE order_lines SET cancelled_qty = quantity WHERE allocated_qty > 0"),
    ("I4", "UPDATE order_lines SET picked_qty = picked_qty + 1000000 WHERE picked_qty > 0"),
    ("I4", "UPDATE order_lines SET packed_qty = packed_qty + 1000000 WHERE picked_qty > 0"),
    (
        "I6",
        f"UPDATE stock_movements SET shipment_line_id = {PICKED_LINE} WHERE quantity < 0",
    ),
    ("I6", "UPDATE allocations SET shipment_line_id = NULL WHERE state = 'OPEN'"),
]


@pytest.fixture
@scene
def books(session):
    """Goods received, allocated, picked and shipped: untracked, in batches, by serial number."""
    staff = open_warehouse()
    put_batch("C1", 9, staff)
    put_serials("S1", "S2", "S3", staff=staff)
    shipment_in("SHIPPED", staff, ("A-1", 5), ("CHEESE", 2), ("LAPTOP", 1))
    shipment_in("PICKED", staff, ("A-1", 3))
    allocated(staff, ("A-1", 4), ("CHEESE", 3), ("LAPTOP", 2))
    return staff


@pytest.mark.parametrize(("code", "statement"), PLANTS)
def test_a_planted_error_is_reported_by_its_invariant_alone(books, code, statement):
    beside = {"I5", "I21"} if "cancelled_qty" in statement else set()
    assert reported(statement) - beside == {code}


def test_stock_below_zero_and_beyond_what_is_there_is_oversold(books):
    # what lies there no longer agrees with the movements either
    for column in ("on_hand_qty = 0", "allocated_qty = -1"):
        found = reported(f"UPDATE stock_levels SET {column} WHERE variant_id = " + OF.format("A-1"))
        assert "I3" in found
        assert found <= {"I1", "I2", "I3"}


def test_more_shipped_than_moved_is_reported(books):
    found = reported(
        "UPDATE shipment_lines SET quantity = quantity + 1000000 WHERE shipment_id ="
        " (SELECT min(id) FROM shipments WHERE state = 'SHIPPED')"
    )
    assert found == {"I6"}
