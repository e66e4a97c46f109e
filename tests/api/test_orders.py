"""Orders through the API, from entry to allocated."""

from __future__ import annotations

import pytest

from tests.support.programs import ok

pytestmark = pytest.mark.usefixtures("staff")


def entered(sales, quantity=10, **more):
    return ok(
        sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": quantity}], **more}), 201
    )


def approved(sales, manager, quantity=10, **more):
    number = entered(sales, quantity, **more)["order_number"]
    ok(sales.post(f"/sales/orders/{number}/submit/"))
    ok(manager.post(f"/sales/orders/{number}/approve/", {"reason": "fine"}))
    return number


def test_an_order_is_entered_and_read(sales):
    response = sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 10}]})
    order = ok(response, 201)

    assert order["status"] == "DRAFT"
    assert (order["net_total"], order["tax_total"], order["total"]) == ("1000.00", "0.00", "1000.00")
    assert order["lines"][0]["quantity"] == 10
    assert response.headers["Location"] == f"/api/sales/orders/{order['order_number']}/"
    assert ok(sales.get(f"/sales/orders/{order['id']}/")) == order
    listed = ok(sales.get("/sales/orders/", customer="ACME", status="draft"))
    assert [row["id"] for row in listed["results"]] == [order["id"]]
    assert listed["next"] is None


def test_an_order_goes_from_entry_to_allocated(sales, manager, warehouse):
    number = approved(sales, manager)
    assert ok(sales.post(f"/sales/orders/{number}/confirm/"))["status"] == "CONFIRMED"

    answer = ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/", {}))

    assert answer == {
        "message": "Inventory allocated successfully",
        "order_number": number,
        "allocation_details": [
            {
                "line_number": 1,
                "item": "Product A-1",
                "success": True,
                "allocated_qty": 10,
                "message": "Successfully allocated 10 units",
            }
        ],
    }
    again = ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))
    assert again["message"] == "Inventory already allocated"
    assert ok(sales.get(f"/sales/orders/{number}/"))["allocation_status"] == "FULL"
