"""A line that earns less than its floor waits for a person who sees what things cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.entrances import let_policy_approve_everything, order_called
from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, put_in_stock
from tests.support.scenes import scene
from tests.support.statements import count_statements
from webapp.db import atomic, db
from webapp.domain.errors import Forbidden
from webapp.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from webapp.domain.states import OrderState
from webapp.models import Company, CustomerPrice, ExchangeRate, Order, User
from webapp.pages.orders.blockers import blockers_of
from webapp.pages.orders.deciders import order_deciders
from webapp.pages.orders.facts import facts_of
from webapp.pages.orders.page import order_page
from webapp.queries.approvals.margins import margins_of
from webapp.services.approvals.deciding import approve_order
from webapp.services.items.records import add_category, change_category, change_item
from webapp.services.order_steps.confirmation import place_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import ChargeInput, OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    """Everything sells at 100: GOOD costs 60, THIN 95, and nobody knows what NEW costs. The company's floor is 10."""
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=None)
    for sku in ("GOOD", "THIN", "NEW"):
        make_item(sku)
    put_in_stock("GOOD", 100, actor=staff.warehouse, unit_cost=D(60))
    put_in_stock("THIN", 100, actor=staff.warehouse, unit_cost=D(95))
    let_policy_approve_everything()
    set_floor(D(10))
    return staff


def set_floor(percent: Decimal | None) -> None:
    with atomic():
        db.session.get_one(Company, 1).margin_floor_percent = percent


def draft(staff: Staff, *skus: str, customer: str = "ACME", **head) -> str:
    return create_order(OrderInput(customer, [LineInput(sku, D(1)) for sku in skus], **head), actor=staff.sales).number


def placed(staff: Staff, *skus: str, **head) -> OrderState:
    return place_order(draft(staff, *skus, **head), actor=staff.sales).order.state


def told(number: str, **who) -> list[tuple[str, str]]:
    """The blockers about margins, with who resolves them."""
    order = order_called(number)
    return [(one.message, one.detail) for one in blockers_of(order, **who) if one.code == "below_margin_floor"]


def test_the_policy_leaves_a_line_below_the_floor_to_a_person(staff):
    assert placed(staff, "GOOD") is OrderState.CONFIRMED
    assert placed(staff, "GOOD", "THIN") is OrderState.SUBMITTED
    set_floor(D(5))
    assert placed(staff, "THIN") is OrderState.CONFIRMED
    set_floor(None)
    assert placed(staff, "THIN") is OrderState.CONFIRMED


def test_the_order_says_so_with_figures_only_to_who_sees_costs(staff):
    number = draft(staff, "GOOD", "THIN")
    place_order(number, actor=staff.sales)

    decides = "Steven Buchanan decides it by approving the order."
    assert told(number, sees_costs=True) == [
        ("Line 2 earns 5.0\N{NO-BREAK SPACE}%, below the floor of 10\N{NO-BREAK SPACE}%.", decides)
    ]
    assert told(number) == [("Line 2 is below the margin floor.", decides)]
    seen = {user: [one.message for one in order_page(number, user).blockers] for user in (staff.sales, staff.manager)}
    assert "Line 2 is below the margin floor." in seen[staff.sales]
    assert any("earns 5.0" in message for message in seen[staff.manager])

    approve_order(number, actor=staff.manager)
    assert told(number) == []


def test_the_nearest_category_that_sets_a_floor_goes_before_the_company(staff):
    add_category("Food", margin_floor="3", actor=staff.admin)
    add_category("Cheese", parent="Food", actor=staff.admin)
    change_item("THIN", version=1, category="Cheese", actor=staff.admin)
    assert placed(staff, "THIN") is OrderState.CONFIRMED

    change_category("Cheese", new_name="Cheese", parent="Food", margin_floor="50", actor=staff.admin)
    change_item("GOOD", version=1, category="Cheese", actor=staff.admin)
    assert placed(staff, "GOOD") is OrderState.SUBMITTED


def test_what_costs_nobody_knows_what_is_not_checked(staff):
    assert placed(staff, "NEW") is OrderState.CONFIRMED

    number = draft(staff, "NEW", "GOOD")
    unchecked = margins_of(order_called(number)).unchecked
    assert [one.line.line_number for one in unchecked] == [1]


