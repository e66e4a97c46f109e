"""No way round the discount limit: whichever way a discount enters, it waits for somebody whose maximum covers it.

Sales may give 5 percent, the manager 20. Programs and files have tests of their own, beside those of API and commands.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.entrances import (
    approve_all,
    assert_waits_for_a_maximum,
    let_policy_approve_everything,
    order_called,
    waiting_discounts,
)
from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, make_user, put_in_stock
from tests.support.web import log_in, submit
from webapp.db import atomic, db
from webapp.domain.errors import Forbidden, FourEyes, IllegalMove
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Customer, ListPrice, Order, PriceList, UnitConversion, User, Variant
from webapp.services import order_entry, order_flow
from webapp.services.allocation import allocate_order
from webapp.services.approvals import approve_discount, approve_order, decline_discount, reject_order
from webapp.services.confirmation import confirm_order, place_order
from webapp.services.discount_limits import set_role_limit, set_user_limit
from webapp.services.importing.files import Task, import_file
from webapp.services.items import add_category, change_item
from webapp.services.order_copies import copy_order
from webapp.services.order_entry import OrderInput, change_line, change_order, create_order
from webapp.services.order_lines import LineInput

D = Decimal


@pytest.fixture
def staff(session) -> Staff:
    """A-1 costs 100 a piece and comes in cases of 24 as well; from 100 pieces on it costs 80 on the list RETAIL."""
    make_company()
    staff = make_staff()
    customer, variant = make_customer("ACME", credit_limit=None), make_item("A-1")
    make_item("B-1", base_price=D(50))
    put_in_stock("A-1", 500, actor=staff.warehouse)
    with atomic():
        db.session.add(UnitConversion(variant_id=variant.id, unit="case", factor=D(24)))
        retail = PriceList(code="RETAIL", name="Retail", currency="EUR")
        db.session.add(retail)
        db.session.flush()
        for least, price in ((1, 100), (100, 80)):
            row = {"price_list_id": retail.id, "variant_id": variant.id}
            db.session.add(ListPrice(**row, min_quantity=D(least), unit_price=D(price)))
        db.session.get_one(Customer, customer.id).price_list_id = retail.id
    let_policy_approve_everything()
    return staff


@pytest.fixture
def nancy(app, staff) -> FlaskClient:
    return log_in(app, staff.sales)


def draft(staff: Staff, *lines: LineInput, **head: Any) -> str:
    given = OrderInput("ACME", lines or [LineInput("A-1", D(1))], **head)
    return create_order(given, actor=staff.sales).number


def confirmed(staff: Staff, *lines: LineInput) -> str:
    number = draft(staff, *lines)
    assert place_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED
    return number


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


def raise_list_price(price: Decimal) -> None:
    with atomic():
        for row in db.session.scalars(db.select(ListPrice)):
            row.unit_price = price


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

    assert change_order(number, order_discount_percent=D(12), actor=staff.sales).state is OrderState.DRAFT

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


# -- tricks -----------------------------------------------------------------------------------------------------------


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
        change_order(number, notes="Ring the bell", order_discount_percent=D(0), actor=staff.manager)
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
    order_entry.remove_line(number, 2, actor=staff.sales)

    order_entry.add_lines(number, [LineInput("A-1", D(5), discount_percent=D(12))], actor=staff.sales)

    assert order_called(number).state is OrderState.DRAFT
    assert_waits_for_a_maximum(number, {2: 12}, staff, sender=staff.sales)


def test_an_order_discount_of_a_manager_and_a_line_of_sales(staff):
    number = draft(staff)
    change_order(number, order_discount_percent=D(10), actor=staff.manager)
    change_line(number, 1, discount_percent=D(5), actor=staff.sales)

    place_order(number, actor=staff.sales)

    assert waiting_discounts(number) == {1: D("14.5")}


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
