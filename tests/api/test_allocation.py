"""Allocation through the API: the answers that outsiders rely on, word by word."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.api.test_orders import approved
from tests.support.factories import make_item, put_in_stock
from tests.support.programs import ok
from webapp.db import atomic, db
from webapp.models import Customer
from webapp.services.company import system_user
from webapp.services.importing.opening_invoices import import_opening_invoice


def confirmed(sales, manager, **more):
    number = approved(sales, manager, **more)
    ok(sales.post(f"/sales/orders/{number}/confirm/"))
    return number


def owe(customer, amount):
    """Let a customer owe an amount that is not due yet."""
    import_opening_invoice(
        "OLD-1", customer, issue_date=date(2025, 2, 20), due_date=date(2025, 12, 31), total=amount,
        open_amount=amount, actor=system_user(),
    )  # fmt: skip


def detail(message, allocated, *, success=True, line=1, item="Product A-1"):
    return {"line_number": line, "item": item, "success": success, "allocated_qty": allocated, "message": message}


def test_the_first_example_is_answered_exactly(example):
    sales, manager, warehouse, _ = example
    ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "PRODUCT-A", "quantity": 10}]}), 201)
    for program, move in ((sales, "submit"), (manager, "approve"), (sales, "confirm")):
        ok(program.post(f"/sales/orders/SO-2025-001/{move}/"))

    response = warehouse.post("/sales/orders/SO-2025-001/allocate_inventory/")

    assert ok(response) == {
        "message": "Inventory allocated successfully",
        "order_number": "SO-2025-001",
        "allocation_details": [
            {
                "line_number": 1,
                "item": "Product A",
                "success": True,
                "allocated_qty": 10,
                "message": "Successfully allocated 10 units",
            }
        ],
    }


def test_over_the_limit_the_order_is_held_and_every_number_answered(example):
    owe("ACME", Decimal(8000))
    sales, manager, *_ = example
    ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "PRODUCT-A", "quantity": 30}]}), 201)
    for program, move in ((sales, "submit"), (manager, "approve")):
        ok(program.post(f"/sales/orders/SO-2025-001/{move}/"))

    response = sales.post("/sales/orders/SO-2025-001/confirm/", idempotency_key="once")

    assert response.status_code == 400
    assert response.data.decode().strip() == (
        '{"error": "Credit limit exceeded", "details": {"approved": false, "credit_limit": 10000.00, '
        '"outstanding_balance": 8000.00, "open_orders": 0.00, "available_credit": 2000.00, "order_amount": 3000.00, '
        '"message": "Insufficient credit. Available: 2000.00, Required: 3000.00"}}'
    )
    order = ok(sales.get("/sales/orders/SO-2025-001/"))
    assert (order["status"], order["credit_hold"]["status"]) == ("APPROVED", "OPEN")
    assert order["credit_hold"]["excess"] == "1000.00"
    again = sales.post("/sales/orders/SO-2025-001/confirm/", idempotency_key="once")
    assert (again.status_code, again.data) == (400, response.data)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_part_in_stock_is_taken_and_the_rest_counted(sales, manager, warehouse, staff):
    number = confirmed(sales, manager, quantity=60)

    assert ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/")) == {
        "message": "Inventory partially allocated",
        "order_number": number,
        "allocation_details": [detail("Successfully allocated 50 of 60 units, 10 short", 50, success=False)],
    }
    refused = ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"), 400)
    assert refused["error"] == "Insufficient stock"
    (line,) = refused["details"]["allocation_details"]
    assert set(line) == {"line_number", "item", "success", "allocated_qty", "message"}
    assert (line["success"], line["allocated_qty"]) == (False, 50)
    put_in_stock("A-1", 10, actor=staff.warehouse)
    assert ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))["allocation_details"] == [
        detail("Successfully allocated 10 units", 60)
    ]


def test_full_lines_answer_that_they_are_allocated_already(sales, manager, warehouse):
    number = confirmed(sales, manager, quantity=5)
    ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))

    assert ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))["message"] == "Inventory already allocated"


def test_an_order_that_ships_complete_takes_all_or_nothing(sales, manager, warehouse):
    number = confirmed(sales, manager, quantity=60, ship_complete=True)

    refused = ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"), 400)

    assert refused["error"] == "Insufficient stock"
    assert refused["details"]["allocation_details"][0]["allocated_qty"] == 0
    assert ok(sales.get("/stock/levels/"))["results"][0]["allocated_qty"] == 0


def test_parts_of_units_are_strings(sales, manager, warehouse, staff):
    make_item("OIL", base_price=Decimal(3), quantity_step=Decimal("0.25"))
    put_in_stock("OIL", Decimal("1.75"), actor=staff.warehouse)
    body = {"customer": "ACME", "lines": [{"sku": "OIL", "quantity": "2.50"}]}
    number = ok(sales.post("/sales/orders/", body), 201)["order_number"]
    for program, move in ((sales, "submit"), (manager, "approve"), (sales, "confirm")):
        ok(program.post(f"/sales/orders/{number}/{move}/"))

    answer = ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))

    assert answer["allocation_details"] == [
        detail("Successfully allocated 1.75 of 2.5 units, 0.75 short", "1.75", success=False, item="Product OIL")
    ]


def test_a_blocked_customer_is_named_and_what_is_overdue(sales, manager, warehouse):
    number = confirmed(sales, manager)
    with atomic():
        customer = db.session.scalars(db.select(Customer)).one()
        customer.status = "BLOCKED"

    response = warehouse.post(f"/sales/orders/{number}/allocate_inventory/")

    refused = ok(response, 400)
    assert refused["error"] == "Customer is blocked"
    assert refused["details"]["overdue_amount"] == 0
    assert '"overdue_amount": 0.00, "overdue_days": 0' in response.text
    assert ok(sales.get(f"/sales/orders/{number}/"))["credit_hold"]["status"] == "OPEN"


def test_what_is_reserved_is_given_back(sales, manager, warehouse):
    number = confirmed(sales, manager)
    ok(warehouse.post(f"/sales/orders/{number}/allocate_inventory/"))

    lines = [{"line_number": 1, "quantity": 4}]
    part = ok(warehouse.post(f"/sales/orders/{number}/release_allocation/", {"lines": lines}))
    assert part["lines"][0]["allocated_qty"] == 6
    assert part["allocation_status"] == "PART"
    assert ok(warehouse.post(f"/sales/orders/{number}/release_allocation/"))["allocation_status"] == "NONE"
