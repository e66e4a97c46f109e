"""What every entrance of a discount is held to: above the limit it waits for somebody whose maximum covers it.

The company's policy approves any order by itself, so that nothing but the discount is in the way; only a price typed
below that of the rules needs a person for the order as well.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.factories import (
    Staff,
    make_company,
    make_customer,
    make_item,
    make_staff,
    make_user,
    put_in_stock,
)
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain.errors import Forbidden, IllegalMove
from webapp.domain.permissions import Role
from webapp.domain.states import ApprovalState, OrderState
from webapp.models import (
    Approval,
    ApprovalKind,
    ApprovalPolicy,
    Company,
    Customer,
    ListPrice,
    Order,
    PriceList,
    UnitConversion,
    User,
)  # fmt: skip
from webapp.services.approvals.deciding import approve_discount, approve_order
from webapp.services.order_steps.confirmation import confirm_order, place_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput

TOO_LITTLE = Decimal(10)


def let_policy_approve_everything() -> None:
    """Orders within every limit approve themselves, whatever they come to."""
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, None


def order_called(number: str) -> Order:
    """The order as it is stored now."""
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def waiting_discounts(number: str) -> dict[int, Decimal]:
    """By line number the percentages that wait for a decision."""
    order = order_called(number)
    asked = (Approval.order_id == order.id, Approval.kind == ApprovalKind.DISCOUNT)
    requests = db.session.scalars(select(Approval).where(*asked, Approval.state == ApprovalState.OPEN))
    return {request.order_line.line_number: request.percent or Decimal(0) for request in requests if request.order_line}


def assert_waits_for_a_maximum(number: str, percents: dict[int, int], staff: Staff, *, sender: User) -> None:
    """A draft over the limit cannot be confirmed by who entered it nor decided by a manager who may give too little;
    the manager who may give as much decides, and then it is confirmed."""
    outcome = place_order(number, actor=sender)
    assert outcome.order.state is OrderState.SUBMITTED
    assert waiting_discounts(number) == percents
    with pytest.raises(IllegalMove):
        confirm_order(number, actor=sender)
    small = make_user(Role.SALES_MANAGER, "Sam Small", own_max_discount=TOO_LITTLE)
    for line_number in percents:
        with pytest.raises(Forbidden, match="above the maximum of Sam Small, 10 %"):
            approve_discount(number, line_number, actor=small)
    approve_all(number, staff)
    assert confirm_order(number, actor=sender).order.state is OrderState.CONFIRMED


def approve_all(number: str, staff: Staff) -> None:
    """The manager approves each discount, then the order where the policy left it to a person."""
    for line_number in waiting_discounts(number):
        approve_discount(number, line_number, actor=staff.manager)
    if any(request.state is ApprovalState.OPEN for request in order_called(number).approvals):
        approve_order(number, actor=staff.manager)


@scene
def make_discount_desk() -> Staff:
    """A-1 costs 100 a piece and comes in cases of 24 as well; from 100 pieces on it costs 80 on the list RETAIL."""
    make_company()
    staff = make_staff()
    customer, variant = make_customer("ACME", credit_limit=None), make_item("A-1")
    make_item("B-1", base_price=Decimal(50))
    put_in_stock("A-1", 500, actor=staff.warehouse)
    with atomic():
        db.session.add(UnitConversion(variant_id=variant.id, unit="case", factor=Decimal(24)))
        retail = PriceList(code="RETAIL", name="Retail", currency="EUR")
        db.session.add(retail)
        db.session.flush()
        for least, price in ((1, 100), (100, 80)):
            row = {"price_list_id": retail.id, "variant_id": variant.id}
            db.session.add(ListPrice(**row, min_quantity=Decimal(least), unit_price=Decimal(price)))
        db.session.get_one(Customer, customer.id).price_list_id = retail.id
    let_policy_approve_everything()
    return staff


def draft(staff: Staff, *lines: LineInput, **head: Any) -> str:
    given = OrderInput("ACME", lines or [LineInput("A-1", Decimal(1))], **head)
    return create_order(given, actor=staff.sales).number


def confirmed(staff: Staff, *lines: LineInput) -> str:
    number = draft(staff, *lines)
    assert place_order(number, actor=staff.sales).order.state is OrderState.CONFIRMED
    return number


def raise_list_price(price: Decimal) -> None:
    with atomic():
        for row in db.session.scalars(db.select(ListPrice)):
            row.unit_price = price
