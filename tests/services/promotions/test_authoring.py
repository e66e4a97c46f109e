"""What the author of a promotion may enter, change, publish and end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff
from webapp.db import db
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, NotFound, StaleVersion
from webapp.models import Order, Promotion
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import (
    add_promotion,
    change_promotion,
    end_promotion,
    launch_promotion,
    publish_promotion,
)

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    make_company()
    make_customer("ACME", credit_limit=None)
    for sku, price in (("A-1", 100), ("B-1", 50), ("MUG", 8)):
        make_item(sku, base_price=D(price))
    return make_staff()


def promotion(staff: Staff, code: str = "SPRING", **values: object) -> None:
    launch_promotion(code=code, name=code.title(), percent="10", actor=staff.manager, **values)


def prices(staff: Staff, *lines: LineInput) -> list[Decimal]:
    number = create_order(OrderInput("ACME", lines or [LineInput("A-1", D(1))]), actor=staff.sales).number
    db.session.rollback()
    order = db.session.scalars(select(Order).where(Order.order_number == number)).one()
    return [line.unit_price for line in order.lines]


def test_every_wrong_field_of_a_promotion_has_its_sentence(staff):
    for values, field, sentence in (
        ({}, "percent", "Say how many percent are taken off."),
        ({"percent": "101"}, "percent", "Percent must be between 0 and 100."),
        ({"benefit": "AMOUNT"}, "unit_amount", "Say which amount is taken off each, or what each costs."),
        ({"benefit": "FREE_GOODS", "buy_quantity": "5"}, "free_quantity", "Say how many come free."),
        (
            {"percent": "5", "unit_amount": "2"}, "unit_amount",
            "This stays empty where the promotion gives percent off.",
        ),
        ({"percent": "5", "free_item": "MUG"}, "free_item", "This stays empty where the promotion gives percent off."),
        ({"percent": "5", "items": "A-1\nNO-1"}, "items", "There is no item NO-1."),
        ({"percent": "5", "categories": "Nothing"}, "categories", "There is no category Nothing."),
        ({"percent": "5", "customers": "NOBODY"}, "customers", "There is no customer NOBODY."),
        ({"percent": "5", "groups": "NONE"}, "groups", "There is no customer group NONE."),
        (
            {"percent": "5", "valid_from": "2026-05-02", "valid_to": "2026-05-01"}, "valid_to",
            "The last day 2026-05-01 lies before the first day 2026-05-02.",
        ),
        (
            {"percent": "5", "min_quantity": "5", "max_quantity": "4"}, "max_quantity",
            "The largest quantity is below the smallest.",
        ),
        ({"percent": "5", "max_uses": "0"}, "max_uses", "Max uses must be a whole number from 1 to 1000000000."),
        ({"percent": "5", "currency": "XXQ"}, "currency", "Currency XXQ is not a currency code of ISO 4217, like EUR."),
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            add_promotion(code="P", name="P", actor=staff.manager, **values)
        assert refused.value.details[field] == sentence if refused.value.details else refused.value.message == sentence
    assert db.session.scalars(select(Promotion)).all() == []


def test_codes_and_coupons_are_taken_once(staff):
    promotion(staff, coupon="HELLO")
    with pytest.raises(BadInput, match="There is a promotion SPRING already"):
        promotion(staff)
    with pytest.raises(BadInput, match="Coupon HELLO belongs to promotion SPRING already"):
        promotion(staff, "OTHER", coupon="hello")


def test_changing_a_promotion_keeps_what_is_not_named_and_refuses_a_stale_form(staff):
    promotion(staff, items="A-1\nB-1", min_quantity="2")
    changed = change_promotion("SPRING", version=2, percent="15", items=["B-1", "MUG"], actor=staff.manager)
    assert changed.version == 3
    assert (changed.percent, changed.min_quantity) == (D(15), D(2))
    assert prices(staff, LineInput("A-1", D(2)), LineInput("MUG", D(2))) == [D(100), D("6.8")]
    with pytest.raises(StaleVersion) as stale:
        change_promotion("SPRING", version=2, percent="20", actor=staff.manager)
    assert stale.value.details["fields"] == {"percent": {"yours": "20", "now": "15"}}
    with pytest.raises(BadInput, match="The code of a promotion stays"):
        change_promotion("SPRING", version=3, code="SUMMER", actor=staff.manager)


def test_fewer_uses_than_are_held_are_refused(staff):
    promotion(staff, max_uses="5")
    prices(staff)
    prices(staff)
    with pytest.raises(BadInput, match="2 orders hold a use already"):
        change_promotion("SPRING", version=2, max_uses="1", actor=staff.manager)


def test_moves_of_a_promotion(staff):
    promotion(staff)
    with pytest.raises(IllegalMove, match="Promotion SPRING is published, not draft"):
        publish_promotion("SPRING", actor=staff.manager)
    end_promotion("SPRING", actor=staff.manager)
    with pytest.raises(IllegalMove, match="Promotion SPRING is ended, not published"):
        end_promotion("SPRING", actor=staff.manager)
    with pytest.raises(IllegalMove, match="was ended and stays as it was"):
        change_promotion("SPRING", version=3, percent="1", actor=staff.manager)
    with pytest.raises(NotFound):
        publish_promotion("NONE", actor=staff.manager)


def test_only_who_may_write_prices_makes_promotions(staff):
    for refused in (
        lambda: add_promotion(code="P", name="P", percent="5", actor=staff.sales),
        lambda: publish_promotion("P", actor=staff.warehouse),
        lambda: end_promotion("P", actor=staff.accountant),
        lambda: change_promotion("P", version=1, percent="9", actor=staff.sales),
    ):
        with pytest.raises(Forbidden):
            refused()
