"""The dashboard says what the lists, the ageing and the ledger say, in the same number of statements for any of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.factories import (
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
from tests.support.statements import counted_statements
from webapp.db import db
from webapp.domain import clock
from webapp.domain.payments.split import AgeingBucket
from webapp.models import Account, Journal, JournalLine
from webapp.pages.home.dashboard import dashboard
from webapp.pages.home.waiting import waiting_for
from webapp.pages.orders.lists import count_orders, order_list
from webapp.queries.company import today
from webapp.queries.receivables.ageing import ageing, ledger_balances, open_items_of
from webapp.queries.reports.sales import best_customers, sales_by_month, year_before
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
def staff(session):
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=None)
    make_item("A-1", base_price=D(100), reorder_level=D(30))
    put_in_stock("A-1", 50, actor=staff.warehouse, unit_cost=D(60))
    return staff


def enter(staff, quantity=1, **fields):
    return create_order(OrderInput("ACME", [LineInput("A-1", D(quantity), **fields)]), actor=staff.sales).number


def post_invoice_of(staff):
    return make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)


def held_order(staff):
    make_customer("SMALL", credit_limit=D(0))
    number = create_order(OrderInput("SMALL", [LineInput("A-1", D(1))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    return number


def acts(user):
    return {todo.act: todo.count for todo in waiting_for(user)}


def test_a_manager_is_told_of_holds_discounts_and_orders(staff):
    held_order(staff)
    order_flow.submit_order(enter(staff, discount_percent=D(12)), actor=staff.sales)

    assert acts(staff.manager) == {"Decide hold": 1, "Review discounts": 1, "Approve orders": 1}


def test_a_hold_says_what_the_check_found(staff):
    held_order(staff)

    (todo,) = waiting_for(staff.manager)
    assert todo.detail == "EUR\N{NO-BREAK SPACE}100.00 over the limit when it was held."


def test_each_role_is_told_of_its_own_work(staff):
    post_invoice_of(staff)
    number = enter(staff)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)

    assert acts(staff.sales) == {"Confirm them": 1}
    confirm_order(number, actor=staff.sales)
    assert acts(staff.warehouse) == {"Allocate": 1}
    assert acts(staff.admin) == {}
    assert acts(staff.accountant) == {}


def test_what_waits_is_counted_as_the_list_shows_it(staff):
    enter(staff)
    held_order(staff)

    for address in ({"view": "mine", "state": "DRAFT"}, {"view": "held"}, {"view": "all"}):
        shown = order_list(address, staff.sales).rows
        assert count_orders({"one": address}, staff.sales) == {"one": len(shown)}


def test_receivables_are_those_of_the_ageing_and_of_the_ledger(staff):
    invoice = post_invoice_of(staff)
    page = dashboard(staff.manager)

    assert [bar.value for bar in page.ages] == list(ageing(viewer=staff.manager).total.buckets.values())
    assert sum(bar.value for bar in page.ages) == sum(ledger_balances().values()) == invoice.total
    assert page.figures[3].value == "EUR\N{NO-BREAK SPACE}0.00"


def test_sales_are_those_of_the_ledger(staff):
    post_invoice_of(staff)
    ledger = db.session.scalar(
        select(-func.sum(JournalLine.base_amount))
        .join(Account, Account.code == JournalLine.account_code)
        .where(Account.purpose == "sales")
    )
    (best,) = best_customers(today(), limit=5, viewer=staff.manager)

    assert (best.code, best.invoices, best.amount) == ("ACME", 1, ledger)
    assert db.session.scalar(select(func.count()).select_from(Journal)) == 1


def test_months_are_whole_and_end_with_the_one_before_this(staff):
    months = sales_by_month(today(), viewer=staff.manager)

    assert len(months) == 12
    assert months[-1].last_day < today().replace(day=1)
    assert months[0].first_day == year_before(today()).replace(day=1)
    assert {month.year_before for month in months} == {None}


def test_the_lines_across_the_chart_stand_at_round_amounts(staff):
    assert dashboard(staff.manager).month_lines == []
    with clock.set_to(noon(days_ago=40)):
        post_invoice_of(staff)

    assert [line.value for line in dashboard(staff.manager).month_lines] == [50, 100, 150, 200]


def test_open_items_are_what_a_figure_of_the_ageing_counts(staff):
    invoice = post_invoice_of(staff)
    (row,) = ageing(viewer=staff.manager).rows
    code = row.code

    items = open_items_of(today(), customer_code=code, bucket=AgeingBucket.CURRENT, viewer=staff.manager)

    assert [item.debt.invoice_number for item in items] == [invoice.number]
    assert sum(item.debt.open_amount for item in items) == row.buckets[AgeingBucket.CURRENT]
    assert open_items_of(today(), customer_code=code, bucket=AgeingBucket.OVER_90, viewer=staff.manager) == []
    assert open_items_of(today(), customer_code="OTHER", viewer=staff.manager) == []


def test_whoever_sees_own_customers_only_sees_their_figures_only(staff):
    post_invoice_of(staff)
    staff.colleague.own_customers_only = True

    page = dashboard(staff.colleague)

    assert page.customers == []
    assert sum(bar.value for bar in page.ages) == 0
    db.session.rollback()


def test_items_below_their_reorder_level_are_shown_lowest_first(staff):
    make_item("B-1", reorder_level=D(10))
    make_item("C-1", reorder_level=D(10))
    put_in_stock("C-1", 5, actor=staff.warehouse)

    page = dashboard(staff.warehouse)

    assert [(one.row.variant.sku, one.share) for one in page.low_items] == [("B-1", 0), ("C-1", 50)]
    assert page.low_count == "2 items"


def test_the_number_of_statements_does_not_grow(staff):
    post_invoice_of(staff)
    held_order(staff)
    order_flow.submit_order(enter(staff, discount_percent=D(12)), actor=staff.sales)
    with counted_statements() as few:
        dashboard(staff.manager)
    for _ in range(5):
        order_flow.submit_order(enter(staff, discount_percent=D(12)), actor=staff.sales)
    make_item("B-1", reorder_level=D(10))
    with counted_statements() as many:
        dashboard(staff.manager)

    assert len(many) == len(few) <= 25
