"""Orders through the API, from entry to allocated."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import event

from tests.support.factories import (
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    put_in_stock,
)
from tests.support.masters import count_events
from tests.support.programs import ok
from webapp.db import db
from webapp.services.payments.receiving import record_payment

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


def test_head_and_lines_change_in_one_step_with_one_event(sales, admin, session):
    ok(admin.post("/items/", {"sku": "B-1", "name": "Bolt", "base_price": 2, "tax_code": "STD"}), 201)
    order = entered(sales)
    before = count_events()

    changed = ok(
        sales.patch(
            f"/sales/orders/{order['order_number']}/",
            {
                "customer_reference": "PO 7",
                "requested_date": "2030-01-31",
                "charges": [{"kind": "freight", "amount": "12.50", "tax_code": "STD"}],
                "lines": [{"line_number": 1, "quantity": 4, "unit_price": "90"}, {"sku": "B-1", "quantity": 100}],
                "version": order["version"],
            },
        )
    )

    assert [(line["sku"], line["quantity"], line["unit_price"]) for line in changed["lines"]] == [
        ("A-1", 4, "90.00"),
        ("B-1", 100, "2.00"),
    ]
    assert (changed["net_total"], changed["customer_reference"]) == ("572.50", "PO 7")
    assert changed["requested_date"] == "2030-01-31"
    assert count_events() == before + 1
    stale = sales.patch(f"/sales/orders/{order['id']}/", {"notes": "x"}, if_match=f'"{order["version"]}"')
    assert stale.status_code == 409
    gone = sales.patch(
        f"/sales/orders/{order['id']}/", {"lines": [{"line_number": 2, "remove": True}], "version": changed["version"]}
    )
    assert len(ok(gone)["lines"]) == 1
    assert list(ok(sales.patch(f"/sales/orders/{order['id']}/", {"lines": [{}], "version": 9}), 422)["details"]) == [
        "lines.0"
    ]


def test_a_quote_becomes_an_order(sales):
    quote = entered(sales, as_quote=True)
    assert (quote["status"], quote["order_number"], quote["quote_number"][:3]) == ("QUOTE", None, "QT-")

    order = ok(sales.post(f"/sales/orders/{quote['quote_number']}/accept_quote/"))

    assert (order["status"], order["id"], order["quote_number"]) == ("DRAFT", quote["id"], quote["quote_number"])


def test_a_held_order_is_released_by_another_which_confirms_it(sales, manager, accountant):
    number = approved(sales, manager, quantity=120)
    assert sales.post(f"/sales/orders/{number}/confirm/").status_code == 400
    held = ok(sales.get(f"/sales/orders/{number}/"))
    assert held["credit_hold"]["applied_by"] == "nancy.davolio@example.com"
    first = held["blockers"][0]
    assert (first["code"], first["resolved_by_role"]) == ("credit_hold", "sales_manager")
    assert first["url"] == f"/approvals/holds/{number}"
    assert [row["id"] for row in ok(sales.get("/sales/orders/", held="true"))["results"]] == [held["id"]]
    assert sales.post(f"/sales/orders/{number}/release_credit_hold/", {"reason": "x"}).status_code == 403
    assert accountant.post(f"/sales/orders/{number}/release_credit_hold/", {}).status_code == 422

    released = ok(accountant.post(f"/sales/orders/{number}/release_credit_hold/", {"reason": "Paid by cheque"}))

    assert (released["status"], released["credit_hold"]) == ("CONFIRMED", None)
    assert ok(sales.post(f"/sales/orders/{number}/confirm/"))["version"] == released["version"]


def test_an_order_is_rejected_withdrawn_held_and_cancelled(sales, manager, accountant):
    first, second = (entered(sales)["order_number"] for _ in range(2))
    for number in (first, second):
        ok(sales.post(f"/sales/orders/{number}/submit/", {"reason": "Please"}))
    assert manager.post(f"/sales/orders/{first}/reject/").status_code == 422
    assert ok(manager.post(f"/sales/orders/{first}/reject/", {"reason": "Too dear"}))["status"] == "REJECTED"
    assert ok(sales.post(f"/sales/orders/{second}/withdraw/"))["status"] == "DRAFT"
    assert sales.post(f"/sales/orders/{second}/confirm/").status_code == 409
    assert ok(sales.post(f"/sales/orders/{second}/cancel/", {"reason": "Mistake"}))["status"] == "CANCELLED"

    third = approved(sales, manager)
    assert ok(accountant.post(f"/sales/orders/{third}/apply_credit_hold/", {"reason": "Wait"}))["credit_hold"]
    refused = ok(manager.post(f"/sales/orders/{third}/reject_credit_hold/", {"reason": "No"}))
    assert refused["credit_hold"]["status"] == "REJECTED"


def test_what_an_order_cannot_be_is_named_by_its_place(sales):
    body = {
        "customer": "ACME",
        "lines": [{"sku": "A-1", "quantity": 1}, {"sku": "NONE", "quantity": 1}, {"sku": 999, "quantity": "1.5"}],
    }
    assert list(ok(sales.post("/sales/orders/", body), 422)["details"]) == ["lines.1.sku", "lines.2.sku"]
    body["lines"] = [{"sku": "A-1", "quantity": 0}, {"sku": "A-1", "quantity": 1, "discount_percent": 101}]
    assert list(ok(sales.post("/sales/orders/", body), 422)["details"]) == [
        "lines.0.quantity",
        "lines.1.discount_percent",
    ]
    charges = [{"kind": "freight", "amount": "1.005", "tax_code": "STD"}]
    assert list(
        ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [], "charges": charges}), 422)["details"]
    ) == ["charges.0.amount"]
    assert (
        sales.post("/sales/orders/", {"customer": "ACME", "lines": [], "order_date": "2020-01-01"}).status_code == 403
    )
    assert ok(sales.post("/sales/orders/", {"customer": "ACME"}), 422)["details"] == {"lines": "Lines is missing."}


def test_ids_refer_as_codes_do(sales, session):
    customer = ok(sales.get("/customers/ACME/"))["id"]
    item = ok(sales.get("/items/A-1/"))["id"]

    order = ok(sales.post("/sales/orders/", {"customer": customer, "lines": [{"sku": item, "quantity": 1}]}), 201)

    assert (order["customer"], order["lines"][0]["sku"]) == ("ACME", "A-1")


@pytest.mark.parametrize(
    "path",
    [
        "/sales/orders/", "/customers/", "/stock/levels/", "/items/", "/stock/movements/", "/sales/shipments/",
        "/sales/invoices/", "/payments/", "/reports/ageing/",
    ],
)  # fmt: skip
def test_a_long_list_takes_no_more_statements_than_a_short_one(sales, staff, session, path):
    fill(staff, 1)
    sales.get(path)  # the first request also notes that the token is in use
    few = statements(lambda: sales.get(path))
    fill(staff, 4)

    assert statements(lambda: sales.get(path)) == few


def fill(staff, number):
    for n in range(number):
        code = f"X{number}-{n}"
        make_customer(code)
        make_item(code)
        put_in_stock(code, 5, actor=staff.warehouse)
        number = make_shipped_order({code: 1, "A-1": 2}, staff, customer=code)
        record_payment(make_posted_invoice(number, staff), Decimal(5), "CASH", "", staff.accountant)


def statements(work):
    """How many statements a request sends."""
    with counted() as sent:
        assert work().status_code == 200
    return len(sent)


@contextmanager
def counted():
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_charge_with_its_id_stays_and_the_others_are_replaced(sales):
    order = entered(sales)
    path = f"/sales/orders/{order['order_number']}/"
    freight = {"kind": "freight", "amount": "12.50", "tax_code": "STD"}
    late = {"kind": "allowance", "amount": -5, "tax_code": "STD", "description": "Late"}
    first = ok(sales.patch(path, {"charges": [freight, late], "version": order["version"]}))
    kept = first["charges"][1]
    assert (kept["description"], kept["amount"]) == ("Late", "-5.00")

    changed = [{"kind": "allowance", "amount": "-4", "tax_code": "STD", "description": "Late", "id": kept["id"]}]
    second = ok(sales.patch(path, {"charges": changed, "version": first["version"]}))

    assert [(charge["id"], charge["amount"]) for charge in second["charges"]] == [(kept["id"], "-4.00")]
    unsaid = ok(sales.patch(path, {"charges": [changed[0] | {"description": ""}], "version": second["version"]}))
    assert unsaid["charges"][0]["description"] == "Allowance"
    for wrong, field in (({"id": 999}, "charges.0.id"), ({"amount": "-0.001"}, "charges.0.amount")):
        body = {"charges": [changed[0] | wrong], "version": unsaid["version"]}
        assert field in ok(sales.patch(path, body), 422)["details"]
