"""Every address answers as its description says, whatever is sent to it: good data and bad data."""

from __future__ import annotations

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.factories import (
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    make_user,
    put_in_stock,
)
from tests.support.programs import token_for
from webapp.domain.permissions import Role

EXAMPLES = 5
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
KNOWN = {
    "/api/customers": "ACME",
    "/api/items": "A-1",
    "/api/locations": "MAIN",
    "/api/stock/movements": "1",
    "/api/sales/orders": "1",
    "/api/sales/shipments": "1",
    "/api/sales/invoices": "1",
}


@pytest.mark.slow
def test_the_api_answers_as_it_is_described(app: Flask):
    with app.app_context():
        token = fill()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:
            try_out(operation, mode, {"Authorization": f"Bearer {token}"})


def fill() -> str:
    """A company with an order, a shipment and an invoice, and the token of somebody who may do everything."""
    make_company()
    staff = make_staff()
    make_customer("ACME")
    make_item("A-1")
    put_in_stock("A-1", 50, actor=staff.warehouse)
    make_posted_invoice(make_shipped_order({"A-1": 3}, staff), staff)
    first, *others = Role
    return token_for(make_user(first, "Ann All", *others))


def try_out(operation, mode, headers):
    """Send generated requests of one kind to one operation; every other one names a record that exists."""
    known = next((ref for path, ref in KNOWN.items() if operation.path.startswith(f"{path}/{{")), None)
    sent = iter(range(10**6))

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        if known and next(sent) % 2 and "ref" in (case.path_parameters or {}):
            case.path_parameters["ref"] = known
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()
