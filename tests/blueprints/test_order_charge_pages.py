"""Charges and allowances on the page of an order, with htmx and without."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.books import order_called
from tests.support.factories import make_desk
from tests.support.web import HTMX, log_in, submit, words
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal
FREIGHT = {"kind": "freight", "description": "Freight", "amount": "12.50", "tax_code": "VAT19"}
ALLOWANCE = {"kind": "allowance", "description": "Late delivery", "amount": "60", "tax_code": "VAT19"}


@pytest.fixture
def staff(session):
    return make_desk()


@pytest.fixture
def nancy(app, staff):
    return log_in(app, staff.sales)


@pytest.fixture
def number(staff):
    return create_order(OrderInput("ACME", [LineInput("A-1", D(10))]), actor=staff.sales).number


def test_they_are_added_changed_and_taken_off_without_javascript(nancy, number):
    url = f"/orders/{number}/charges"
    version = {"version": str(order_called(number).version)}
    assert submit(nancy, url, FREIGHT | version).headers["Location"] == f"/orders/{number}"
    assert submit(nancy, url, ALLOWANCE).status_code == 303

    freight, given = order_called(number).charges
    assert (freight.amount, given.amount) == (D("12.50"), -60)
    page = words(nancy.get(f"/orders/{number}"))
    assert "allowances take 6 % off the goods, which counts as a discount" in page.replace("\xa0", " ")
    assert "Line 1: a discount of 6 % needs approval." in page.replace("\xa0", " ")
    assert "Late delivery allowance −60.00 19" in page

    assert submit(nancy, f"{url}/{given.id}", ALLOWANCE | {"amount": "-40"}).status_code == 303
    assert submit(nancy, f"{url}/{freight.id}/removal", {}).status_code == 303
    assert [charge.amount for charge in order_called(number).charges] == [-40]


def test_htmx_gets_the_order_again(nancy, number):
    answer = submit(nancy, f"/orders/{number}/charges", FREIGHT, headers=HTMX)

    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#order")
    assert "Freight 12.50" in words(answer)


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"amount": "ten"}, 422, "Amount must be a number"),
        ({"kind": ""}, 422, "Kind is missing."),
        ({"tax_code": "X"}, 422, "There is no tax code X."),
        ({"kind": "allowance", "description": ""}, 422, "An allowance needs a reason."),
        ({"kind": "allowance", "amount": "5000"}, 400, "its allowances are more than the rest"),
        ({"version": "99"}, 409, "was changed by somebody else"),
    ],
)
def test_what_cannot_be_is_said_beside_the_page_and_changes_nothing(nancy, number, change, status, sentence):
    answer = submit(nancy, f"/orders/{number}/charges", FREIGHT | change, headers=HTMX)

    assert (answer.status_code, sentence in words(answer)) == (status, True)
    assert order_called(number).charges == []


def test_who_may_not_write_orders_sees_them_without_forms(app, staff, nancy, number):
    submit(nancy, f"/orders/{number}/charges", FREIGHT)
    walter = log_in(app, staff.warehouse)

    page = walter.get(f"/orders/{number}")
    assert "Freight 12.50" in words(page)
    assert f"/orders/{number}/charges" not in page.text
    assert submit(walter, f"/orders/{number}/charges", FREIGHT).status_code == 403
