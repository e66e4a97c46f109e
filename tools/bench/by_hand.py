"""The same order to cash in hand-written SQL over psycopg: the same rows, row locks and commits, prepared statements.

Amounts are whole units as they are stored (money 10**-4, quantities and prices 10**-6). Rows of one kind go in one
statement; sums, prices and texts are worked out in the program, by the shortest way that gives this cycle's numbers.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from psycopg.types.json import Json

from tools.bench.company import CUSTOMER, QUANTITY, SKUS, People
from tools.bench.statements import Row, Statements, now_and_today

ONE = 10**6  # of a quantity
PRICE_TO_MONEY = 10**2

CREDIT = """
SELECT coalesce((SELECT sum(total - settled_before - paid_amount - credited_amount - written_off_amount) FROM invoices
                  WHERE customer_id = %(customer)s AND state = 'APPROVED'), 0)
     - coalesce((SELECT sum(amount - applied_amount - refunded_amount) FROM payments
                  WHERE customer_id = %(customer)s AND state = 'RECORDED'), 0)
     - coalesce((SELECT sum(total - applied_amount - refunded_amount) FROM credit_notes
                  WHERE customer_id = %(customer)s AND state = 'APPROVED'), 0) AS outstanding,
       coalesce((SELECT sum(to_bill_amount) FROM orders WHERE customer_id = %(customer)s), 0)
     + coalesce((SELECT sum(to_ship_amount) FROM orders o WHERE customer_id = %(customer)s AND state = 'CONFIRMED'
                  AND id <> %(order)s
                  AND NOT EXISTS (SELECT 1 FROM credit_holds h WHERE h.order_id = o.id AND h.state = 'OPEN')), 0)
       AS open_orders,
       coalesce((SELECT sum(total - settled_before - paid_amount - credited_amount - written_off_amount) FROM invoices
                  WHERE customer_id = %(customer)s AND state = 'APPROVED' AND due_date < %(day)s), 0) AS overdue
