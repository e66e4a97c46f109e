"""Promotions on orders: prices after them, free goods, coupons and their uses, and what their author may enter."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_staff,
    put_in_stock,
    ship,
)
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, IllegalMove, NotFound, Refused
from webapp.domain.orders.entry import parse_entry
from webapp.domain.states import OrderState
from webapp.models import Category, Customer, CustomerGroup, Order, Promotion, PromotionUse, Variant
from webapp.queries.invariants import run_all
from webapp.services.approvals.deciding import approve_order
from webapp.services.company import today
from webapp.services.customers.records import change_customer
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.coupons import enter_coupon, remove_coupon
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.line_preview import quote_entry
from webapp.services.orders.lines import LineInput
from webapp.services.pricing.derivation import get_item_price
from webapp.services.promotions.authoring import add_promotion, end_promotion, publish_promotion
from webapp.services.trials.price import try_price

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    make_company()
    make_customer("ACME", credit_limit=None)
    make_customer("ZETA", credit_limit=None)
    make_item("A-1", base_price=D(100))
    make_item("B-1", base_price=D(50))
    make_item("MUG", base_price=D(8))
    return make_staff()


def promotion(staff: Staff, code: str = "SPRING", **values: object) -> str:
    """A published promotion, 10 % off everything unless said otherwise."""
    given = {"name": code.title(), **({} if "benefit" in values else {"percent": "10"}), **values}
    add_promotion(code=code, actor=staff.manager, **given)
    publish_promotion(code, actor=staff.manager)
    return code


def ordered(staff: Staff, *lines: LineInput, customer: str = "ACME", **head: object) -> str:
    given = OrderInput(customer, lines or [LineInput("A-1", D(10))], **head)
    return create_order(given, actor=staff.sales).number


def reload(number: str) -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def prices(number: str) -> list[Decimal]:
    return [line.unit_price for line in reload(number).lines]


def uses(code: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Promotion).where(Promotion.code == code)).one().uses


def steps(number: str, place: int = 0) -> list[tuple[str, bool]]:
    return [(step["label"], step["won"]) for step in reload(number).lines[place].derivation]


def test_a_line_costs_what_the_promotion_makes_of_it_and_its_total_follows(staff):
    promotion(staff)
    order = reload(ordered(staff))
    (line,) = order.lines
    assert (line.list_price, line.derived_price, line.unit_price) == (D(100), D(90), D(90))
    assert (line.price_source, order.total) == ("PROMOTION", D(900))
    assert steps(order.number) == [("Base price", True), ("Promotion Spring", True)]


def test_a_draft_and_an_ended_promotion_count_for_no_new_price(staff):
    add_promotion(code="SPRING", name="Spring", percent="10", actor=staff.manager)
    first = ordered(staff)
    assert prices(first) == [D(100)]
    publish_promotion("SPRING", actor=staff.manager)
    second = ordered(staff)
    end_promotion("SPRING", actor=staff.manager)
    assert (prices(second), prices(ordered(staff))) == ([D(90)], [D(100)])


def test_an_order_keeps_what_an_ended_promotion_gave_it_when_it_is_edited(staff):
    promotion(staff)
    number = ordered(staff)
    end_promotion("SPRING", actor=staff.manager)
    add_lines(number, [LineInput("B-1", D(1))], actor=staff.sales)
    assert prices(number) == [D(90), D(45)]


def test_customers_and_groups_say_for_whom_it_is(staff):
    with atomic():
        db.session.add(CustomerGroup(code="SHOPS", name="Shops"))
    promotion(staff, "ZETA-ONLY", percent="20", customers="ZETA")
    promotion(staff, "FOR-SHOPS", percent="30", groups=["SHOPS"])
    assert prices(ordered(staff)) == [D(100)]
    zeta = ordered(staff, customer="ZETA")
    assert prices(zeta) == [D(80)]
    assert steps(zeta) == [("Base price", True), ("Promotion Zeta-Only", True)]
    change_customer("ACME", version=1, group="SHOPS", actor=staff.manager)
    assert prices(ordered(staff)) == [D(70)]


def test_a_category_brings_its_sub_categories_along(staff):
    with atomic():
        drinks = Category(name="Drinks")
        db.session.add(drinks)
        db.session.flush()
        tea = Category(name="Tea", parent_id=drinks.id)
        db.session.add(tea)
        db.session.flush()
        db.session.scalars(select(Variant).where(Variant.sku == "A-1")).one().item.category_id = tea.id
    promotion(staff, categories="Drinks")
    assert prices(ordered(staff, LineInput("A-1", D(1)), LineInput("B-1", D(1)))) == [D(90), D(50)]


def test_a_promotion_over_several_lines_changes_the_others_when_a_line_comes_and_goes(staff):
    promotion(staff, over_lines="yes", min_quantity="10")
    number = ordered(staff, LineInput("A-1", D(6)))
    assert prices(number) == [D(100)]
    add_lines(number, [LineInput("B-1", D(4))], actor=staff.sales)
    assert prices(number) == [D(90), D(45)]
    change_line(number, 2, quantity=D(3), actor=staff.sales)
    assert prices(number) == [D(100), D(50)]
    change_line(number, 2, quantity=D(4), actor=staff.sales)
    remove_line(number, 2, actor=staff.sales)
    assert prices(number) == [D(100)]
    assert [step["detail"] for step in reload(number).lines[0].derivation] == [
        "Valid for every quantity and date.",
        "It needs 10 or more, its lines have 6.",
    ]


def test_a_price_does_not_depend_on_the_unit_it_is_entered_in(staff):
    from webapp.models import UnitConversion

    with atomic():
        variant = db.session.scalars(select(Variant).where(Variant.sku == "A-1")).one()
        variant.base_price = D("0.333333")
        db.session.add(UnitConversion(variant_id=variant.id, unit="case", factor=D(24)))
    promotion(staff, percent="12.5", min_quantity="24")
    by_case = reload(ordered(staff, LineInput("A-1", D(2), unit="case")))
    by_piece = reload(ordered(staff, LineInput("A-1", D(48))))
    assert by_case.total == by_piece.total == D("14.00")
    assert by_case.lines[0].unit_price == by_piece.lines[0].unit_price * 24


def test_goods_of_another_item_that_come_free_weigh_the_same_wherever_a_price_is_asked(staff):
    promotion(staff, "GIFT", benefit="FREE_GOODS", items="A-1", buy_quantity="10", free_quantity="3", free_item="B-1")
    promotion(staff, "TEN", percent="10", items="A-1")  # 100 off ten of A-1, less than the 150 that the gift is worth
    acme = db.session.scalars(select(Customer).where(Customer.code == "ACME")).one()
    goods = db.session.scalars(select(Variant).where(Variant.sku == "A-1")).one()
    empty = create_order(OrderInput("ACME"), actor=staff.sales)

    trial = try_price(acme, goods, D(10), on=today())
    typed = quote_entry(empty, parse_entry("A-1 x10"), staff.sales)
    asked = get_item_price(goods, acme, D(10))

    assert trial.unit_price == typed.unit_price == asked.unit_price == prices(ordered(staff))[0] == D(100)


def test_a_typed_price_stands_over_promotions_and_is_measured_by_what_they_gave(staff):
    promotion(staff, percent="20")
    order = reload(ordered(staff, LineInput("A-1", D(10), unit_price=D(78))))
    (line,) = order.lines
    assert (line.unit_price, line.derived_price, line.price_source) == (D(78), D(80), "TYPED")
    assert [step["detail"] for step in line.derivation if step["kind"] == "TYPED"] == [
        "Typed by Nancy Davolio. The rules give 80.00."
    ]
    order_flow.submit_order(order.number, actor=staff.sales)
    assert [request.kind.value for request in reload(order.number).approvals] == ["ORDER"]  # 2.5 % is within 5 %


def test_the_one_who_typed_a_price_stays_named_when_somebody_else_changes_the_quantity(staff):
    number = ordered(staff, LineInput("A-1", D(10), unit_price=D(99)))
    change_line(number, 1, quantity=D(12), unit_price=D(99), actor=staff.colleague)
    (line,) = reload(number).lines
    assert line.derivation[1]["detail"] == "Typed by Nancy Davolio. The rules give 100.00."
    assert line.entered_by.name == "Janet Leverling"


def test_a_promotion_is_no_discount_of_the_salesperson(staff):
    promotion(staff, percent="50")
    number = ordered(staff)
    order_flow.submit_order(number, actor=staff.sales)
    assert [request.kind.value for request in reload(number).approvals] == ["ORDER"]


def test_free_goods_are_a_line_of_their_own_that_follows_the_lines_they_belong_to(staff):
    promotion(staff, "MUGS", benefit="FREE_GOODS", buy_quantity="5", free_quantity="1", free_item="MUG", items="A-1")
    number = ordered(staff)
    gift = reload(number).lines[1]
    assert (gift.variant.sku, gift.quantity, gift.unit_price, gift.total) == ("MUG", D(2), D(0), D(0))
    assert gift.derivation[0]["detail"] == "Free: 1 free for every 5."
    with pytest.raises(IllegalMove, match="Line 2 comes free with a promotion and follows"):
        change_line(number, 2, quantity=D(9), actor=staff.sales)
    with pytest.raises(IllegalMove, match="Line 2 comes free"):
        remove_line(number, 2, actor=staff.sales)
    change_line(number, 1, quantity=D(15), actor=staff.sales)
    assert reload(number).lines[1].quantity == D(3)
    change_line(number, 1, quantity=D(4), actor=staff.sales)
    assert [line.variant.sku for line in reload(number).lines] == ["A-1"]


def test_free_goods_of_a_confirmed_order_are_closed_short_when_they_no_longer_come(staff):
    promotion(staff, "MUGS", benefit="FREE_GOODS", buy_quantity="5", free_quantity="1", free_item="MUG", items="A-1")
    number = ordered(staff)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    change_line(number, 1, quantity=D(4), actor=staff.sales)
    gift = reload(number).lines[1]
    assert (gift.cancelled_qty, gift.cancel_reason) == (D(2), "The promotion no longer gives it.")


def test_free_goods_ship_and_are_billed_at_nothing(staff):
    from tests.support.factories import make_posted_invoice

    for sku in ("A-1", "MUG"):
        put_in_stock(sku, 100, actor=staff.warehouse, unit_cost=D(3))
    promotion(staff, "MUGS", benefit="FREE_GOODS", buy_quantity="5", free_quantity="1", free_item="MUG", items="A-1")
    number = ordered(staff)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    ship(number, staff)
    invoice = make_posted_invoice(number, staff)
    assert [(line.sku, line.quantity, line.total) for line in invoice.lines] == [("A-1", 10, 1000), ("MUG", 2, 0)]
    assert reload(number).state is OrderState.CLOSED


def test_what_was_shipped_keeps_its_price_when_a_promotion_is_published_later(staff):
    put_in_stock("A-1", 100, actor=staff.warehouse)
    number = ordered(staff)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    ship(number, staff, {1: 4})
    promotion(staff)
    add_lines(number, [LineInput("B-1", D(2))], actor=staff.sales)
    assert prices(number) == [D(100), D(45)]


def test_a_promotion_that_makes_another_line_cheaper_asks_for_a_new_approval(staff):
    promotion(staff, over_lines="yes", min_quantity="12")
    number = ordered(staff)
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    add_lines(number, [LineInput("B-1", D(2))], actor=staff.sales)
    assert (prices(number), reload(number).state) == ([D(90), D(45)], OrderState.DRAFT)


# -- coupons and uses ---------------------------------------------------------------------------------------------


def test_a_coupon_counts_on_the_orders_that_carry_it(staff):
    promotion(staff, coupon="hello10")
    number = ordered(staff)
    assert prices(number) == [D(100)]
    enter_coupon(number, " Hello10 ", actor=staff.sales)
    enter_coupon(number, "HELLO10", actor=staff.sales)
    assert (prices(number), uses("SPRING"), reload(number).total) == ([D(90)], 1, D(900))
    remove_coupon(number, "hello10", actor=staff.sales)
    assert (prices(number), uses("SPRING"), reload(number).total) == ([D(100)], 0, D(1000))
    with pytest.raises(NotFound, match="carries no coupon HELLO10"):
        remove_coupon(number, "hello10", actor=staff.sales)


def test_a_new_order_may_bring_coupons(staff):
    promotion(staff, coupon="HELLO10", max_uses="2")
    number = ordered(staff, coupons=["hello10"])
    assert (prices(number), uses("SPRING")) == ([D(90)], 1)
    with pytest.raises(BadInput, match=r"There is no coupon WRONG\."):
        ordered(staff, coupons=["wrong"])


def test_a_coupon_says_why_it_is_no_good(staff):
    day = today()
    promotion(staff, "LATE", coupon="LATE", valid_from=day + timedelta(days=1))
    promotion(staff, "OLD", coupon="OLD", valid_to=day - timedelta(days=1))
    promotion(staff, "OTHER", coupon="OTHER", customers="ZETA")
    promotion(staff, "GONE", coupon="GONE")
    end_promotion("GONE", actor=staff.manager)
    promotion(staff, "ONE", coupon="ONE", max_uses="1")
    ordered(staff, coupons=["ONE"])
    promotion(staff, "EACH", coupon="EACH", max_uses_per_customer="1")
    ordered(staff, coupons=["EACH"])
    add_promotion(code="DRAFT", name="Draft", percent="5", coupon="DRAFT", actor=staff.manager)
    number = ordered(staff)
    for code, why in (
        ("LATE", f"Coupon LATE starts on {(day + timedelta(days=1)).isoformat()}."),
        ("OLD", f"Coupon OLD ended on {(day - timedelta(days=1)).isoformat()}."),
        ("OTHER", "Coupon OTHER is not for Acme Ltd."),
        ("GONE", "Coupon GONE was ended."),
        ("ONE", "Coupon ONE is refused: it has been used up."),
        ("EACH", "Coupon EACH is refused: this customer has used it as often as it allows."),
        ("DRAFT", "There is no coupon DRAFT."),
    ):
        with pytest.raises((Refused, BadInput)) as refused:
            enter_coupon(number, code, actor=staff.sales)
        assert refused.value.message == why
    assert ordered(staff, customer="ZETA", coupons=["EACH"])


def test_a_limited_promotion_without_a_coupon_is_used_by_the_orders_it_counts_for(staff):
    promotion(staff, max_uses="1", items="A-1")
    first, second = ordered(staff), ordered(staff)
    assert (prices(first), prices(second), uses("SPRING")) == ([D(90)], [D(100)], 1)
    assert reload(second).lines[0].derivation[-1]["detail"] == "It has been used up."
    assert prices(ordered(staff, LineInput("B-1", D(1)))) == [D(50)]
    change_line(first, 1, quantity=D(20), actor=staff.sales)
    assert prices(first) == [D(90)]
    order_flow.cancel_order(first, actor=staff.sales)
    assert uses("SPRING") == 0
    change_line(second, 1, quantity=D(20), actor=staff.sales)
    assert (prices(second), uses("SPRING")) == ([D(90)], 1)


def test_a_use_is_given_back_when_its_line_goes(staff):
    promotion(staff, max_uses="1", items="A-1")
    number = ordered(staff, LineInput("A-1", D(1)), LineInput("B-1", D(1)))
    remove_line(number, 1, actor=staff.sales)
    assert (uses("SPRING"), db.session.scalars(select(PromotionUse)).all()) == (0, [])


def test_a_copy_asks_promotions_anew_and_takes_no_free_goods_along(staff):
    promotion(staff, "MUGS", benefit="FREE_GOODS", buy_quantity="5", free_quantity="1", free_item="MUG", items="A-1")
    number = ordered(staff)
    end_promotion("MUGS", actor=staff.manager)
    copy = copy_order(number, actor=staff.sales)
    assert [line.variant.sku for line in reload(copy.number).lines] == ["A-1"]


def test_a_wrong_count_of_uses_is_found_by_the_invariant_of_summaries(staff):
    promotion(staff, max_uses="5")
    ordered(staff)
    with atomic():
        db.session.scalars(select(Promotion)).one().uses = 3
    assert [(fault.invariant, fault.subject, fault.message) for fault in run_all()] == [
        ("I21", "promotion SPRING", "counts 3 uses, orders hold 1")
    ]
    with atomic():
        db.session.scalars(select(Promotion)).one().uses = 1


# -- one item's price ---------------------------------------------------------------------------------------------


def test_the_price_of_an_item_counts_promotions_without_a_coupon(staff):
    promotion(staff, min_quantity="5")
    promotion(staff, "SECRET", percent="50", coupon="SECRET")
    variant = db.session.scalars(select(Variant).where(Variant.sku == "A-1")).one()
    customer = reload(ordered(staff)).customer
    found = get_item_price(variant, customer, D(5), None)
    assert (found.unit_price, found.source) == (D(90), "PROMOTION")
    assert [step.label for step in found.derivation if step.won] == ["Base price", "Promotion Spring"]
    assert get_item_price(variant, customer, D(4), None).unit_price == D(100)
