"""Approvals: four eyes, discount limits whichever way a price enters, what voids an approval, and the policy."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.factories import Staff, make_company, make_customer, make_item, make_staff, make_user
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, Forbidden, FourEyes, IllegalMove, NotFound, StaleVersion
from webapp.domain.permissions import Role
from webapp.domain.states import ApprovalState, OrderState
from webapp.models import Approval, ApprovalKind, ApprovalPolicy, Company, Order
from webapp.services.approvals.deciding import approve_discount, approve_order, decline_discount, reject_order
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.lines import LineInput

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    make_company()
    make_customer("ACME", credit_limit=None)
    make_item("A-1", base_price=D(100))
    make_item("B-1", base_price=D(50))
    return make_staff()


def reload(number: str) -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def submitted(staff: Staff, *lines: LineInput, **head: object) -> str:
    given = OrderInput("ACME", lines or [LineInput("A-1", D(10))], **head)
    number = create_order(given, actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    return number


def approved(staff: Staff, *lines: LineInput, **head: object) -> str:
    number = submitted(staff, *lines, **head)
    approve_order(number, actor=staff.manager)
    return number


def requests(number: str, state: ApprovalState = ApprovalState.OPEN) -> list[Approval]:
    order = reload(number)
    return [a for a in db.session.scalars(select(Approval).where(Approval.order_id == order.id)) if a.state is state]


def let_policy_approve(up_to: Decimal | None) -> None:
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, up_to


# -- four eyes ------------------------------------------------------------------------------------------------------


def test_who_edited_after_the_last_approval_cannot_approve(staff):
    boss = make_user(Role.SALES_MANAGER, "Andrew Fuller")
    number = approved(staff)
    change_line(number, 1, quantity=D(12), actor=boss)
    order_flow.submit_order(number, actor=staff.sales)

    with pytest.raises(FourEyes):
        approve_order(number, actor=boss)

    assert approve_order(number, actor=staff.manager).state is OrderState.APPROVED


def test_one_person_with_both_roles_cannot_approve_what_they_submitted(staff):
    both = make_user(Role.SALES, "Bo Both", Role.SALES_MANAGER)
    number = create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=both)

    with pytest.raises(FourEyes):
        approve_order(number, actor=both)


def test_sales_may_not_approve(staff):
    with pytest.raises(Forbidden):
        approve_order(submitted(staff), actor=staff.colleague)


def test_a_rejected_order_goes_back_to_draft_when_it_is_edited(staff):
    number = submitted(staff)
    assert reject_order(number, reason="Too cheap", actor=staff.manager).state is OrderState.REJECTED
    with pytest.raises(BadInput):
        reject_order(submitted(staff), reason=" ", actor=staff.manager)

    assert change_line(number, 1, quantity=D(5), actor=staff.sales).state is OrderState.DRAFT


def test_a_withdrawn_order_waits_for_nobody(staff):
    number = submitted(staff)

    assert order_flow.withdraw_order(number, actor=staff.sales).state is OrderState.DRAFT
    assert requests(number) == []


# -- discount limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "order_percent"),
    [
        (LineInput("A-1", D(1), discount_percent=D("5.01")), D(0)),
        (LineInput("A-1", D(1), unit_price=D("94.99")), D(0)),
        (LineInput("A-1", D(1), discount_percent=D(3)), D("2.1")),
        (LineInput("A-1", D(1), unit_price=D(97), discount_percent=D("2.1")), D(0)),
    ],
    ids=["line discount", "typed price", "with the order discount", "typed price and discount"],
)
def test_what_goes_beyond_the_makers_maximum_waits_for_a_manager(staff, line, order_percent):
    number = submitted(staff, line, order_discount_percent=order_percent)

    assert {request.kind for request in requests(number)} == {ApprovalKind.ORDER, ApprovalKind.DISCOUNT}


def test_a_discount_within_the_maximum_waits_for_nobody_of_its_own(staff):
    number = submitted(staff, LineInput("A-1", D(1), discount_percent=D(5)))

    assert [request.kind for request in requests(number)] == [ApprovalKind.ORDER]


def test_a_discount_is_approved_by_somebody_whose_maximum_covers_it(staff):
    number = submitted(staff, LineInput("A-1", D(1), discount_percent=D(25)))

    with pytest.raises(Forbidden, match="above the maximum of Steven Buchanan, 20 %"):
        approve_discount(number, 1, actor=staff.manager)
    with pytest.raises(Forbidden):
        approve_order(number, actor=staff.manager)

    boss = make_user(Role.SALES_MANAGER, "Andrew Fuller", own_max_discount=D(30))
    approve_discount(number, 1, actor=boss)
    assert approve_order(number, actor=staff.manager).state is OrderState.APPROVED


def test_who_comes_too_late_reads_who_decided(staff):
    number = submitted(staff, LineInput("A-1", D(1), discount_percent=D(15)))
    approve_discount(number, 1, actor=staff.manager)
    boss = make_user(Role.SALES_MANAGER, "Andrew Fuller", own_max_discount=D(30))

    with pytest.raises(NotFound, match=rf"waits for approval\. {staff.manager.name} has approved it\."):
        decline_discount(number, 1, reason="Margin", actor=boss)
    with pytest.raises(NotFound, match=r"waits for approval\.$"):
        approve_discount(number, 2, actor=boss)


def test_a_declined_discount_sends_the_order_back(staff):
    number = submitted(staff, LineInput("A-1", D(1), discount_percent=D(15)))

    assert decline_discount(number, 1, reason="Margin", actor=staff.manager).state is OrderState.REJECTED


def test_the_copy_of_an_order_asks_anew_for_its_discount(staff):
    number = approved(staff, LineInput("A-1", D(1), discount_percent=D(15)))

    copy = copy_order(number, actor=staff.colleague)
    order_flow.submit_order(copy.number, actor=staff.colleague)

    assert {request.kind for request in requests(copy.number)} == {ApprovalKind.ORDER, ApprovalKind.DISCOUNT}


# -- what voids an approval -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"quantity": D(11)}, {"unit_price": D(99)}, {"discount_percent": D(1)}],
    ids=["more", "cheaper", "higher discount"],
)
def test_an_edit_beyond_the_approval_sends_the_order_back(staff, change):
    number = approved(staff)

    order = change_line(number, 1, actor=staff.sales, **change)

    assert order.state is OrderState.DRAFT
    assert requests(number, ApprovalState.APPROVED) == []


def test_taking_quantity_off_keeps_the_approval(staff):
    number = approved(staff)

    assert change_line(number, 1, quantity=D(9), actor=staff.sales).state is OrderState.APPROVED
    assert confirm_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED


def test_an_amendment_of_a_confirmed_order_waits_without_leaving_confirmed(staff):
    number = approved(staff)
    confirm_order(number, actor=staff.sales)

    order = change_line(number, 1, quantity=D(20), actor=staff.sales)

    assert order.state is OrderState.CONFIRMED
    assert [request.kind for request in requests(number)] == [ApprovalKind.ORDER]
    approve_order(number, actor=staff.manager)
    assert requests(number) == []


def test_an_amendment_above_the_discount_limit_asks_for_the_discount_too(staff):
    number = approved(staff)
    confirm_order(number, actor=staff.sales)

    change_line(number, 1, discount_percent=D(12), actor=staff.sales)

    assert {request.kind for request in requests(number)} == {ApprovalKind.ORDER, ApprovalKind.DISCOUNT}


# -- the policy -----------------------------------------------------------------------------------------------------


def test_the_policy_approves_within_every_limit(staff):
    let_policy_approve(D(5000))

    order = reload(submitted(staff))

    assert order.state is OrderState.APPROVED
    (approval,) = requests(order.number, ApprovalState.APPROVED)
    assert approval.decided_by is None
    assert approval.policy == "Orders up to 5000.00 EUR, version 1"


@pytest.mark.parametrize(
    "line",
    [
        LineInput("A-1", D(51)),
        LineInput("A-1", D(1), unit_price=D(99)),
        LineInput("A-1", D(1), discount_percent=D(6)),
    ],
    ids=["too large", "typed below", "discount"],
)
def test_the_policy_leaves_the_rest_to_people(staff, line):
    let_policy_approve(D(5000))

    assert reload(submitted(staff, line)).state is OrderState.SUBMITTED


def test_the_policy_finishes_once_the_discount_is_approved(staff):
    let_policy_approve(D(5000))
    number = submitted(staff, LineInput("A-1", D(1), discount_percent=D(15)))

    assert approve_discount(number, 1, actor=staff.manager).state is OrderState.APPROVED


# -- entry ------------------------------------------------------------------------------------------------------------


def test_a_stale_form_changes_nothing(staff):
    order = create_order(OrderInput("ACME", [LineInput("A-1", D(1))]), actor=staff.sales)
    number, version = order.number, order.version
    add_lines(number, [LineInput("B-1", D(1))], version=version, actor=staff.colleague)

    with pytest.raises(StaleVersion):
        change_line(number, 1, quantity=D(2), version=version, actor=staff.sales)

    assert reload(number).lines[0].quantity == 1


def test_every_wrong_line_is_named_at_once(staff):
    with pytest.raises(BadInput) as refusal:
        create_order(OrderInput("ACME", [LineInput("X-1", D(1)), LineInput("A-1", D("0.5"))]), actor=staff.sales)

    assert set(refusal.value.details) == {"lines.0.sku", "lines.1.quantity"}


def test_a_confirmed_line_is_not_removed_but_closed_short(staff):
    number = approved(staff)
    confirm_order(number, actor=staff.sales)
    with pytest.raises(IllegalMove):
        remove_line(number, 1, actor=staff.sales)

    order = order_flow.short_close_line(number, 1, reason="Discontinued", actor=staff.sales)

    assert order.lines[0].cancelled_qty == 10
    assert order.state is OrderState.CLOSED


def test_a_quote_becomes_an_order_under_the_same_id_with_its_prices(staff):
    quote = create_order(OrderInput("ACME", [LineInput("A-1", D(1))], as_quote=True), actor=staff.sales)
    quote_id, quote_number = quote.id, quote.quote_number
    with atomic():
        db.session.get_one(Order, quote_id).lines[0].variant.base_price = D(200)

    order = order_flow.accept_quote(quote_number, actor=staff.sales)

    assert (order.id, order.quote_number, order.lines[0].unit_price) == (quote_id, quote_number, D(100))
    assert order.order_number.startswith("SO-")
