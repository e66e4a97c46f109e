"""Who sees only their own customers changes nothing of others: every route and every call of the API that writes.

Each is tried with every kind of document of other people's customers, by a person who has every role. The answer is
404 (or, where a form names the document, that there is none), no row changes and no event is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from tests.rights.hidden import UNSAFE, addresses, contents, everything_of_others, make_outsider
from tests.support.programs import Program, token_for
from tests.support.web import log_in, submit

pytestmark = pytest.mark.engines("sqlite")

NOT_FOUND, UNPROCESSABLE = 404, 422

NO_CUSTOMERS = re.compile(
    r"(account|sessions|set_up|settings|users|taxes|terms|places|groupings|discount_limits|imports|items|stock|promotions"
    r"|price_copies|styleguide)\."
    r"|prices\.(create|update|create_row|remove_row)$"
)
"""Routes that name no customer and no document of one."""

FORM: dict[str, str] = {
    "reason": "Because", "entry": "A-1 x1", "kind": "freight", "tax_code": "VAT19", "description": "Freight",
    "amount": "1", "coupon": "SPRING10", "text": "A note", "line_number": "1", "unit_price": "1", "total": "10.00",
    "quantity": "1", "payment_amount": "1", "payment_method": "BANK_TRANSFER", "payment_reference": "X 1",
    "version": "1", "name": "New name", "credit_limit": "1", "status": "BLOCKED", "country": "DE", "street": "Weg 1",
    "city": "Berlin", "sku": "A-1", "min_quantity": "1", "email": "x@example.com", "to": "x@example.com",
    "recipient": "x@example.com", "extra_credit": "5", "extra_credit_until": "2030-01-01", "postal_code": "1",
    "extra_amount": "5", "extra_until": "2030-01-01", "line.0.quantity": "1", "act": "record",
}  # fmt: skip
"""Something for every field that a form may ask for."""


@pytest.fixture
def world(session):
    """The documents of others by blueprint, and the person who may not see them."""
    staff, found, values = everything_of_others()
    return staff, found, values, make_outsider()


def in_a_form(found: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Routes that name a document in their form: each with the fields that do."""
    return {
        "customers.create": {"code": "ACME", "name": "Acme", "currency": "EUR"},
        "orders.create": {"customer": "ACME"},
        "invoices.create": {"customer": "ACME", "line-1-description": "Work", "line-1-quantity": "1"},
        "payments.create": {"customer": "ACME", "amount": "1"},
        "payments.show_effects": {"customer": "ACME", "amount": "1"},
        "credit_notes.create": {"return": str(found["returned"]), "return_number": "RET-2026-001"},
    }


def test_no_form_of_the_pages_touches_a_document_of_others(app: Flask, world) -> None:
    _, found, values, outsider = world
    client, before, tried, wrong = log_in(app, outsider), contents(), 0, []
    named = in_a_form(found)
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if not rule.methods & UNSAFE or blueprint == "api" or NO_CUSTOMERS.match(rule.endpoint):
            continue
        fields, expected = named.get(rule.endpoint, {}), {NOT_FOUND}
        if rule.endpoint in named:
            expected = {NOT_FOUND, UNPROCESSABLE}
        for url in addresses(rule, values.get(blueprint, {})):
            for form in (FORM | fields, fields):
                answer = submit(client, url, form, method=(rule.methods & UNSAFE).pop())
                tried += 1
                if answer.status_code not in expected:
                    wrong.append(f"{answer.status_code} {url} with {'a form' if form else 'nothing'}")
        if contents() != before:
            wrong.append(f"{rule.endpoint} changed something")
            before = contents()
    assert not wrong, "\n".join(wrong)
    assert tried > 150


BODIES: dict[str, dict[str, Any]] = {
    "change_customer_of": {"name": "New name", "version": 1},
    "create_customer_price": {"customer": "ACME", "sku": "A-1", "unit_price": "1"},
    "create_payment": {"customer": "ACME", "amount": "1", "method": "BANK_TRANSFER", "reference": "X 1"},
    "create_free_invoice": {
        "customer": "ACME",
        "lines": [{"description": "Work", "quantity": 1, "unit_price": "1", "tax_code": "VAT19"}],
    },
    "create_order": {"customer": "ACME", "lines": [{"sku": "A-1", "quantity": 1}]},
    "create_customer": {"code": "ACME", "name": "Acme", "currency": "EUR"},
    "change_order": {"notes": "Ring the bell", "version": 1},
    "record_payment": {"payment_amount": "1", "payment_method": "BANK_TRANSFER", "payment_reference": "X 1"},
    "create_credit_note": {"reason": "Because"},
    "apply_payment": {"invoice": "INV", "amount": "1"},
    "release_allocation": {},
    "create_shipment": {},
    "create_invoice": {},
    "validate_invoice": {},
    "approve_invoice": {},
    "approve_credit_note": {},
    "allocate_inventory": {},
    "pack_shipment": {},
    "ship_shipment": {},
    "send_invoice": {"recipient": "x@example.com"},
}
"""What a program sends to a route; where none is named, a reason."""

OF_NOBODY = re.compile(
    r"(create_item|change_item_of|create_location|receive|adjust|create_price_list|create_price|compute_totals"
    r"|(create|change|publish|end)_promotion)$"
)
"""Calls that name no customer and no document of one."""


def test_no_call_of_a_program_touches_a_document_of_others(app: Flask, world) -> None:
    _, found, values, outsider = world
    program, wrong, tried = Program(app, token_for(outsider)), [], 0
    before = contents()
    names = {
        "customers": values["customers"]["code"],
        "orders": values["orders"]["number"],
        "shipments": values["shipments"]["number"],
        "invoices": [*values["invoices"]["number"], *values["invoices"]["invoice_id"]],
        "credit_notes": [found["credit_note"], found["credit_note_draft"]],
        "payments": values["payments"]["number"],
    }
    for rule in app.url_map.iter_rules():
        blueprint, _, endpoint = rule.endpoint.partition(".")
        methods = rule.methods & UNSAFE
        if blueprint != "api" or not methods or OF_NOBODY.match(endpoint):
            continue
        expected = NOT_FOUND if rule.arguments else UNPROCESSABLE
        kind = next((part for part in reversed(rule.rule.split("/<")[0].split("/")) if part in names), "")
        for url in addresses(rule, {"ref": names[kind]} if rule.arguments else {}):
            send = program.patch if "PATCH" in methods else program.post
            answer = send(url.removeprefix("/api"), BODIES.get(endpoint, {"reason": "Because"}))
            tried += 1
            if answer.status_code != expected:
                wrong.append(f"{answer.status_code} {url}: {answer.text}")
        if contents() != before:
            wrong.append(f"{rule.endpoint} changed something")
            before = contents()
    assert not wrong, "\n".join(wrong)
    assert tried > 80
