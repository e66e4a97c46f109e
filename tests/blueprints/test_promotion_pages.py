"""Pages of promotions, trying a price, and coupons on an order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support import web
from tests.support.web import HTMX, submit, words
from webapp.db import db
from webapp.domain.permissions import Role
from webapp.models import Customer, Order, Promotion, User
from webapp.services.customers.records import add_customer
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import launch_promotion

D = Decimal
DRAFT = {"code": "SPRING", "name": "Spring", "benefit": "PERCENT", "percent": "10", "items": "CHAI"}

pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture
def manager(browse):
    return browse(Role.SALES_MANAGER)


def somebody() -> User:
    """Who may make promotions."""
    return db.session.scalars(select(User).where(User.is_system)).one()


def an_order(**more: object) -> str:
    actor = web.add_user(Role.SALES, email="seller@example.com", name="Nora Seller")
    return create_order(OrderInput("ALFKI", [LineInput("CHAI", D(12))], **more), actor=actor).number


def test_a_promotion_is_drafted_tried_published_and_ended(manager):
    page = words(submit(manager, "/promotions", DRAFT, follow_redirects=True))
    assert "10 % off." in page
    assert "Draft" in page
    tried = words(manager.get("/prices/tester?customer=ALFKI&item=CHAI&quantity=1&tried=SPRING"))
    assert "Promotion Spring" in tried
    assert "16.20" in tried
    assert "Promotion Spring" not in words(manager.get("/prices/tester?customer=ALFKI&item=CHAI&quantity=1"))
    submit(manager, "/promotions/SPRING/publication")
    assert "Promotion Spring" in words(manager.get("/prices/tester?customer=ALFKI&item=CHAI&quantity=1"))
    submit(manager, "/promotions/SPRING/ending")
    assert db.session.scalars(select(Promotion)).one().state == "ENDED"


def test_a_wrong_promotion_comes_back_as_typed_with_each_sentence(manager):
    answer = submit(manager, "/promotions", DRAFT | {"percent": "", "valid_to": "someday"})
    assert answer.status_code == 422
    assert "Valid to must be a date like 2026-05-31." in words(answer)
    assert 'value="someday"' in answer.text
    assert "Say how many percent are taken off." in words(submit(manager, "/promotions", DRAFT | {"percent": ""}))


def test_terms_of_another_kind_than_it_gives_are_not_part_of_what_was_typed(manager):
    typed = DRAFT | {"benefit": "FREE_GOODS", "buy_quantity": "10", "free_quantity": "1"}
    assert "1 free for every 10." in words(submit(manager, "/promotions", typed, follow_redirects=True))
    changed = {"benefit": "AMOUNT", "unit_amount": "1.50", "version": "1"}
    page = words(submit(manager, "/promotions/SPRING", typed | changed, follow_redirects=True))
    assert "1.50 off each." in page
    promotion = db.session.scalars(select(Promotion)).one()
    assert (promotion.percent, promotion.buy_quantity, promotion.free_quantity) == (None, 0, 0)


def test_the_author_sees_what_meets_it_before_it_is_published(manager):
    launch_promotion(code="TEA", name="Tea week", percent="15", categories="Tea", actor=somebody())
    submit(manager, "/promotions", DRAFT)
    page = words(manager.get("/promotions/SPRING"))
    assert "Tea week" in page
    assert "Only one counts: what is cheaper for the customer." in page


def test_a_stale_form_offers_both_values(manager):
    launch_promotion(code="TEA", name="Tea week", percent="15", actor=somebody())
    answer = submit(manager, "/promotions/TEA", {"percent": "20", "version": "1"})
    assert answer.status_code == 409
    assert "was changed by" in words(answer)


def test_trying_a_price_says_what_is_missing(manager):
    for address, sentence in (
        ("customer=ALFKI", "Say which item."),
        ("item=CHAI", "Enter the customer's name or code."),
        ("customer=NOBODY&item=CHAI", "No customer fits “NOBODY”."),
        ("customer=ALFKI&item=NOTHING", "No item fits “NOTHING”."),
        ("customer=ALFKI&item=CHAI&quantity=0", "Quantity must be more than 0."),
        ("customer=ALFKI&item=CHAI&quantity=1e5", "Quantity must be a number in plain digits, like 1234.56."),
        ("customer=ALFKI&item=CHAI&on=2026-02-30", "On 2026-02-30 is not in the calendar."),
        ("customer=ALFKI&item=CHAI&unit=barrel", "CHAI does not come in barrel."),
        ("customer=ALFKI&item=CHAI&tried=NONE", "There is no promotion NONE."),
        ("customer=ALFKI&item=CHAI&coupon=NONE", "There is no coupon NONE."),
        ("customer=ALFKI&item=CHAI&price_list=NONE", "There is no price list NONE."),
    ):
        answer = manager.get(f"/prices/tester?{address}")
        assert (answer.status_code, sentence in words(answer)) == (422, True), address


def test_a_price_is_tried_for_a_customer_by_name_and_several_are_offered(manager):
    alfki = db.session.scalars(select(Customer).where(Customer.code == "ALFKI")).one()
    name, terms = alfki.name, alfki.payment_terms.code
    add_customer(code="ALFRED", name=name + " and Sons", currency="EUR", payment_terms=terms, actor=somebody())
    assert "for " + name in words(manager.get(f"/prices/tester?customer={name.upper()}+and&item=CHAI"))
    answer = manager.get(f"/prices/tester?customer={name[:4]}&item=CHAI&quantity=3")
    assert "Several customers fit" in words(answer)
    assert "customer=ALFRED&amp;item=CHAI&amp;quantity=3" in answer.text


def test_a_price_by_the_case_shows_the_price_of_a_case(manager):
    page = words(manager.get("/prices/tester?customer=ALFKI&item=CHAI&quantity=2&unit=case"))
    assert "360.00" in page  # 24 at 15.00, the price agreed from 10 on


def test_a_coupon_is_entered_and_taken_off_on_the_order(browse):
    launch_promotion(code="SPRING", name="Spring", percent="10", coupon="HELLO", max_uses="1", actor=somebody())
    number = an_order()
    sales = browse(Role.SALES)
    page = words(submit(sales, f"/orders/{number}/coupons", {"coupon": "hello"}, follow_redirects=True))
    assert "GBP, coupon HELLO" in page or "EUR, coupon HELLO" in page
    assert "Promotion Spring, list 15.00" in page
    page = words(submit(sales, f"/orders/{number}/coupons/HELLO/removal", {}, follow_redirects=True))
    assert ", coupon HELLO" not in page


def test_a_change_that_makes_other_lines_cheaper_brings_their_figures_along(browse):
    launch_promotion(code="MANY", name="Many", percent="50", over_lines="yes", min_quantity="20", actor=somebody())
    number = an_order()
    sales = browse(Role.SALES)
    answer = submit(sales, f"/orders/{number}/lines", {"entry": "CHAI x8"}, headers=HTMX)
    assert 'id="line-1-note"' in answer.text
    assert 'data-price="7.50"' in answer.text
    db.session.rollback()
    order = db.session.scalars(select(Order).where(Order.order_number == number)).one()
    assert [line.unit_price for line in order.lines] == [D("7.50"), D("9.00")]


def test_free_goods_that_come_with_a_line_show_the_whole_order_again(browse):
    launch_promotion(
        code="FREE", name="One more", benefit="FREE_GOODS", buy_quantity="20", free_quantity="1", actor=somebody()
    )
    number = an_order()
    sales = browse(Role.SALES)
    answer = submit(sales, f"/orders/{number}/lines/1", {"quantity": "20"}, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#order"
    assert "free with Promotion One more" in words(answer)
