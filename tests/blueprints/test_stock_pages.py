"""Stock on pages: lists, one item's card, receipts and adjustments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from tests.support.factories import Staff, make_item, put_in_stock
from tests.support.warehouse import add_bin, allocated, held, open_warehouse, order_for, put_batch, stock
from tests.support.web import HTMX, log_in, submit, words
from webapp.db import atomic, db
from webapp.domain.permissions import Permission
from webapp.models import Company, StockMovement, Variant

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return open_warehouse()


@pytest.fixture
def clerk(app: Flask, staff: Staff) -> FlaskClient:
    return log_in(app, staff.warehouse)


@pytest.fixture
def statements(app: Flask, session) -> Iterator[Callable[[FlaskClient, str], int]]:
    """Counts the statements of a request."""
    counted: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        counted.append(statement)

    def count(client: FlaskClient, path: str) -> int:
        client.get(path)
        counted.clear()
        assert client.get(path).status_code == 200
        return len(counted)

    event.listen(db.engine, "before_cursor_execute", note)
    yield count
    event.remove(db.engine, "before_cursor_execute", note)


def test_the_list_says_what_lies_where(clerk, staff):
    add_bin("BIN-1", "MAIN")
    put_in_stock("A-1", 5, actor=staff.warehouse, location="BIN-1")
    allocated(staff, ("A-1", 20))

    seen = words(clerk.get("/stock"))

    assert "A-1 Product A-1 BIN-1 5 , MAIN 50 55 20 35 pcs In stock" in seen
    assert "LAPTOP Product LAPTOP nowhere 0 0 0 pcs None" in seen


def test_filters_stand_in_the_address_and_can_be_taken_off(clerk, staff):
    with atomic():
        db.session.scalars(select(Variant).where(Variant.sku == "A-1")).one().reorder_level = D(60)

    low = clerk.get("/stock?low=1")
    assert "A-1" in words(low)
    assert "LAPTOP" not in words(low)
    assert 'aria-label="Remove filter Below reorder level"' in low.text
    assert "CHEESE" not in words(clerk.get("/stock?q=lap"))
    assert "No item fits what you asked for" in words(clerk.get("/stock?q=zebra"))
    assert "Location: MAIN" in words(clerk.get("/stock?location=MAIN"))


def test_search_while_typing_answers_the_list_alone(clerk):
    answer = clerk.get("/stock?q=A-1", headers=HTMX)
    assert answer.text.lstrip().startswith('<div class="content" id="stock-list">')


def test_lists_take_as_many_statements_for_thirty_rows_as_for_one(clerk, staff, statements):
    pages = ("/stock", "/stock/movements", "/stock/A-1", "/stock/CHEESE")
    put_batch("C0", 1, staff)
    before = {page: statements(clerk, page) for page in pages}
    for n in range(30):
        make_item(f"M-{n}")
        put_in_stock(f"M-{n}", 3, actor=staff.warehouse)
        put_in_stock("A-1", 1, actor=staff.warehouse)
        put_batch(f"C{n}", 1, staff)
    order_for(staff, ("A-1", 1))
    assert {page: statements(clerk, page) for page in pages} == before
    assert max(before.values()) <= 16


def test_long_lists_go_on_where_they_stopped(clerk, staff):
    for n in range(55):
        make_item(f"M-{n:02}")
    first = clerk.get("/stock")
    older = first.text.split("data-older")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "M-54" not in first.text
    assert "M-54" in clerk.get(older).text


def test_movements_are_found_by_item_kind_place_and_day(clerk, staff):
    put_batch("C1", 4, staff)
    seen = words(clerk.get("/stock/movements"))
    assert "CHEESE Product CHEESE Receipt batch C1 MAIN 4 pcs" in seen
    assert "CHEESE" not in words(clerk.get("/stock/movements?sku=A-1"))
    assert "A-1" not in words(clerk.get("/stock/movements?q=chee"))
    assert "No movement fits" in words(clerk.get("/stock/movements?kind=SCRAP"))
    assert "No movement fits" in words(clerk.get("/stock/movements?to=2001-01-01"))
    assert clerk.get("/stock/movements?from=yesterday").status_code == 422
    assert clerk.get("/stock/movements?cursor=nonsense").status_code == 422


def test_costs_are_for_who_may_see_them(app, clerk, staff):
    assert "Unit cost" not in clerk.get("/stock/movements").text
    assert "Unit cost" in log_in(app, staff.accountant).get("/stock/movements").text


def test_the_card_of_an_item_tells_places_lots_holders_and_movements(clerk, staff):
    put_batch("C1", 4, staff)
    number = allocated(staff, ("CHEESE", 3))

    seen = words(clerk.get("/stock/CHEESE"))

    assert "MAIN 4 3 0 1" in seen
    assert f"{number} line 1 Acme Ltd MAIN 3 none yet" in seen
    assert "C1 MAIN – 4 3 Good" in seen
    assert clerk.get("/stock/NOTHING").status_code == 404


# -- receipts ---------------------------------------------------------------------------------------------------------

RECEIPT = {
    "location": "MAIN",
    "reference": "PO 7",
    "idempotency_key": "k1",
    "lines.0.sku": "A-1",
    "lines.0.quantity": "12",
    "lines.0.unit_cost": "61.50",
    "lines.3.sku": "LAPTOP",
    "lines.3.quantity": "2",
    "lines.3.serials": "S1, S2",
}


def test_goods_are_received_once_however_often_the_form_comes(clerk, staff):
    for _ in range(2):
        answer = submit(clerk, "/stock/receipts", RECEIPT)
        assert (answer.status_code, answer.location) == (303, "/stock/movements?q=PO+7")
    assert (stock("A-1"), stock("LAPTOP")) == ((62, 0), (2, 0))
    assert submit(clerk, "/stock/receipts", RECEIPT | {"lines.0.quantity": "13"}).status_code == 409


def test_a_wrong_receipt_comes_back_as_typed_with_every_mistake(clerk, staff):
    typed = {"location": "MAIN", "lines.0.sku": "A-1", "lines.0.quantity": "many", "lines.1.sku": "CHEESE"}
    answer = submit(clerk, "/stock/receipts", typed, headers=HTMX)
    assert answer.status_code == 422
    assert "Quantity must be a number in plain digits" in words(answer)
    assert "Quantity is missing" in words(answer)
    assert 'value="many"' in answer.text
    assert answer.text.lstrip().startswith('<div class="content" id="receipt">')

    typed |= {"lines.0.quantity": "1", "lines.1.quantity": "1"}
    answer = submit(clerk, "/stock/receipts", typed)
    assert "CHEESE is kept in batches. Which one is it?" in words(answer)
    assert "<title>Error: Receive goods" in answer.text
    assert stock("A-1") == (50, 0)


def test_an_empty_receipt_says_what_it_needs(clerk):
    assert "Location is missing" in words(submit(clerk, "/stock/receipts", {}))
    assert "A receipt needs at least one line" in words(submit(clerk, "/stock/receipts", {"location": "MAIN"}))


def test_more_lines_are_given_without_receiving_anything(clerk):
    answer = submit(clerk, "/stock/receipts", RECEIPT | {"act": "more"})
    assert answer.status_code == 200
    assert 'id="lines.6.sku"' in answer.text
    assert stock("A-1") == (50, 0)
    assert 'value="A-1"' in clerk.get("/stock/receipts/new?sku=A-1").text


# -- adjustments ------------------------------------------------------------------------------------------------------


def test_an_adjustment_shows_who_holds_the_stock_and_takes_it_on_the_clerks_word(clerk, staff):
    number = allocated(staff, ("A-1", 45))
    typed = {"location": "MAIN", "sku": "A-1", "quantity": "-8", "reason": "Broken"}

    assert number in clerk.get("/stock/adjustments/new?sku=A-1&location=MAIN").text
    refused = submit(clerk, "/stock/adjustments", typed)
    assert refused.status_code == 400
    assert f"3 of them are allocated to {number}" in words(refused)
    assert 'name="release"' in refused.text

    answer = submit(clerk, "/stock/adjustments", typed | {"release": "y"})
    assert (answer.status_code, answer.location) == (303, "/stock/A-1")
    assert (stock("A-1"), held(number)) == ((42, 42), [(1, "", 42)])
    assert "Orders that hold it" in words(clerk.get("/stock/A-1"))


def test_a_wrong_adjustment_comes_back_as_typed(clerk):
    answer = submit(clerk, "/stock/adjustments", {"location": "MAIN", "sku": "NONE", "quantity": "1", "reason": "x"})
    assert answer.status_code == 422
    assert "There is no item NONE" in words(answer)
    answer = submit(clerk, "/stock/adjustments", {"sku": "A-1", "quantity": "0"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Quantity must not be 0" in words(answer)
    assert "Reason is missing" in words(answer)


@pytest.mark.parametrize("path", ["/stock/receipts", "/stock/adjustments"])
def test_sales_sees_stock_and_changes_nothing(app, staff, path):
    nancy = log_in(app, staff.sales)
    assert nancy.get("/stock").status_code == 200
    assert "Receive goods" not in nancy.get("/stock").text
    assert nancy.get(f"{path}/new").status_code == 403
    assert submit(nancy, path, RECEIPT).status_code == 403
    assert not staff.sales.can(Permission.STOCK_WRITE)
    assert len(list(db.session.scalars(select(StockMovement)))) == 1


def test_a_receipt_is_typed_in_the_format_of_the_company(clerk, staff):
    with atomic():
        db.session.get_one(Company, 1).locale = "de_DE"
    answer = submit(clerk, "/stock/receipts", RECEIPT | {"lines.0.quantity": "1000", "lines.0.unit_cost": "7,50"})
    assert answer.status_code == 303, words(answer)
    newest = db.session.scalars(select(StockMovement).where(StockMovement.quantity == D(1000))).one()
    assert (newest.quantity, newest.unit_cost) == (D(1000), D("7.5"))