"""


class ByHand(Statements):
    """One connection that turns orders into cash."""

    def __init__(self, url: str, people: People, pdf: bytes) -> None:
        super().__init__(url)
        self._people = people
        self._pdf = pdf

    def cycle(self) -> None:
        """Order, allocate, ship, invoice, pay."""
        number = self._order(self._people.sales)
        self._allocate(number, self._people.warehouse)
        self._ship(number, self._people.warehouse)
        invoice_id = self._invoice(number, self._people.accountant)
        self._pay(invoice_id, self._people.accountant)

    # -- the five transactions -----------------------------------------------------------------------------------------

    def _order(self, user: int) -> str:
        now, day = now_and_today()
        company = self._one("SELECT * FROM company WHERE id = 1")
        customer = self._one("SELECT * FROM customers WHERE code = %s", CUSTOMER)
        address = self._address(customer["id"])
        lines = self._priced_lines(customer, user, day)
        net = sum(line["net_amount"] for line in lines)
        number = self._next_number("SO", day.year)
        order_id = self._insert("orders", {
            "order_number": number, "revision": 1, "state": "DRAFT", "customer_id": customer["id"],
            "currency": customer["currency"], "order_date": day, "customer_reference": "", "notes": "",
            "location_id": company["default_location_id"], "ship_complete": False, "priority": 0,
            "payment_terms_code": customer["payment_terms_code"], "tax_class": customer["tax_class"],
            "tax_rounding": company["tax_rounding"], "billing_address": Json(address),
            "shipping_address": Json(address), "order_discount_percent": 0, "order_discount_amount": 0,
            "subtotal": net, "net_total": net, "tax_total": 0, "total": net, "to_ship_amount": net,
            "to_bill_amount": 0, "created_by_id": user, "created_at": now, "version": 1,
        })  # fmt: skip
        self._insert_all("order_lines", [{"order_id": order_id, **line} for line in lines])
        order, of_customer = ("order", order_id, number), ("customer", customer["id"], customer["code"])
        facts = {"lines": len(lines), "total": str(net)}
        self._event("order.created", user, now, facts, [order, of_customer], [("order", order_id, None, "DRAFT")])

        self._lock_customer_of("orders", order_id)
        self._run("SELECT id FROM orders WHERE id = %s FOR NO KEY UPDATE", order_id)
        self._insert("approvals", {
            "kind": "ORDER", "state": "APPROVED", "order_id": order_id, "requested_by_id": user, "requested_at": now,
            "request_reason": "", "decision_reason": "", "decider_roles": Json([]), "decided_at": now,
            "policy": "Orders up to any amount, version 1",
            "fingerprint": Json({"customer": CUSTOMER, "lines": [_fingerprint(line) for line in lines]}),
        })  # fmt: skip
        self._run("UPDATE orders SET state = 'APPROVED', submitted_by_id = %s, submitted_at = %s, version = 2"
                  " WHERE id = %s", user, now, order_id)  # fmt: skip
        self._event(
            "order.submitted", user, now, facts, [order, of_customer],
            [("order", order_id, "DRAFT", "SUBMITTED"), ("order", order_id, "SUBMITTED", "APPROVED")],
        )  # fmt: skip

        self._check_credit(customer, order_id, net, "CONFIRM", user)
        self._run("UPDATE orders SET state = 'CONFIRMED', confirmed_at = %s, version = 3 WHERE id = %s", now, order_id)
        self._event("order.confirmed", user, now, facts, [order, of_customer],
                    [("order", order_id, "APPROVED", "CONFIRMED")])  # fmt: skip
        self._db.commit()
        return number

    def _allocate(self, number: str, user: int) -> None:
        now, _ = now_and_today()
        customer, order, lines = self._lock_order(number)
        self._check_credit(customer, order["id"], order["to_ship_amount"], "ALLOCATE", user)
        levels = {
            level["variant_id"]: level
            for level in self._run(
                "SELECT * FROM stock_levels WHERE variant_id = ANY(%s) AND location_id = %s ORDER BY id"
                " FOR NO KEY UPDATE", [line["variant_id"] for line in lines], order["location_id"],
            )
        }  # fmt: skip
        for line in lines:
            level = levels[line["variant_id"]]
            if level["on_hand_qty"] - level["allocated_qty"] < line["quantity"]:
                raise RuntimeError("There is not enough in stock for the measurement.")
        self._insert_all("allocations", [
            {"order_line_id": line["id"], "level_id": levels[line["variant_id"]]["id"], "quantity": line["quantity"],
             "state": "OPEN", "created_by_id": user, "created_at": now}
            for line in lines
        ])  # fmt: skip
        self._run("UPDATE stock_levels s SET allocated_qty = s.allocated_qty + l.quantity FROM order_lines l"
                  " WHERE l.order_id = %s AND s.variant_id = l.variant_id AND s.location_id = %s",
                  order["id"], order["location_id"])  # fmt: skip
        self._run("UPDATE order_lines SET allocated_qty = quantity WHERE order_id = %s", order["id"])
        taken = {"lines": {str(line["line_number"]): str(line["quantity"]) for line in lines}}
        self._event("stock.allocated", user, now, taken, [("order", order["id"], number)], [])
        self._db.commit()

    def _ship(self, number: str, user: int) -> None:
        now, day = now_and_today()
        customer, order, lines = self._lock_order(number)
        held = self._run(
            "SELECT a.* FROM allocations a JOIN order_lines l ON l.id = a.order_line_id WHERE l.order_id = %s"
            " AND a.state = 'OPEN' AND a.shipment_line_id IS NULL ORDER BY a.id", order["id"],
        )  # fmt: skip
        shipment_number = self._next_number("SHP", day.year)
        shipment_id = self._insert("shipments", {
            "shipment_number": shipment_number, "state": "DRAFT", "order_id": order["id"],
            "location_id": order["location_id"], "shipping_address": Json(order["shipping_address"]), "carrier": "",
            "tracking_number": "", "created_by_id": user, "created_at": now, "version": 1,
        })  # fmt: skip
        line_ids = self._insert_all("shipment_lines", [
            {"shipment_id": shipment_id, "order_line_id": one["order_line_id"], "quantity": one["quantity"],
             "returned_qty": 0}
            for one in held
        ])  # fmt: skip
        self._run("UPDATE allocations a SET shipment_line_id = s.id FROM shipment_lines s WHERE s.shipment_id = %s"
                  " AND s.order_line_id = a.order_line_id AND a.state = 'OPEN'", shipment_id)  # fmt: skip
        documents = [("shipment", shipment_id, shipment_number), ("order", order["id"], number)]
        self._event("shipment.created", user, now, {"shipments": [shipment_number]}, documents,
                    [("shipment", shipment_id, None, "DRAFT")])  # fmt: skip

        self._run("UPDATE order_lines SET picked_qty = allocated_qty WHERE order_id = %s", order["id"])
        self._run("UPDATE shipments SET state = 'PICKED', picked_at = %s, picked_by_id = %s, version = 2 WHERE id = %s",
                  now, user, shipment_id)  # fmt: skip
        self._event("shipment.picked", user, now, {"short": {}}, documents,
                    [("shipment", shipment_id, "DRAFT", "PICKED")])  # fmt: skip

        self._run("UPDATE order_lines SET packed_qty = picked_qty WHERE order_id = %s", order["id"])
        self._run("UPDATE shipments SET state = 'PACKED', packed_at = %s, packed_by_id = %s, version = 3 WHERE id = %s",
                  now, user, shipment_id)  # fmt: skip
        self._event("shipment.packed", user, now, {"packages": 0}, documents,
                    [("shipment", shipment_id, "PICKED", "PACKED")])  # fmt: skip

        self._check_credit(customer, order["id"], order["to_ship_amount"], "SHIP", user)
        self._run("SELECT id FROM stock_levels WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                  [one["level_id"] for one in held])  # fmt: skip
        variants = {
            row["id"]: row
            for row in self._run(
                "SELECT id, average_cost FROM variants WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                [line["variant_id"] for line in lines],
            )
        }  # fmt: skip
        by_id = {line["id"]: line for line in lines}
        moves = []
        for one, shipment_line_id in zip(held, line_ids, strict=True):
            variant = variants[by_id[one["order_line_id"]]["variant_id"]]
            moves.append({
                "variant_id": variant["id"], "location_id": order["location_id"], "kind": "SHIPMENT",
                "quantity": -one["quantity"], "unit_cost": variant["average_cost"],
                "value": -variant["average_cost"] * one["quantity"] // ONE // PRICE_TO_MONEY, "moved_on": day,
                "at": now, "user_id": user, "reason": "", "reference": shipment_number,
                "order_line_id": one["order_line_id"], "shipment_line_id": shipment_line_id,
            })  # fmt: skip
        self._insert_all("stock_movements", moves)
        self._run("UPDATE variants v SET stock_qty = v.stock_qty + m.quantity, stock_value = v.stock_value + m.value"
                  " FROM stock_movements m WHERE m.shipment_line_id = ANY(%s) AND m.variant_id = v.id",
                  line_ids)  # fmt: skip
        self._run("UPDATE stock_levels s SET on_hand_qty = s.on_hand_qty - a.quantity,"
                  " allocated_qty = s.allocated_qty - a.quantity FROM allocations a"
                  " WHERE a.shipment_line_id = ANY(%s) AND a.level_id = s.id", line_ids)  # fmt: skip
        self._run("UPDATE allocations SET state = 'SHIPPED', ended_at = %s WHERE shipment_line_id = ANY(%s)",
                  now, line_ids)  # fmt: skip
        self._run("UPDATE order_lines SET shipped_qty = packed_qty, allocated_qty = 0, picked_qty = 0, packed_qty = 0"
                  " WHERE order_id = %s", order["id"])  # fmt: skip
        self._run("UPDATE orders SET to_bill_amount = to_ship_amount, to_ship_amount = 0 WHERE id = %s", order["id"])
        self._run("UPDATE shipments SET state = 'SHIPPED', shipped_at = %s, shipped_on = %s, shipped_by_id = %s,"
                  " version = 4 WHERE id = %s", now, day, user, shipment_id)  # fmt: skip
        left = {"lines": {str(line["line_number"]): str(line["quantity"]) for line in lines}}
        self._event("shipment.shipped", user, now, left, documents,
                    [("shipment", shipment_id, "PACKED", "SHIPPED")])  # fmt: skip
        self._db.commit()

    def _invoice(self, number: str, user: int) -> int:
        now, day = now_and_today()
        customer, order, lines = self._lock_order(number)
        company = self._one("SELECT * FROM company WHERE id = 1")
        terms = self._one("SELECT * FROM payment_terms WHERE code = %s", order["payment_terms_code"])
        self._rates({line["tax_code_id"] for line in lines}, day)
        invoice_id = self._insert("invoices", {
            "is_opening": False, "payment_terms_code": terms["code"], "order_discount_percent": 0,
            "order_discount_amount": 0, "settled_before": 0, "paid_amount": 0, "credited_amount": 0,
            "written_off_amount": 0, "state": "DRAFT", "customer_id": customer["id"], "currency": order["currency"],
            "tax_rounding": order["tax_rounding"], "billing_address": Json(order["billing_address"]),
            "shipping_address": Json(order["shipping_address"]), "net_total": order["net_total"], "tax_total": 0,
            "total": order["total"], "created_by_id": user, "created_at": now, "void_reason": "", "version": 1,
            "order_id": order["id"], "delivery_date": day,
        })  # fmt: skip
        written = [
            {"invoice_id": invoice_id, "line_number": line["line_number"], "sku": line["sku"],
             "description": line["item_name"], "order_line_id": line["id"], "quantity": line["quantity"],
             **{name: line[name] for name in (
                 "unit", "price_base", "unit_price", "discount_percent", "subtotal", "discount_amount",
                 "order_discount_share", "net_amount", "tax_code_id", "tax_category", "tax_percent", "tax_amount",
                 "total")}}
            for line in lines
        ]  # fmt: skip
        self._insert_all("invoice_lines", written)
        self._insert_all("invoice_taxes", [{
            "invoice_id": invoice_id, "category": lines[0]["tax_category"], "percent": 0,
            "net_amount": order["net_total"], "tax_amount": 0, "exemption_reason": "",
        }])  # fmt: skip
        self._run("UPDATE order_lines SET drafted_qty = shipped_qty WHERE order_id = %s", order["id"])
        of_order, draft = ("order", order["id"], number), ("invoice", invoice_id, f"draft {invoice_id}")
        billed = {"total": str(order["total"]), "lines": [[line["sku"], str(line["quantity"])] for line in written]}
        self._event("invoice.drafted", user, now, billed, [draft, of_order],
                    [("invoice", invoice_id, None, "DRAFT")])  # fmt: skip

        self._run("SELECT id FROM invoices WHERE id = %s FOR NO KEY UPDATE", invoice_id)
        self._run("UPDATE invoices SET state = 'VALIDATED', validated_at = %s, version = 2 WHERE id = %s",
                  now, invoice_id)  # fmt: skip
        self._event("invoice.validated", user, now, {}, [draft, of_order],
                    [("invoice", invoice_id, "DRAFT", "VALIDATED")])  # fmt: skip

        invoice_number, due = self._next_number("INV", day.year), day + timedelta(days=terms["net_days"])
        later = self._one("SELECT EXISTS (SELECT 1 FROM invoices WHERE issue_date > %s AND state = 'APPROVED') AS any",
                          day)  # fmt: skip
        if later["any"]:
            raise RuntimeError("A later invoice is in the way of the measurement.")
        snapshot = {
            "kind": "invoice", "number": invoice_number, "seller": _words(company), "buyer": _words(customer),
            "billing_address": order["billing_address"], "shipping_address": order["shipping_address"],
            "issue_date": day.isoformat(), "due_date": due.isoformat(), "terms": terms["name"], "lines": written,
            "net_total": str(order["net_total"]), "total": str(order["total"]),
        }  # fmt: skip
        self._run("UPDATE order_lines SET invoiced_qty = drafted_qty, drafted_qty = 0 WHERE order_id = %s", order["id"])
        self._run("UPDATE orders SET state = 'CLOSED', closed_at = %s, to_bill_amount = 0 WHERE id = %s",
                  now, order["id"])  # fmt: skip
        self._run("UPDATE invoices SET state = 'APPROVED', invoice_number = %s, issue_date = %s, due_date = %s,"
                  " base_rate = %s, posted_by_id = %s, posted_at = %s, snapshot = %s WHERE id = %s",
                  invoice_number, day, due, ONE, user, now, Json(snapshot), invoice_id)  # fmt: skip
        self._insert("document_files", {
            "invoice_id": invoice_id, "media_type": "application/pdf", "content": self._pdf, "made_at": now,
            "sha256": hashlib.sha256(self._pdf).hexdigest(),
        })  # fmt: skip
        posted = ("invoice", invoice_id, invoice_number)
        self._journal(posted, customer, order["total"], user, ("1200", "4000"))
        self._event(
            "invoice.posted", user, now, {"total": str(order["total"])},
            [posted, of_order, ("customer", customer["id"], customer["code"])],
            [("order", order["id"], "CONFIRMED", "CLOSED"), ("invoice", invoice_id, "VALIDATED", "APPROVED")],
        )  # fmt: skip
        self._db.commit()
        return invoice_id

    def _pay(self, invoice_id: int, user: int) -> None:
        now, day = now_and_today()
        customer = self._lock_customer_of("invoices", invoice_id)
        invoice = self._one("SELECT * FROM invoices WHERE id = %s FOR NO KEY UPDATE", invoice_id)
        method = self._one("SELECT * FROM payment_methods WHERE code = %s", "BANK_TRANSFER")
        reference, amount = f"TRANSFER-{invoice_id}", invoice["total"] - invoice["paid_amount"]
        if self._run("SELECT 1 FROM payments WHERE customer_id = %s AND method_code = %s AND reference = %s"
                     " AND state = 'RECORDED'", customer["id"], method["code"], reference):  # fmt: skip
            raise RuntimeError("The reference has been used.")
        number = self._next_number("PAY", day.year)
        payment_id = self._insert("payments", {
            "payment_number": number, "state": "RECORDED", "customer_id": customer["id"],
            "currency": customer["currency"], "amount": amount, "applied_amount": amount, "refunded_amount": 0,
            "method_code": method["code"], "reference": reference, "payment_date": day, "recorded_by_id": user,
            "recorded_at": now, "reversal_reason": "",
        })  # fmt: skip
        self._insert("payment_applications", {
            "payment_id": payment_id, "invoice_id": invoice_id, "amount": amount, "applied_on": day,
            "applied_at": now, "applied_by_id": user,
        })  # fmt: skip
        self._run("UPDATE invoices SET paid_amount = paid_amount + %s, first_payment_date = %s, last_payment_date = %s"
                  " WHERE id = %s", amount, day, day, invoice_id)  # fmt: skip
        payment = ("payment", payment_id, number)
        self._journal(payment, customer, -amount, user, ("1200", method["account_code"]))
        self._run("SELECT order_id FROM credit_holds WHERE customer_id = %s AND state = 'OPEN'", customer["id"])
        self._event(
            "payment.recorded", user, now, {"amount": str(amount), "reference": reference},
            [payment, ("invoice", invoice_id, invoice["invoice_number"]), ("customer", customer["id"], CUSTOMER)],
            [("payment", payment_id, None, "RECORDED")],
        )  # fmt: skip
        self._db.commit()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _priced_lines(self, customer: Row, user: int, day: date) -> list[Row]:
        variants = {row["sku"]: row for row in self._run("SELECT * FROM variants WHERE sku = ANY(%s)", list(SKUS))}
        ids = [variant["id"] for variant in variants.values()]
        agreed = self._run("SELECT * FROM customer_prices WHERE customer_id = %s AND variant_id = ANY(%s)",
                           customer["id"], ids)  # fmt: skip
        prices: dict[int, Any] = {row["variant_id"]: row["unit_price"] for row in agreed}
        codes = self._rates({variant["tax_code_id"] for variant in variants.values()}, day)
        lines = []
        for place, sku in enumerate(SKUS, 1):
            variant = variants[sku]
            price = int(prices.get(variant["id"], variant["base_price"]) or 0)
            code = codes[variant["tax_code_id"]]
            net = price * QUANTITY // PRICE_TO_MONEY
            lines.append({
                "line_number": place, "variant_id": variant["id"], "item_name": variant["name"],
                "unit": variant["unit"], "price_base": ONE, "unit_price": price, "derived_price": price,
                "price_source": "BASE", "price_typed": False, "discount_percent": 0, "entered_by_id": user,
                "derivation": Json([{"source": "BASE", "label": "Base price", "unit_price": str(price), "won": True}]),
                "entered_limit": 50_000, "tax_code_id": code["id"], "tax_category": code["category"],
                "tax_percent": code["percent"], "subtotal": net, "discount_amount": 0, "order_discount_share": 0,
                "net_amount": net, "tax_amount": 0, "total": net, "quantity": QUANTITY * ONE, "allocated_qty": 0,
                "picked_qty": 0, "packed_qty": 0, "shipped_qty": 0, "cancelled_qty": 0, "cancel_reason": "",
                "returned_qty": 0, "returned_unbilled_qty": 0, "invoiced_qty": 0, "drafted_qty": 0,
                "credited_qty": 0, "rebill_qty": 0,
            })  # fmt: skip
        return lines

    def _rates(self, code_ids: set[int], day: date) -> dict[int, Row]:
        rows = self._run(
            "SELECT DISTINCT ON (c.id) c.id, c.category, r.percent FROM tax_codes c JOIN tax_rates r"
            " ON r.tax_code_id = c.id WHERE c.id = ANY(%s) AND r.valid_from <= %s ORDER BY c.id, r.valid_from DESC",
            list(code_ids), day,
        )  # fmt: skip
        return {row["id"]: row for row in rows}

    def _address(self, customer_id: int) -> Row:
        return self._one("SELECT name, street, postal_code, city, region, country FROM addresses"
                         " WHERE customer_id = %s AND kind = 'BILLING'", customer_id)  # fmt: skip

    def _lock_customer_of(self, table: str, document_id: int) -> Row:
        return self._one(f"SELECT * FROM customers WHERE id = (SELECT customer_id FROM {table} WHERE id = %s)"  # noqa: S608
                         " FOR NO KEY UPDATE", document_id)  # fmt: skip

    def _lock_order(self, number: str) -> tuple[Row, Row, list[Row]]:
        customer = self._one("SELECT * FROM customers WHERE id = (SELECT customer_id FROM orders"
                             " WHERE order_number = %s) FOR NO KEY UPDATE", number)  # fmt: skip
        order = self._one("SELECT * FROM orders WHERE order_number = %s FOR NO KEY UPDATE", number)
        lines = self._run("SELECT l.*, v.sku FROM order_lines l JOIN variants v ON v.id = l.variant_id"
                          " WHERE l.order_id = %s ORDER BY l.line_number", order["id"])  # fmt: skip
        return customer, order, lines

    def _check_credit(self, customer: Row, order_id: int, amount: int, stage: str, user: int) -> None:
        now, day = now_and_today()
        sums = self._db.execute(CREDIT, {"customer": customer["id"], "order": order_id, "day": day}, prepare=True)
        row = sums.fetchone() or {}
        available = customer["credit_limit"] - row["outstanding"] - row["open_orders"]
        if amount > available:
            raise RuntimeError("The order would be held: the measurement needs one that goes through.")
        self._insert("credit_checks", {
            "order_id": order_id, "customer_id": customer["id"], "stage": stage, "at": now, "user_id": user,
            "approved": True, "credit_limit": customer["credit_limit"], "outstanding_balance": row["outstanding"],
            "open_orders": row["open_orders"], "available_credit": available, "order_amount": amount,
            "overdue_amount": row["overdue"], "overdue_days": 0, "message": "",
        })  # fmt: skip


def _fingerprint(line: Row) -> list[Any]:
    return [line["line_number"], line["item_name"], str(line["quantity"]), str(line["unit_price"]), "0", "1"]


def _words(row: Row) -> Row:
    return {name: row[name] for name in ("name", "tax_id", "email")}
