"""A price does not depend on how its line was entered: each way gives the same price, steps and total."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from tests.support.entrances import draft, make_discount_desk, order_called
from tests.support.factories import Staff, make_user
from tests.support.web import log_in, submit
from webapp.domain.permissions import Role
from webapp.queries.company import today
from webapp.services.importing.files import Task, import_file
from webapp.services.order_steps import moves as order_flow
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import add_lines, change_line
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import launch_promotion

D = Decimal
HEADS = b"order_number,customer,order_date,sku,quantity,unit_price,discount_percent\n"


@pytest.fixture
def staff(session) -> Staff:
    staff = make_discount_desk()
    launch_promotion(code="TEN", name="Ten", percent="10", items="A-1", min_quantity="24", actor=staff.manager)
    return staff


@pytest.fixture
def nancy(app, staff) -> FlaskClient:
    return log_in(app, staff.sales)


def new_order(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    return draft(staff, LineInput("A-1", quantity))


def added_line(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    number = create_order(OrderInput("ACME"), actor=staff.sales).number
    return add_lines(number, [LineInput("A-1", quantity)], actor=staff.sales).number


def typed_line(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    return posted(staff, nancy, {"entry": f"A-1 x{quantity}"})


def pasted_row(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    return posted(staff, nancy, {"rows": f"A-1\t{quantity}"})


def posted(staff: Staff, nancy: FlaskClient, form: dict[str, str]) -> str:
    number = create_order(OrderInput("ACME"), actor=staff.sales).number
    assert submit(nancy, f"/orders/{number}/lines", {"version": "1", **form}).status_code == 303
    return number


def corrected_quantity(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    number = draft(staff, LineInput("A-1", D(7)))
    return change_line(number, 1, quantity=quantity, actor=staff.sales).number


def accepted_quote(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    given = OrderInput("ACME", [LineInput("A-1", quantity)], as_quote=True)
    return order_flow.accept_quote(create_order(given, actor=staff.sales).number, actor=staff.sales).number


def copied_order(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    return copy_order(draft(staff, LineInput("A-1", quantity)), actor=staff.sales).number


def imported_order(staff: Staff, nancy: FlaskClient, quantity: Decimal) -> str:
    clerk = make_user(Role.ADMIN, "Ida Import", Role.SALES)
    row = f"OLD-1,ACME,{today()},A-1,{quantity},,".encode()
    assert import_file(HEADS + row, Task("orders", "old.csv"), actor=clerk).kept
    return "OLD-1"


@pytest.mark.parametrize("quantity", [D(1), D(24), D(100)])
@pytest.mark.parametrize(
    "enter", [added_line, typed_line, pasted_row, corrected_quantity, accepted_quote, copied_order, imported_order]
)
def test_each_entrance_gives_the_same_price(
    staff, nancy, enter: Callable[[Staff, FlaskClient, Decimal], str], quantity: Decimal
):
    wanted = order_called(new_order(staff, nancy, quantity))
    entered = order_called(enter(staff, nancy, quantity))

    expected, line = wanted.lines[0], entered.lines[0]
    assert (line.unit_price, line.derived_price, line.price_source) == (
        expected.unit_price,
        expected.derived_price,
        expected.price_source,
    )
    assert line.derivation == expected.derivation
    assert entered.total == wanted.total
