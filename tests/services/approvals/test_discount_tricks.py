"""No way round the discount limit by tricks: quantities, lists, touches of others, adding again, roundings.

Sales may give 5 percent, the manager 20; A-1 costs 100, from a hundred pieces on 80.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.entrances import (
    approve_all,
    assert_waits_for_a_maximum,
    draft,
    make_discount_desk,
    order_called,
    waiting_discounts,
)
from tests.support.factories import Staff, make_user
from tests.support.web import log_in, submit
from webapp.db import atomic, db
from webapp.domain.errors import Forbidden, FourEyes
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Customer, ListPrice, User, Variant
from webapp.services.approvals.deciding import approve_discount
from webapp.services.approvals.discount_limits import set_role_limit, set_user_limit
from webapp.services.items.records import add_category, change_item
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order, place_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.lines import LineInput
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    return make_discount_desk()


def test_a_typed_price_whose_rules_give_more_after_quantity_is_taken_off_loses_its_approval(staff):
    """72 off 80 for a hundred pieces is 10 percent; for ten pieces the rules give 100, and 72 is 28 percent off."""
    number = draft(staff, LineInput("A-1", D(100), unit_price=D(72)))
    place_order(number, actor=staff.sales)
    approve_all(number, staff)

    assert change_line(number, 1, quantity=D(10), actor=staff.sales).state is OrderState.DRAFT

    place_order(number, actor=staff.sales)
    assert waiting_discounts(number) == {1: 28}
    with pytest.raises(Forbidden):
        approve_discount(number, 1, actor=staff.manager)


def test_the_policy_does_not_stand_by_a_price_that_came_below_the_rules_later(staff):
    """80 is what the rules give for a hundred pieces, so the policy approves it; for 99 they give more than that."""
    with atomic():
        for row in db.session.scalars(db.select(ListPrice).where(ListPrice.min_quantity == 1)):
            row.unit_price = D(82)
    number = draft(staff, LineInput("A-1", D(100), unit_price=D(80)))
    assert order_flow.submit_order(number, actor=staff.sales).state is OrderState.APPROVED

    assert change_line(number, 1, quantity=D(99), actor=staff.sales).state is OrderState.DRAFT

    assert place_order(number, actor=staff.sales).order.state is OrderState.SUBMITTED


def test_taking_quantity_off_at_the_same_prices_keeps_the_approval(staff):
    number = draft(staff, LineInput("A-1", D(10), unit_price=D(88)))
    place_order(number, actor=staff.sales)
    approve_all(number, staff)
    assert confirm_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED

    change_line(number, 1, quantity=D(9), actor=staff.sales)

    assert waiting_discounts(number) == {}
    assert allocate_order(number, actor=staff.warehouse).hold is None


def test_another_price_list_between_entry_and_a_change(staff):
    """Without the list the rules give 100 for a hundred pieces; the typed price is measured by that once touched."""
    number = draft(staff, LineInput("A-1", D(100), unit_price=D(78)))
    with atomic():
        customer = db.session.scalars(db.select(Customer)).one()
        customer.price_list_id = None

    change_line(number, 1, quantity=D(101), actor=staff.sales)

    place_order(number, actor=staff.sales)
    assert waiting_discounts(number) == {1: 22}


def test_a_quantity_changed_by_somebody_with_a_lower_maximum(staff):
    number = create_order(OrderInput("ACME", [LineInput("B-1", D(5), discount_percent=D(12))]), actor=staff.manager)
    change_line(number.number, 1, quantity=D(6), actor=staff.sales)

    place_order(number.number, actor=staff.sales)

    assert waiting_discounts(number.number) == {1: 12}


@pytest.mark.parametrize("touch", ["notes", "line", "head form"])
def test_a_manager_who_touches_an_order_without_changing_a_discount_does_not_answer_for_it(app, staff, touch):
    number = draft(staff, LineInput("B-1", D(5), discount_percent=D(12)))
    if touch == "notes":
        change_order(number, HeadChange(notes="Ring the bell", order_discount_percent=D(0)), actor=staff.manager)
    elif touch == "line":
        change_line(number, 1, quantity=D(5), unit_price=D(50), discount_percent=D(12), actor=staff.manager)
    else:
        submit(log_in(app, staff.manager), f"/orders/{number}/head", {"version": "1", "notes": "Ring the bell"})

    place_order(number, actor=staff.sales)

    assert order_called(number).lines[0].entered_by_id == staff.sales.id
    assert waiting_discounts(number) == {1: 12}


def test_a_line_that_is_removed_and_added_again(staff):
    number = draft(staff, LineInput("B-1", D(1)), LineInput("A-1", D(5), discount_percent=D(12)))
    place_order(number, actor=staff.sales)
    assert approve_discount(number, 2, actor=staff.manager).state is OrderState.APPROVED
    remove_line(number, 2, actor=staff.sales)

    add_lines(number, [LineInput("A-1", D(5), discount_percent=D(12))], actor=staff.sales)

    assert order_called(number).state is OrderState.DRAFT
    assert_waits_for_a_maximum(number, {2: 12}, staff, sender=staff.sales)


def test_an_order_discount_of_a_manager_and_a_line_of_sales(staff):
    number = draft(staff)
    change_order(number, HeadChange(order_discount_percent=D(10)), actor=staff.manager)
    change_line(number, 1, discount_percent=D(5), actor=staff.sales)

    place_order(number, actor=staff.sales)

    assert waiting_discounts(number) == {1: D("14.5")}


def test_an_order_discount_of_sales_over_lines_of_a_manager(staff):
    number = create_order(OrderInput("ACME", [LineInput("B-1", D(5))]), actor=staff.manager).number
    change_order(number, HeadChange(order_discount_percent=D(12)), actor=staff.sales)

    place_order(number, actor=staff.sales)

    assert waiting_discounts(number) == {1: 12}


def test_a_hair_above_the_maximum_of_who_decides(staff):
    """20.0000333 percent reads as 20 when it is rounded, and is above the manager's 20 all the same."""
    with atomic():
        for row in db.session.scalars(db.select(ListPrice)):
            row.unit_price = D(300)
    number = draft(staff, LineInput("A-1", D(1), unit_price=D("239.9999")))
    place_order(number, actor=staff.sales)

    assert waiting_discounts(number) == {1: D("20.0001")}
    with pytest.raises(Forbidden):
        approve_discount(number, 1, actor=staff.manager)


