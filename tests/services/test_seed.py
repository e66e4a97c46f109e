"""The services that others build upon keep their names, their parameters and the fields of their results."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from webapp.models import CreditHold, Payment, StockMovement
from webapp.services import credit, inventory
from webapp.services.payments import receiving as payments
from webapp.services.pricing import derivation as pricing

METHODS = {
    inventory.check_availability: "variant_id, location_id, required_qty",
    inventory.allocate_stock: "order_line, user",
    inventory.release_allocation: "order_line, user=None",
    inventory.create_shipment_movement: "order_line, shipped_qty, user",
    payments.record_payment: "invoice, payment_amount, payment_method, payment_reference, user",
    payments.calculate_overdue_amount: "invoice",
    payments.calculate_overdue_days: "invoice",
    credit.check_credit_limit: "customer, order_amount, *, excluding=None",
    credit.apply_credit_hold: "order, reason, user",
    credit.release_credit_hold: "order, user, *, reason, up_to_amount=None, until=None",
    pricing.get_item_price: "item_variant, customer, quantity, price_list_id",
    pricing.calculate_line_total: "unit_price, quantity, discount_percent, tax_percent",
    pricing.validate_discount: "discount_percent, max_discount, user_role",
}

RESULTS = {
    inventory.Availability: "is_available, on_hand_qty, allocated_qty, available_qty, required_qty, shortage",
    inventory.AllocationResult: "line_number, item, success, allocated_qty, message",
    credit.CreditCheck: (
        "approved, credit_limit, outstanding_balance, open_orders, available_credit, order_amount, message"
    ),
    pricing.Price: "unit_price, currency, source, derivation",
    pricing.LineTotal: "subtotal, discount_amount, net_amount, tax_amount, total",
    pricing.DiscountCheck: "allowed, requires_approval, approver_role, message",
}

ROWS = {
    inventory.create_shipment_movement: (StockMovement, "list[StockMovement]"),
    payments.record_payment: (Payment, "Payment"),
    credit.apply_credit_hold: (CreditHold, "CreditHold"),
    credit.release_credit_hold: (CreditHold, "CreditHold"),
}


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip() not in ("*", "")]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_method_keeps_its_parameters(method):
    parameters = inspect.signature(method).parameters
    wanted = [name.partition("=")[0] for name in names(METHODS[method])]
    optional = {name.partition("=")[0] for name in names(METHODS[method]) if "=" in name}

    assert list(parameters)[: len(wanted)] == wanted
    assert all(parameters[name].default is None for name in optional)
    positional = METHODS[method].partition("*")[0]
    for name in names(positional):
        assert parameters[name.partition("=")[0]].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    further = list(parameters)[len(wanted) :]
    assert all(parameters[name].default is not inspect.Parameter.empty for name in further)


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.__name__)
def test_a_result_keeps_its_fields_and_is_frozen(result):
    known = [field.name for field in fields(result)]

    assert known[: len(names(RESULTS[result]))] == names(RESULTS[result])
    assert result.__dataclass_params__.frozen


@pytest.mark.parametrize("method", ROWS, ids=lambda method: method.__name__)
def test_a_method_answers_the_stored_row(method):
    _, returned = ROWS[method]

    assert method.__annotations__["return"] == returned
