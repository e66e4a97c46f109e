"""From allocated to paid through the API: the answers that outsiders rely on, word by word."""

from __future__ import annotations

import pytest

from tests.support.programs import ok


@pytest.fixture
def shipped(example) -> str:
    """SO-2025-001 over 15 of Product A, shipped."""
    sales, manager, warehouse, _ = example
    ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "PRODUCT-A", "quantity": 15}]}), 201)
    for program, move in ((sales, "submit"), (manager, "approve"), (sales, "confirm")):
        ok(program.post(f"/sales/orders/SO-2025-001/{move}/"))
    ok(warehouse.post("/sales/orders/SO-2025-001/allocate_inventory/"))
    made = warehouse.post("/sales/orders/SO-2025-001/shipments/", {"carrier": "DHL"})
    assert made.headers["Location"] == "/api/sales/shipments/SHP-2025-001/"
    assert ok(made, 201)["lines"][0]["quantity"] == 15
    for move in ("pick", "pack", "ship"):
        ok(warehouse.post(f"/sales/shipments/SHP-2025-001/{move}/"))
    return "SO-2025-001"


@pytest.fixture
def posted(example, shipped) -> str:
    """INV-2025-001 over 1,500.00, posted."""
    accountant = example[-1]
    draft = ok(accountant.post(f"/sales/orders/{shipped}/invoices/"), 201)
    assert (draft["invoice_number"], draft["status"], draft["amount_due"]) == (None, "DRAFT", "0.00")
    ok(accountant.post(f"/sales/invoices/{draft['id']}/validate/"))
    return ok(accountant.post(f"/sales/invoices/{draft['id']}/approve/"))["invoice_number"]


def pay(amount, reference="TXN123456", **more):
    return {"payment_amount": amount, "payment_method": "BANK_TRANSFER", "payment_reference": reference, **more}


def test_the_second_example_is_answered_exactly(example, posted):
    accountant = example[-1]

    response = accountant.post(f"/sales/invoices/{posted}/record_payment/", '{"payment_amount": 1000.00, '
                               '"payment_method": "BANK_TRANSFER", "payment_reference": "TXN123456"}')  # fmt: skip

    assert ok(response) == {
        "message": "Payment of 1000.00 recorded successfully",
        "invoice_number": "INV-2025-001",
        "payment_id": "TXN123456",
        "amount_paid": "1000.00",
        "amount_due": "500.00",
    }
    assert response.headers["Location"] == "/api/payments/PAY-2025-001/"
    assert ok(accountant.post(f"/sales/invoices/{posted}/record_payment/", pay(600, "TXN2")), 400) == {
        "error": "Payment exceeds the amount due",
        "details": {"amount_due": "500.00", "payment_amount": "600.00"},
    }
    invoice = ok(accountant.get(f"/sales/invoices/{posted}/"))
    assert (invoice["status"], invoice["amount_paid"], invoice["amount_due"]) == (
        "PARTIALLY_PAID", "1000.00", "500.00",
    )  # fmt: skip
    payment = ok(accountant.get("/payments/PAY-2025-001/"))
    assert payment["allocations"][0] | {"applied_on": ""} == {
        "invoice": "INV-2025-001", "amount": "1000.00", "applied_on": "", "reversed_on": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (pay(0), 400),
        (pay(-5), 400),
        (pay("1.001"), 422),
        (pay("1e2"), 422),
        (pay(5, ""), 422),
        (pay(5, payment_method="SHELLS"), 422),
        (pay(5, payment_date="2025-13-01"), 422),
        (pay(5, payment_date="2199-01-01"), 422),
        ({}, 422),
    ],
)
def test_a_payment_that_cannot_be_is_refused(example, posted, body, status):
    assert example[-1].post(f"/sales/invoices/{posted}/record_payment/", body).status_code == status


def test_a_used_reference_is_named_and_a_draft_takes_no_payment(example, posted):
    accountant = example[-1]
    ok(accountant.post(f"/sales/invoices/{posted}/record_payment/", pay(10)))

    refused = ok(accountant.post(f"/sales/invoices/{posted}/record_payment/", pay(10)), 400)

    assert "PAY-2025-001" in refused["error"]


