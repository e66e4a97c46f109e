"""No way round the discount limit: whichever way a discount enters, it waits for somebody whose maximum covers it.

Sales may give 5 percent, the manager 20. Programs and files have tests of their own, beside those of API and commands.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from tests.support.entrances import (
    approve_all,
    assert_waits_for_a_maximum,
    confirmed,
    draft,
    make_discount_desk,
    order_called,
    raise_list_price,
    waiting_discounts,
)
from tests.support.factories import Staff, make_user
from tests.support.web import log_in, submit
from webapp.db import db
from webapp.domain.errors import IllegalMove
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Order
from webapp.services.approvals.deciding import approve_order, decline_discount, reject_order
from webapp.services.importing.files import Task, import_file
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order, place_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.lines import LineInput
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return make_discount_desk()


@pytest.fixture
def nancy(app, staff) -> FlaskClient:
    return log_in(app, staff.sales)


# -- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("lines", {"entry": "B-1 x2 -12%"}),
        ("lines", {"entry": "B-1 x2 @44"}),
        ("lines", {"rows": "B-1\t2\t\t12"}),
        ("lines/1", {"quantity": "1", "unit_price": "50", "discount_percent": "12"}),
        ("lines/1", {"quantity": "1", "unit_price": "44", "discount_percent": ""}),
        ("lines/1", {"quantity": "1", "unit_price": "46.25", "discount_percent": "4.8649"}),
        ("head", {"order_discount_percent": "12"}),
    ],
    ids=["typed line", "typed line with a price", "pasted rows", "cell", "typed price", "price and discount", "order"],
)
def test_a_form(nancy, staff, path, form):
    number = draft(staff, *([LineInput("B-1", D(1))] if path != "lines" else [LineInput("A-1", D(1))]))

    assert submit(nancy, f"/orders/{number}/{path}", {"version": "1", **form}).status_code == 303

    place_order(number, actor=staff.sales)
    line = 2 if path == "lines" else 1
    asked = waiting_discounts(number)
    assert set(asked) == {line}
    assert 12 <= asked[line] < D("12.1")
    with pytest.raises(IllegalMove):
        confirm_order(number, actor=staff.sales)
    approve_all(number, staff)
    assert confirm_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED


@pytest.mark.parametrize(
    ("line", "order_percent"),
    [
        (LineInput("A-1", D(1), discount_percent=D(12)), D(0)),
        (LineInput("A-1", D(1), unit_price=D(88)), D(0)),
        (LineInput("A-1", D(100), unit_price=D("70.4")), D(0)),
        (LineInput("A-1", D(1), unit="case", unit_price=D(2112)), D(0)),
        (LineInput("A-1", D(1)), D(12)),
        (LineInput("A-1", D(1), discount_percent=D(4)), D("8.3334")),
        (LineInput("A-1", D(1), unit_price=D(96), discount_percent=D(4)), D("4.5139")),
    ],
    ids=["discount", "price", "price below a break", "price of a case", "order", "line and order", "all three"],
)
def test_a_new_order(staff, line, order_percent):
    number = draft(staff, line, order_discount_percent=order_percent)

    place_order(number, actor=staff.sales)
    (percent,) = waiting_discounts(number).values()
    assert 12 <= percent < D("12.001")
    with pytest.raises(IllegalMove):
        confirm_order(number, actor=staff.sales)
    approve_all(number, staff)
    assert confirm_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED


def test_what_is_declined_is_not_confirmed(staff):
    number = draft(staff, LineInput("A-1", D(1), discount_percent=D(12)))
    place_order(number, actor=staff.sales)
    decline_discount(number, 1, reason="Margin", actor=staff.manager)

    with pytest.raises(IllegalMove):
        confirm_order(number, actor=staff.sales)
    with pytest.raises(IllegalMove):
        approve_order(number, actor=staff.manager)


# -- files ------------------------------------------------------------------------------------------------------------


HEADS = b"order_number,customer,order_date,sku,quantity,unit_price,discount_percent\n"


@pytest.mark.parametrize("row", [b"OLD-1,ACME,2026-01-15,A-1,1,,12", b"OLD-1,ACME,2026-01-15,A-1,1,88,"])
def test_an_imported_order(staff, row):
    """Whoever may import has a maximum like everybody; the system's own program has none."""
    clerk = make_user(Role.ADMIN, "Ida Import", Role.SALES, own_max_discount=D(5))

    as_of_date = import_file(HEADS + row, Task("orders", "old.csv", as_of_dates=True), actor=clerk)
    assert (as_of_date.kept, len(as_of_date.faults)) == (False, 1)
    assert db.session.scalars(db.select(Order).where(Order.order_number == "OLD-1")).all() == []

    assert import_file(HEADS + row, Task("orders", "old.csv"), actor=clerk).kept
    assert_waits_for_a_maximum("OLD-1", {1: 12}, staff, sender=clerk)


