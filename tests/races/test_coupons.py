"""A coupon with ten uses is used ten times, however many orders ask for it at once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from sqlalchemy import func, select

from tests.support.factories import make_company, make_customer, make_item, make_staff
from tests.support.racing import workers
from webapp.db import db
from webapp.domain.errors import Refused
from webapp.models import Order, Promotion, PromotionUse, User
from webapp.services.orders.coupons import enter_coupon
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import add_promotion, publish_promotion

D = Decimal
ORDERS, USES = 40, 10


def company(staff_of=make_staff, **limits: str):
    make_company()
    staff = staff_of()
    for place in range(4):
        make_customer(f"C{place}", credit_limit=None)
    make_item("A-1", base_price=D(100))
    add_promotion(code="TEN", name="Ten", percent="10", actor=staff.manager, **limits)
    publish_promotion("TEN", actor=staff.manager)
    return staff


def new_order(place: int, user_id: int, coupons: tuple[str, ...] = ()) -> str:
    given = OrderInput(f"C{place % 4}", [LineInput("A-1", D(1))], coupons=coupons)
    return create_order(given, actor=db.session.get_one(User, user_id)).number


def prices() -> list[Decimal]:
    db.session.rollback()
    return sorted(order.lines[0].unit_price for order in db.session.scalars(select(Order)))


def test_forty_new_orders_with_a_coupon_of_ten_uses(app, session):
    staff = company(coupon="TEN", max_uses=str(USES))
    user_id = staff.sales.id
    session.rollback()

    results = workers(app, [partial(new_order, place, user_id, ("TEN",)) for place in range(ORDERS)])

    refused = [one for one in results if isinstance(one, Refused)]
    assert {one.message for one in refused} == {"Coupon TEN is refused: it has been used up."}
    assert len(refused) == ORDERS - USES
    assert prices() == [D(90)] * USES
    assert session.scalars(select(Promotion.uses)).one() == USES
    assert session.scalar(select(func.count()).select_from(PromotionUse)) == USES


def test_forty_stored_orders_that_enter_it(app, session):
    staff = company(coupon="TEN", max_uses=str(USES))
    user_id = staff.sales.id
    numbers = [new_order(place, user_id) for place in range(ORDERS)]
    session.rollback()

    def enter(number: str) -> str:
        return enter_coupon(number, "TEN", actor=db.session.get_one(User, user_id)).number

    results = workers(app, [partial(enter, number) for number in numbers])

    assert sum(isinstance(one, Refused) for one in results) == ORDERS - USES
    assert prices() == [D(90)] * USES + [D(100)] * (ORDERS - USES)


def test_forty_new_orders_of_a_limited_promotion_without_a_coupon(app, session):
    staff = company(max_uses=str(USES), max_uses_per_customer="3")
    user_id = staff.sales.id
    session.rollback()

    results = workers(app, [partial(new_order, place, user_id) for place in range(ORDERS)])

    assert all(isinstance(one, str) for one in results), results
    assert prices() == [D(90)] * USES + [D(100)] * (ORDERS - USES)
    counts = session.execute(select(PromotionUse.customer_id, func.count()).group_by(PromotionUse.customer_id))
    assert max(row[1] for row in counts) <= 3
