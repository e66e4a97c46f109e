"""Orders in a browser: the list, a new one, its lines, and each step to shipped."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_staff,
    put_in_stock,
)
from tests.support.scenes import scene
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import atomic, db
from webapp.domain.states import OrderState
from webapp.models import ApprovalPolicy, Company, Event, Order, OrderLine
from webapp.services.approvals.deciding import approve_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.lines import LineInput
from webapp.services.pricing.of_customers import put_customer_price
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", name="Acme Trading", credit_limit=D(10000))
    make_customer("ALFKI", name="Alfreds Futterkiste")
    make_item("A-1", name="Chai", base_price=D(100))
    make_item("A-2", name="Chang", base_price=D(20))
    put_in_stock("A-1", 50, actor=staff.warehouse, unit_cost=D(60))
    return staff


@pytest.fixture
def nancy(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.sales)


@pytest.fixture
def steven(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.manager)


@pytest.fixture
def number(staff: Staff) -> str:
    return draft(staff, 10)


def draft(staff: Staff, quantity: int = 1, **fields: object) -> str:
    return create_order(OrderInput("ACME", [LineInput("A-1", D(quantity))], **fields), actor=staff.sales).number


def order_of(number: str) -> Order:
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def count_lines() -> int:
    return db.session.scalar(select(func.count()).select_from(OrderLine)) or 0


def test_the_list_shows_open_orders_and_leads_to_each(nancy, number):
    page = nancy.get("/orders")
    assert page.status_code == 200
    assert f'href="/orders/{number}"' in page.text
    assert "Acme Trading" in words(page)


def test_a_new_order_needs_only_a_part_of_the_customers_name(nancy, staff):
    answer = submit(nancy, "/orders", {"customer": "alfreds"})
    assert answer.status_code == 303
    page = nancy.get(answer.location)
    assert "Alfreds Futterkiste" in words(page)


def test_the_page_shows_its_lines_and_the_next_act(nancy, number):
    page = nancy.get(f"/orders/{number}")
    assert page.status_code == 200, words(page)
    assert "Chai" in words(page)
    assert "Submit for approval" in words(page)
    assert "Nancy Davolio entered it with 1 line over 1,000.00" in words(page)


# -- entry ----------------------------------------------------------------------------------------------------------


def test_one_typed_line_is_added_and_only_what_changed_comes_back(nancy, number):
    answer = submit(nancy, f"/orders/{number}/lines", {"entry": "A-2 x3 -5%"}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="line-2"' in answer.text
    assert 'id="line-1"' not in answer.text, "nobody's fields are drawn again"
    assert 'name="entry"' not in answer.text, "the field being typed in is never in the answer"
    line = order_of(number).lines[1]
    assert (line.quantity, line.discount_percent, line.net_amount) == (3, 5, D(57))


def test_a_plain_form_adds_a_line_and_leads_back_to_the_entry(nancy, number):
    answer = submit(nancy, f"/orders/{number}/lines", {"entry": "chang"})
    assert (answer.status_code, answer.location) == (303, f"/orders/{number}#entry")
    assert count_lines() == 2


def test_what_fits_several_items_is_asked_back_and_nothing_typed_is_lost(nancy, number):
    plain = submit(nancy, f"/orders/{number}/lines", {"entry": "cha x2"})
    assert plain.status_code == 422
    assert 'value="cha x2"' in plain.text
    assert "Several items fit “cha”" in words(plain)
    piece = submit(nancy, f"/orders/{number}/lines", {"entry": "cha x2"}, headers=HTMX)
    assert piece.status_code == 422
    assert 'name="pick" value="A-2"' in piece.text

    submit(nancy, f"/orders/{number}/lines", {"entry": "cha x2", "pick": "A-2"})
    assert order_of(number).lines[1].quantity == 2


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("nothing like it", "No item fits “nothing like it”."),
        ("A-1 x2 pcs xx", "“xx” is not understood"),
        ("A-1 x0", "Quantity must be more than 0."),
        ("A-1 x1.5", "whole multiples"),
    ],
)
def test_an_entry_that_cannot_be_read_says_why_and_adds_nothing(nancy, number, entry, sentence):
    answer = submit(nancy, f"/orders/{number}/lines", {"entry": entry}, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert count_lines() == 1


def test_pasted_rows_are_added_all_or_none(nancy, number):
    bad = submit(nancy, f"/orders/{number}/lines", {"rows": "A-1\t2\nA-2\tmany"}, headers=HTMX)
    assert bad.status_code == 422
    assert "Row 2" in words(bad)
    assert re.search(r'<textarea[^>]* data-focus="">A-1\t2\nA-2\tmany</textarea>', bad.text)
    assert count_lines() == 1
    good = submit(nancy, f"/orders/{number}/lines", {"rows": "A-1\t2\nA-2\t5\t18.50\t4%"})
    assert good.status_code == 303
    assert [(line.quantity, line.unit_price) for line in order_of(number).lines] == [
        (10, 100),
        (2, 100),
        (5, D("18.5")),
    ]


def test_the_live_quote_tells_price_stock_and_credit_but_keeps_cost_from_sales(nancy, steven, number):
    quote = nancy.get(f"/orders/{number}/entry?entry=A-1+x60+-12%25", headers=HTMX)
    shown = words(quote)
    assert "60 pcs × 100.00 Net 5,280.00" in shown
    assert "10 short" in shown
    assert "needs approval" in shown
    assert "Credit left 3,720.00" in shown
    assert "Margin" not in shown
    assert "Margin 40" in words(steven.get(f"/orders/{number}/entry?entry=A-1", headers=HTMX))


def test_the_same_key_adds_a_line_once(nancy, number):
    for _ in range(2):
        answer = submit(nancy, f"/orders/{number}/lines", {"entry": "A-2", "idempotency_key": "k1"}, headers=HTMX)
        assert answer.status_code == 200
    assert count_lines() == 2
    assert answer.headers["HX-Retarget"] == "#order", "a repeat shows the order as it is now"


def test_a_used_key_with_other_fields_keeps_what_was_typed_and_brings_a_fresh_key(nancy, number):
    submit(nancy, f"/orders/{number}/lines", {"entry": "A-2", "idempotency_key": "k1"})
    answer = submit(nancy, f"/orders/{number}/lines", {"entry": "A-1 x9", "idempotency_key": "k1"})
    assert answer.status_code == 409
    assert 'value="A-1 x9"' in answer.text
    assert 'value="k1"' not in answer.text
    assert count_lines() == 2


# -- cells ----------------------------------------------------------------------------------------------------------


def test_a_changed_cell_answers_totals_and_that_rows_messages(nancy, number):
    answer = submit(
        nancy,
        f"/orders/{number}/lines/1",
        {"quantity": "12", "unit_price": "100", "discount_percent": ""},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert "1,200.00" in words(answer)
    assert 'name="quantity"' not in answer.text
    assert order_of(number).lines[0].quantity == 12


def test_an_emptied_price_goes_back_to_the_rules(nancy, staff, number):
    change_line(number, 1, unit_price=D(90), actor=staff.sales)
    submit(nancy, f"/orders/{number}/lines/1", {"quantity": "10", "unit_price": "", "discount_percent": ""})
    line = order_of(number).lines[0]
    assert (line.unit_price, line.price_typed) == (100, False)


def test_a_stale_row_keeps_mine_and_shows_both(nancy, staff, number):
    version = order_of(number).version
    change_line(number, 1, quantity=D(20), actor=staff.colleague)
    mine = {"quantity": "15", "unit_price": "100", "discount_percent": "", "version": str(version)}
    piece = submit(nancy, f"/orders/{number}/lines/1", mine, headers=HTMX)
    assert piece.status_code == 409
    assert "yours 15" in words(piece)
    assert "now 20" in words(piece)
    plain = submit(nancy, f"/orders/{number}/lines/1", mine)
    assert plain.status_code == 409
    assert re.search(r'id="line-1-quantity"[^>]*value="15"', plain.text)
    assert order_of(number).lines[0].quantity == 20


def test_a_wrong_cell_says_what_is_wrong_in_its_row(nancy, number):
    answer = submit(nancy, f"/orders/{number}/lines/1", {"quantity": "many"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Quantity must be a number" in words(answer)


def test_a_line_is_taken_off(nancy, number):
    submit(nancy, f"/orders/{number}/lines", {"entry": "A-2"})
    answer = submit(nancy, f"/orders/{number}/lines/1/removal", {}, headers=HTMX)
    assert answer.status_code == 200
    assert [line.line_number for line in order_of(number).lines] == [2]


def test_why_this_price_is_a_piece_and_a_part_of_the_page(nancy, number):
    piece = nancy.get(f"/orders/{number}/lines/1/price", headers=HTMX)
    assert "Why 100.00 for Chai? Base price" in words(piece)
    assert "Why 100.00 for Chai?" in words(nancy.get(f"/orders/{number}?why=1"))
    assert "hidden" in nancy.get(f"/orders/{number}/lines/1/price?shown=no", headers=HTMX).text


# -- steps ----------------------------------------------------------------------------------------------------------


def test_an_order_walks_from_draft_to_a_shipment(app, nancy, steven, staff, number):
    warehouse = log_in(app, staff.warehouse)
    for client, step in (
        (nancy, "submission"), (steven, "approval"), (nancy, "confirmation"), (warehouse, "allocation"),
    ):  # fmt: skip
        answer = submit(client, f"/orders/{number}/{step}", headers=HTMX)
        assert answer.status_code == 200, words(answer)
        assert 'id="order"' in answer.text
    answer = submit(warehouse, f"/orders/{number}/shipments")
    assert (answer.status_code, answer.location) == (303, "/shipments/SHP-2026-001")


def test_a_salesperson_cannot_approve(nancy, staff, number):
    order_flow.submit_order(number, actor=staff.sales)
    answer = submit(nancy, f"/orders/{number}/approval", headers=HTMX)
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#notice"
    assert order_of(number).state is OrderState.SUBMITTED
    page = words(nancy.get(f"/orders/{number}"))
    assert "Next: Approve order. Steven Buchanan can do it." in page


def test_an_order_that_is_over_the_limit_says_so_and_who_releases_it(nancy, staff):
    number = draft(staff, 120)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    answer = submit(nancy, f"/orders/{number}/confirmation", headers=HTMX)
    assert "Credit hold: EUR 2,000.00 over the limit." in words(answer).replace("\N{NO-BREAK SPACE}", " ")
    assert "Anna Conti, Bruno Saldo or Steven Buchanan can release it." in words(answer)
    history = words(nancy.get(f"/orders/{number}"))
    assert "The credit check put the order on credit hold: Insufficient credit" in history
    assert "Nancy Davolio tried to confirm; the credit check held the order." in history


def test_a_hold_is_released_from_the_order(app, staff):
    number = held(staff)
    anna = log_in(app, staff.accountant)
    refused = submit(anna, f"/orders/{number}/hold/release", {"reason": ""}, headers=HTMX)
    assert (refused.status_code, words(refused)) == (422, "A reason is needed.")
    submit(anna, f"/orders/{number}/hold/release", {"reason": "Paid by cheque"})
    assert order_of(number).state is OrderState.CONFIRMED


def test_an_order_is_withdrawn_copied_commented_and_cancelled(nancy, staff, number):
    order_flow.submit_order(number, actor=staff.sales)
    submit(nancy, f"/orders/{number}/submission/withdrawal", {})
    assert order_of(number).state is OrderState.DRAFT
    copied = submit(nancy, f"/orders/{number}/copy")
    assert copied.location == "/orders/SO-2026-002"
    submit(nancy, f"/orders/{number}/comments", {"text": "Ring before delivery"})
    submit(nancy, f"/orders/{number}/cancellation", {"reason": "Ordered twice"})
    page = words(nancy.get(f"/orders/{number}"))
    assert "Ring before delivery" in page
    assert "Nancy Davolio cancelled the order: Ordered twice." in page


def test_details_are_changed_at_the_head(nancy, number):
    given = {"customer_reference": "PO 7", "requested_date": "2026-12-24", "order_discount_percent": "2", "notes": "x"}
    assert submit(nancy, f"/orders/{number}/head", given, headers=HTMX).status_code == 200
    order = order_of(number)
    assert (order.customer_reference, order.order_discount_percent, order.total) == ("PO 7", 2, D(980))


def test_the_rest_of_a_line_is_closed_short(nancy, staff):
    number = draft(staff, 60)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    allocate_order(number, actor=staff.warehouse)
    assert "Line 1 is short by 10." in words(nancy.get(f"/orders/{number}"))
    submit(nancy, f"/orders/{number}/lines/1/short-close", {"reason": "They take less"})
    assert order_of(number).lines[0].cancelled_qty == 60


def test_quotes_have_their_own_pages_until_they_are_accepted(nancy, staff):
    made = submit(nancy, "/orders", {"customer": "ACME", "as_quote": "yes"})
    assert made.location == "/quotes/QT-2026-001"
    submit(nancy, "/orders/QT-2026-001/lines", {"entry": "A-1 x2"})
    assert "QT-2026-001" in words(nancy.get("/quotes"))
    answer = submit(nancy, "/quotes/QT-2026-001/acceptance")
    assert answer.location == "/orders/SO-2026-001"
    assert nancy.get("/quotes/QT-2026-001").location == "/orders/SO-2026-001"
    submit(nancy, "/orders", {"customer": "ACME", "as_quote": "yes"})
    assert submit(nancy, "/quotes/QT-2026-002/revision").location == "/quotes/QT-2026-002"


def test_who_sees_only_their_own_customers_finds_nothing_of_others(app, session, staff, number):

    with atomic():
        staff.colleague.own_customers_only = True
    janet = log_in(app, staff.colleague)
    assert janet.get(f"/orders/{number}").status_code == 404
    assert submit(janet, f"/orders/{number}/comments", {"text": "x"}).status_code == 404
    assert number not in words(janet.get("/orders?view=all"))


def held(staff: Staff) -> str:
    number = draft(staff, 120)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    return number


def test_what_the_policy_approves_is_confirmed_in_the_same_act_by_one_event(nancy, staff, number):
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, D(100_000)
    page = nancy.get(f"/orders/{number}")
    assert "Submit and confirm" in words(page)
    before = db.session.scalar(select(func.count()).select_from(Event))

    answer = submit(nancy, f"/orders/{number}/placement", {}, headers=HTMX)

    assert answer.status_code == 200, words(answer)
    assert order_of(number).state is OrderState.CONFIRMED
    assert db.session.scalar(select(func.count()).select_from(Event)) == before + 1
    assert "submitted it over" in words(answer)
    assert "and with it confirmed the order" in words(answer)


def test_what_the_policy_does_not_approve_waits_though_it_was_to_be_confirmed(nancy, number):
    assert "Submit for approval" in words(nancy.get(f"/orders/{number}"))
    submit(nancy, f"/orders/{number}/placement", {}, headers=HTMX)
    assert order_of(number).state is OrderState.SUBMITTED


def test_the_next_break_and_what_it_saves_stand_below_the_price_and_in_the_quote(nancy, staff, number):
    put_customer_price("ACME", sku="A-1", unit_price="90", min_quantity="50", actor=staff.manager)
    quote = words(nancy.get(f"/orders/{number}/entry?entry=A-1+x20", headers=HTMX))
    assert "From 50 90.00, saves 500.00" in quote.replace("\N{NO-BREAK SPACE}", " ")
    submit(nancy, f"/orders/{number}/lines", {"entry": "A-1 x20"})
    told = words(nancy.get(f"/orders/{number}?why=2"))
    assert "Next break Next break at 50 saves 500.00. 90.00" in told
    assert "It needs 50 or more, the line has 20." in told