def test_whoever_asked_does_not_come_to_decide_because_another_discount_was_approved(staff):
    boss = make_user(Role.SALES_MANAGER, "Andrew Fuller")
    given = OrderInput("ACME", [LineInput("A-1", D(1), discount_percent=D(12)), LineInput("B-1", D(1))])
    number = create_order(given, actor=staff.sales).number
    change_line(number, 2, discount_percent=D(25), actor=boss)
    raise_maximum(boss.email, D(30))
    order_flow.submit_order(number, actor=staff.sales)
    approve_discount(number, 1, actor=staff.manager)

    with pytest.raises(FourEyes):
        approve_discount(number, 2, actor=boss)


def raise_maximum(email: str, percent: Decimal) -> None:
    with atomic():
        db.session.scalars(db.select(User).where(User.email == email)).one().own_max_discount = percent


# -- limits by category -----------------------------------------------------------------------------------------------


def test_limits_of_categories_bind_who_enters_and_who_decides(staff):
    add_category("Drinks", actor=staff.admin)
    add_category("Tea", parent="Drinks", actor=staff.admin)
    variant = db.session.scalars(db.select(Variant).where(Variant.sku == "A-1")).one()
    change_item("A-1", version=variant.version, category="Tea", actor=staff.admin)
    set_role_limit("Drinks", "sales", "2", actor=staff.admin)
    set_role_limit("Drinks", "sales_manager", "3", actor=staff.admin)
    number = draft(staff, LineInput("A-1", D(1), discount_percent=D(4)), LineInput("B-1", D(1), discount_percent=D(4)))
    place_order(number, actor=staff.sales)

    assert waiting_discounts(number) == {1: 4}
    with pytest.raises(Forbidden, match="above the maximum of Steven Buchanan, 3 %"):
        approve_discount(number, 1, actor=staff.manager)

    set_user_limit(staff.manager.email, "Tea", "10", actor=staff.admin)
    assert approve_discount(number, 1, actor=staff.manager).state is OrderState.APPROVED
    (approval,) = [one for one in order_called(number).approvals if one.percent is not None]
    assert (approval.percent, approval.decider_limit) == (4, 10)