# -- quotes and copies ------------------------------------------------------------------------------------------------


def test_a_quote_that_is_accepted(staff):
    quote = create_order(OrderInput("ACME", [LineInput("A-1", D(1))], as_quote=True), actor=staff.sales).number
    change_line(quote, 1, discount_percent=D(12), actor=staff.sales)

    number = order_flow.accept_quote(quote, actor=staff.colleague).number

    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.colleague)


def test_a_revision_of_a_quote(staff):
    quote = create_order(OrderInput("ACME", [LineInput("A-1", D(1))], as_quote=True), actor=staff.sales).number
    order_flow.revise_quote(quote, valid_days=30, actor=staff.sales)
    change_line(quote, 1, unit_price=D(88), actor=staff.sales)

    number = order_flow.accept_quote(quote, actor=staff.sales).number

    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.sales)


@pytest.mark.parametrize(
    "line",
    [LineInput("A-1", D(1), discount_percent=D(12)), LineInput("A-1", D(1), unit_price=D(88))],
    ids=["discount", "price"],
)
def test_the_copy_of_an_order_that_was_approved(staff, line):
    number = draft(staff, line)
    place_order(number, actor=staff.sales)
    approve_all(number, staff)

    copy = copy_order(number, actor=staff.colleague).number

    assert_waits_for_a_maximum(copy, {1: 12}, staff, sender=staff.colleague)


def test_a_quote_keeps_the_price_it_was_measured_by(staff):
    """The price of the rules rises after the quote: its typed price is measured by what the rules said then."""
    lines = [LineInput("A-1", D(1), unit_price=D(96))]
    quote = create_order(OrderInput("ACME", lines, as_quote=True), actor=staff.sales).number
    raise_list_price(D(200))

    number = order_flow.accept_quote(quote, actor=staff.sales).number
    assert order_called(number).lines[0].derived_price == 100

    change_line(number, 1, quantity=D(2), actor=staff.sales)  # touched again, it is measured by the rules of now
    place_order(number, actor=staff.sales)
    assert waiting_discounts(number) == {1: 52}


# -- amendments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"discount_percent": D(12)}, {"unit_price": D(88)}],
    ids=["discount", "price"],
)
def test_an_amendment_after_approval(staff, change):
    number = draft(staff)
    assert order_flow.submit_order(number, actor=staff.sales).state is OrderState.APPROVED

    assert change_line(number, 1, actor=staff.sales, **change).state is OrderState.DRAFT

    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.sales)


def test_an_order_discount_after_approval(staff):
    number = draft(staff)
    order_flow.submit_order(number, actor=staff.sales)

    assert change_order(number, HeadChange(order_discount_percent=D(12)), actor=staff.sales).state is OrderState.DRAFT

    assert_waits_for_a_maximum(number, {1: 12}, staff, sender=staff.sales)


@pytest.mark.parametrize(
    "change",
    [{"discount_percent": D(12)}, {"unit_price": D(88)}],
    ids=["discount", "price"],
)
def test_an_amendment_after_confirmation_stops_the_goods_until_it_is_approved(staff, change):
    number = confirmed(staff)
    change_line(number, 1, actor=staff.sales, **change)

    assert waiting_discounts(number) == {1: 12}
    with pytest.raises(IllegalMove, match="waits for approval"):
        allocate_order(number, actor=staff.warehouse)

    approve_all(number, staff)
    assert allocate_order(number, actor=staff.warehouse).hold is None


def test_a_declined_amendment_stops_the_goods_until_it_is_taken_back(staff):
    number = confirmed(staff)
    change_line(number, 1, discount_percent=D(12), actor=staff.sales)
    decline_discount(number, 1, reason="Not for one", actor=staff.manager)

    with pytest.raises(IllegalMove, match="The discount on line 1 was declined"):
        approve_order(number, actor=staff.manager)  # the order's own request does not carry it through
    reject_order(number, reason="Not for one", actor=staff.manager)
    assert order_called(number).state is OrderState.CONFIRMED
    with pytest.raises(IllegalMove, match=r"A change of .* was declined"):
        allocate_order(number, actor=staff.warehouse)

    change_line(number, 1, discount_percent=D(0), actor=staff.sales)
    assert allocate_order(number, actor=staff.warehouse).hold is None