@pytest.mark.parametrize("way", ["discount", "price", "order discount", "given away"])
def test_every_way_to_a_lower_net_counts(staff, way):
    """At 5 percent off, within the limit of sales, GOOD earns 36.8 percent."""
    set_floor(D(37))
    lines = {
        "discount": LineInput("GOOD", D(1), discount_percent=D(5)),
        "price": LineInput("GOOD", D(1), unit_price=D(95)),
        "order discount": LineInput("GOOD", D(1)),
        "given away": LineInput("GOOD", D(1), discount_percent=D(100)),
    }
    head = {"order_discount_percent": D(5)} if way == "order discount" else {}
    number = create_order(OrderInput("ACME", [lines[way]], **head), actor=staff.manager).number

    assert place_order(number, actor=staff.manager).order.state is OrderState.SUBMITTED
    earns = "nothing" if way == "given away" else "36.8\N{NO-BREAK SPACE}%"
    assert told(number, sees_costs=True)[0][0].startswith(f"Line 1 earns {earns}, below the floor")


def test_copies_quotes_and_amendments_are_held_to_it_as_well(staff):
    number = draft(staff, "THIN")
    place_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    copy = copy_order(number, actor=staff.colleague).number
    assert place_order(copy, actor=staff.colleague).order.state is OrderState.SUBMITTED

    confirmed = draft(staff, "GOOD")
    place_order(confirmed, actor=staff.sales)
    set_floor(D(37))
    change_line(confirmed, 1, discount_percent=D(5), actor=staff.sales)
    assert [request.state.value for request in order_called(confirmed).approvals if not request.policy] == ["OPEN"]
    assert len(told(confirmed)) == 1


def test_an_order_in_another_currency_counts_at_the_rate_of_its_date(staff):
    """120 dollars at 0.5 are 60 euros: what GOOD costs."""
    yank = make_customer("YANK", currency="USD", credit_limit=None)
    good = order_called(draft(staff, "GOOD")).lines[0].variant_id
    with atomic():
        db.session.add(CustomerPrice(customer_id=yank.id, variant_id=good, unit_price=D(120)))
    number = draft(staff, "GOOD", customer="YANK")
    assert margins_of(order_called(number)).unchecked  # without a rate nobody can compare

    with atomic():
        db.session.add(ExchangeRate(currency="USD", valid_from=date(2000, 1, 1), rate=D("0.5")))
    margins = margins_of(order_called(number))
    assert (margins.percent, margins.lines[0].percent, len(margins.below)) == (0, 0, 1)


def test_the_margin_of_an_order_is_after_its_discount_and_allowances_and_without_freight(staff):
    number = draft(staff, "GOOD", "GOOD", order_discount_percent=D(5))
    assert margins_of(order_called(number)).percent == D("36.8")

    change_order(number, HeadChange(charges=[ChargeInput("freight", D(50), "STD")]), actor=staff.sales)
    assert margins_of(order_called(number)).percent == D("36.8")
    change_order(number, HeadChange(charges=[ChargeInput("allowance", D(-40), "STD")]), actor=staff.sales)
    assert margins_of(order_called(number)).percent == D("20.0")  # 190 - 40 over 120


def test_such_an_order_is_approved_by_somebody_who_sees_costs(staff, monkeypatch):
    number = draft(staff, "THIN")
    place_order(number, actor=staff.sales)
    without = ROLE_PERMISSIONS[Role.SALES_MANAGER] - {Permission.COSTS_READ}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.SALES_MANAGER, without)

    assert order_deciders(facts_of(order_called(number))) == []
    with pytest.raises(Forbidden, match="costs:read"):
        approve_order(number, actor=staff.manager)

    monkeypatch.undo()
    names = [user.name for user in order_deciders(facts_of(order_called(number)))]
    assert names == [db.session.get_one(User, staff.manager.id).name]
    assert approve_order(number, actor=staff.manager).state is OrderState.APPROVED


def test_margins_of_many_lines_take_as_many_statements_as_of_one(staff):
    add_category("Food", margin_floor="3", actor=staff.admin)
    numbers = [draft(staff, *["GOOD"] * lines) for lines in (1, 30)]
    counts = []
    for number in numbers:
        order: Order = order_called(number)
        assert all(line.variant.sku for line in order.lines)
        assert order.charges == []
        counts.append(count_statements(lambda order=order: margins_of(order)))

    assert counts[0] == counts[1] <= 4
