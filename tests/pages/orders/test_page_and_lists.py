"""Reads of orders: what they show, and that they cost the same for one line or hundreds, one order or many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_staff,
    noon,
    put_in_stock,
)
from tests.support.scenes import scene
from webapp.db import db
from webapp.domain import clock
from webapp.domain.errors import BadInput
from webapp.models import Variant
from webapp.pages.history import history_of
from webapp.pages.orders.lists import order_list, quote_list
from webapp.pages.orders.page import order_page
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading")
    make_customer("BONAP", name="Bon app", minimum_order_value=D(500))
    make_item("A-1", name="Chai", base_price=D(100), minimum_quantity=D(5))
    return staff


def draft(staff: Staff, lines: int = 1, customer: str = "ACME", quantity: int = 1, **fields) -> str:
    given = [LineInput("A-1", D(quantity)) for _ in range(lines)]
    return create_order(OrderInput(customer, given, **fields), actor=staff.sales).number


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def cost_of_page(number: str, staff: Staff) -> int:
    db.session.rollback()
    with statements() as seen:
        page = order_page(number, staff.manager)
        assert page.blockers is not None
        assert [view.tag for view in page.lines]
        assert page.steps
        assert page.credit.total is not None
        assert page.margin is None or page.margin
    return len(seen)


def test_the_page_costs_the_same_for_1_and_for_500_lines(staff):
    one, many = draft(staff), draft(staff, 500)
    cost_of_page(one, staff)
    assert cost_of_page(many, staff) == cost_of_page(one, staff)


def cost_of_list(staff: Staff) -> list[str]:
    db.session.rollback()
    with statements() as seen:
        assert [(row.order.customer.name, row.order.created_by.name) for row in order_list({}, staff.manager).rows]
    return seen


def test_the_list_costs_the_same_for_1_and_for_60_orders_and_never_counts(staff):
    draft(staff)
    cost_of_list(staff)
    before = cost_of_list(staff)
    for _ in range(60):
        draft(staff)
    after = cost_of_list(staff)
    assert len(after) == len(before)
    assert not [statement for statement in after if "count(" in statement.lower()]


def test_the_list_goes_on_where_it_ended(staff):
    numbers = [draft(staff) for _ in range(55)]
    first = order_list({}, staff.manager)
    assert [row.order.number for row in first.rows] == numbers[:4:-1]
    assert first.cursor
    second = order_list({"cursor": first.cursor}, staff.manager)
    assert [row.order.number for row in second.rows] == numbers[4::-1]
    assert (second.cursor, second.first) == (None, "/orders")


def test_tabs_filters_search_and_sort_choose_orders(staff):
    acme = draft(staff, customer_reference="PO 77")
    bon = draft(staff, customer="BONAP", quantity=9)
    order_flow.submit_order(bon, actor=staff.sales)

    def found(**asked: str) -> list[str]:
        return [row.order.number for row in order_list(asked, staff.sales).rows]

    assert found() == [bon, acme]
    assert found(sort="number") == [acme, bon]
    assert found(sort="-date") == [bon, acme]
    assert found(view="waiting") == [bon]
    assert found(customer="ACME") == [acme]
    assert found(state="DRAFT") == [acme]
    assert found(q="po 7") == [acme]
    assert found(q="bon") == [bon]
    assert found(q="100%") == []
    assert found(view="held") == found(view="ship") == found(view="invoice") == found(view="late") == []
    chips = order_list({"customer": "ACME", "view": "mine"}, staff.sales).chips
    assert chips == [("Customer: ACME", "/orders?view=mine")]


@pytest.mark.parametrize("asked", [{"view": "odd"}, {"sort": "colour"}, {"state": "ODD"}, {"until": "soon"}])
def test_what_is_no_filter_is_refused(staff, asked):
    with pytest.raises(BadInput):
        order_list(asked, staff.sales)


def test_quotes_have_a_list_of_their_own(staff):
    quote = draft(staff, as_quote=True)
    assert [row.order.number for row in quote_list({}, staff.sales).rows] == [quote]
    assert order_list({}, staff.sales).rows == []


def test_all_blockers_stand_there_at_once(staff):
    line = LineInput("A-1", D(2), discount_percent=D(12))
    number = create_order(OrderInput("BONAP", [line]), actor=staff.sales).number
    page = order_page(number, staff.sales)
    assert [(blocker.code, blocker.line_number) for blocker in page.blockers] == [
        ("discount_above_limit", 1),
        ("below_minimum", 1),
        ("below_minimum", None),
    ]
    assert "Adam Mint or Steven Buchanan can approve it once it is submitted." in page.blockers[0].detail
    assert "Steven Buchanan waives it" in page.blockers[2].detail


def test_a_hold_for_overdue_invoices_is_told_in_the_figures_of_today(staff: Staff) -> None:
    put_in_stock("A-1", 20, actor=staff.warehouse)
    with clock.set_to(noon(days_ago=40)):
        make_posted_invoice(make_shipped_order({"A-1": 5}, staff), staff)
    number = draft(staff, quantity=5)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    assert confirm_order(number, actor=staff.sales).hold

    assert order_page(number, staff.sales).blockers[0].message == (
        "Credit hold: EUR\N{NO-BREAK SPACE}500.00 is overdue, the oldest by 10 days."
    )


def test_an_item_tells_how_much_of_it_came_in(staff: Staff) -> None:
    put_in_stock("A-1", 20, actor=staff.warehouse)
    variant = db.session.scalars(select(Variant)).one()

    told = [entry.sentence for entry in history_of("item", variant.id, "EUR", viewer=staff.sales)]
    assert told[0] == "Walter Haus received 20."