def test_an_order_is_closed_once_all_is_billed_and_a_draft_is_given_up(example, shipped):
    accountant, sales = example[-1], example[0]
    draft = ok(
        accountant.post(f"/sales/orders/{shipped}/invoices/", {"lines": [{"line_number": 1, "quantity": 5}]}), 201
    )
    assert draft["total"] == "500.00"
    assert accountant.post(f"/sales/invoices/{draft['id']}/record_payment/", pay(5)).status_code == 409
    voided = ok(accountant.post(f"/sales/invoices/{draft['id']}/void/", {"reason": "Too little"}))
    assert voided["status"] == "VOID"
    assert ok(sales.get(f"/sales/orders/{shipped}/"))["billing_status"] == "NONE"
    assert ok(accountant.get("/sales/invoices/", status="void"))["results"][0]["id"] == draft["id"]


def test_a_posted_invoice_is_sent_and_credited(example, posted):
    accountant, sales = example[-1], example[0]
    assert ok(accountant.post(f"/sales/invoices/{posted}/send/"))["status"] == "SENT"
    assert ok(sales.get("/sales/orders/SO-2025-001/"))["status"] == "CLOSED"

    made = accountant.post(
        f"/sales/invoices/{posted}/credit_notes/",
        {"lines": [{"line_number": 1, "quantity": 3}], "reason": "Damaged"},
    )
    note = ok(made, 201)
    assert (note["status"], note["total"]) == ("DRAFT", "300.00")
    assert made.headers["Location"] == f"/api/sales/credit_notes/{note['id']}/"
    approved = ok(accountant.post(f"/sales/credit_notes/{note['id']}/approve/"))

    assert (approved["credit_note_number"], approved["amount_applied"]) == ("CN-2025-001", "300.00")
    assert ok(accountant.get(f"/sales/invoices/{posted}/"))["amount_due"] == "1200.00"


def test_a_receipt_is_split_kept_applied_and_reversed_by_another(example, posted, speak_as_another):
    accountant = example[-1]
    body = {"customer": "ACME", "amount": "2000", "method": "BANK_TRANSFER", "reference": "R1"}
    assert accountant.post("/payments/", body | {"allocations": []}).status_code == 400
    kept = accountant.post("/payments/", body | {"allocations": [], "keep_on_account": True})
    payment = ok(kept, 201)
    assert (payment["allocations"], payment["unapplied"]) == ([], "2000.00")
    assert kept.headers["Location"] == "/api/payments/PAY-2025-001/"

    applied = ok(accountant.post("/payments/PAY-2025-001/applications/", {"invoice": posted, "amount": 1500}))
    assert applied["unapplied"] == "500.00"
    assert accountant.post("/payments/PAY-2025-001/reverse/", {"reason": "Bounced"}).status_code == 403
    reversed_ = ok(speak_as_another.post("/payments/PAY-2025-001/reverse/", {"reason": "Bounced"}))
    assert (reversed_["status"], reversed_["unapplied"]) == ("REVERSED", "0.00")
    assert [row["payment_number"] for row in ok(accountant.get("/payments/", customer="ACME"))["results"]] == [
        "PAY-2025-001"
    ]


def test_the_ageing_names_what_each_customer_owes(example, posted):
    report = ok(example[-1].get("/reports/ageing/"))

    assert report["results"][0]["customer"] == "ACME"
    assert report["results"][0]["buckets"]["current"] == "1500.00"
    assert report["totals"]["balance"] == "1500.00"


def test_shipping_over_the_limit_holds_the_order_and_the_shipment_stays_packed(example):
    sales, manager, warehouse, _ = example
    ok(sales.post("/sales/orders/", {"customer": "ACME", "lines": [{"sku": "PRODUCT-A", "quantity": 90}]}), 201)
    for program, move in ((sales, "submit"), (manager, "approve"), (sales, "confirm")):
        ok(program.post(f"/sales/orders/SO-2025-001/{move}/"))
    ok(warehouse.post("/sales/orders/SO-2025-001/allocate_inventory/"))
    ok(warehouse.post("/sales/orders/SO-2025-001/shipments/"), 201)
    for move in ("pick", "pack"):
        ok(warehouse.post(f"/sales/shipments/SHP-2025-001/{move}/"))
    version = ok(manager.get("/customers/ACME/"))["version"]
    ok(manager.patch("/customers/ACME/", {"credit_limit": 9500, "version": version}))
    from tests.api.test_allocation import owe

    owe("ACME", 1000)

    refused = ok(warehouse.post("/sales/shipments/SHP-2025-001/ship/", {"tracking_number": "T1"}), 400)

    assert refused["error"] == "Credit limit exceeded"
    assert ok(warehouse.get("/sales/shipments/SHP-2025-001/"))["status"] == "PACKED"
    assert ok(sales.get("/sales/orders/SO-2025-001/"))["credit_hold"]["status"] == "OPEN"
    assert warehouse.post("/sales/shipments/SHP-2025-001/ship/").status_code == 400
