"""Credit: what counts as exposure, when an order is held, and how long a release lasts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.factories import (
    Staff,
    make_company,
    make_confirmed_order,
    make_customer,
    make_item,
    make_posted_invoice,
    make_staff,
    make_user,
    noon,
    put_in_stock,
    ship,
)
from tests.support.scenes import scene
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.credit_control.rule import HoldReason
from webapp.domain.errors import BadInput, FourEyes, IllegalMove, OnHold
from webapp.domain.permissions import Role
from webapp.domain.states import CustomerStatus, HoldState, OrderState, ShipmentState
from webapp.models import CreditHold, Customer, Event, Order, Shipment
from webapp.queries.credit_control.exposure import standing_of
from webapp.services import credit
from webapp.services.approvals.deciding import approve_order
from webapp.services.company import today
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.line_edits import change_line
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_payment, reverse_payment
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

D = Decimal


@pytest.fixture
@scene
def staff(session) -> Staff:
    make_company()
    staff = make_staff()
    make_customer("ACME", credit_limit=D(1000))
    make_item("A-1", base_price=D(100))
    put_in_stock("A-1", 100, actor=staff.warehouse, unit_cost=D(60))
    return staff


def customer() -> Customer:
    return db.session.scalars(select(Customer)).one()


def reload(number: str) -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.order_number == number)).one()


def approved(quantity: int, staff: Staff) -> str:
    number = create_order(OrderInput("ACME", [LineInput("A-1", D(quantity))]), actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    approve_order(number, actor=staff.manager)
    return number


def hold_events() -> int:
    return db.session.scalar(select(func.count()).select_from(Event).where(~Event.is_main))


def lower_limit(limit: Decimal) -> None:
    with atomic():
        customer().credit_limit = limit


# -- exposure -------------------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_rule(staff):
    """Ordered 10 x 100, shipped 4, of these 3 billed and 100 paid: A 200, B 100, the order weighs 600."""
    number = make_confirmed_order({"A-1": 10}, staff)
    ship(number, staff, {1: 4})
    invoice = make_posted_invoice(number, staff, lines={1: D(3)})
    record_payment(invoice, D(100), "BANK_TRANSFER", "TXN1", staff.accountant)

    order = reload(number)
    exposure = standing_of(customer(), today(), excluding=order).exposure

    assert (exposure.outstanding_balance, exposure.open_orders) == (D(200), D(100))
    assert order.to_ship_amount == D(600)
    assert standing_of(customer(), today()).exposure.total == D(900)


def test_drafts_and_approved_orders_use_no_credit(staff):
    approved(5, staff)
    create_order(OrderInput("ACME", [LineInput("A-1", D(5))]), actor=staff.sales)

    assert standing_of(customer(), today()).exposure.total == 0


def test_a_held_order_uses_no_credit_until_it_is_released(staff):
    make_confirmed_order({"A-1": 6}, staff)
    number = approved(6, staff)
    assert confirm_order(number, actor=staff.sales).hold

    assert standing_of(customer(), today()).exposure.to_ship == D(600)

    credit_desk.release_hold(number, reason="Prepaid", actor=staff.manager)
    assert standing_of(customer(), today()).exposure.to_ship == D(1200)


@pytest.mark.parametrize(("limit", "quantity", "held"), [(None, 1000, False), (D(0), 1, True), (D(1000), 10, False)])
def test_no_limit_prepayment_only_and_exactly_the_limit(staff, limit, quantity, held):
    lower_limit(limit)

    assert bool(confirm_order(approved(quantity, staff), actor=staff.sales).hold) is held


def test_a_temporary_extra_counts_while_it_is_valid(staff):
    with atomic():
        acme = customer()
        acme.extra_credit_until, acme.extra_credit = today(), D(500)
    assert credit.check_credit_limit(customer(), D(1500)).approved

    with clock.set_to(clock.now() + timedelta(days=2)):
        assert not credit.check_credit_limit(customer(), D(1500)).approved


# -- holds -----------------------------------------------------------------------------------------------------------


def test_a_failed_check_holds_takes_nothing_and_writes_one_event_more(staff):
    number = approved(11, staff)
    before = db.session.scalar(select(func.count()).select_from(Event))

    outcome = confirm_order(number, actor=staff.sales)

    assert (outcome.hold.kind, outcome.hold.excess) == (HoldReason.LIMIT, D(100))
    assert reload(number).state is OrderState.APPROVED
    assert db.session.scalar(select(func.count()).select_from(Event)) == before + 2
    assert hold_events() == 1


def test_a_blocked_customer_is_held(staff):
    with atomic():
        customer().status = CustomerStatus.BLOCKED

    assert confirm_order(approved(1, staff), actor=staff.sales).hold.kind is HoldReason.BLOCKED


def test_an_overdue_customer_is_held_beyond_what_is_tolerated(staff):
    number = make_confirmed_order({"A-1": 2}, staff)
    ship(number, staff)
    make_posted_invoice(number, staff)
    with atomic():
        customer().tolerated_days = 5

    with clock.set_to(noon(days_ago=-35)):
        assert confirm_order(approved(1, staff), actor=staff.sales).hold is None
    with clock.set_to(noon(days_ago=-36)):
        assert confirm_order(approved(1, staff), actor=staff.sales).hold.kind is HoldReason.OVERDUE


def test_who_asked_or_triggered_the_hold_cannot_release_it(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.manager)

    with pytest.raises(FourEyes):
        credit_desk.release_hold(number, reason="Fine", actor=staff.manager)
    with pytest.raises(BadInput):
        credit_desk.release_hold(number, reason="  ", actor=staff.accountant)

    credit_desk.release_hold(number, reason="Fine", actor=staff.accountant)
    assert reload(number).state is OrderState.CONFIRMED


def test_a_rejected_hold_blocks_until_sales_amends(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)
    credit_desk.reject_hold(number, reason="No more credit", actor=staff.accountant)
    with pytest.raises(OnHold):
        confirm_order(number, actor=staff.sales)

    change_line(number, 1, quantity=D(9), actor=staff.sales)

    assert confirm_order(number, actor=staff.sales).hold is None


def test_a_hold_whose_order_was_made_smaller_ends_by_itself(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)

    change_line(number, 1, quantity=D(10), actor=staff.sales)

    hold = db.session.scalars(select(CreditHold)).one()
    assert (hold.state, hold.decided_by.is_system) == (HoldState.RELEASED, True)
    assert confirm_order(number, actor=staff.sales).hold is None


def test_a_release_lasts_until_the_order_grows_beyond_it(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)
    credit_desk.release_hold(number, reason="Fine", up_to_amount=D(1100), actor=staff.accountant)
    assert allocate_order(number, actor=staff.warehouse).hold is None

    change_line(number, 1, quantity=D(12), actor=staff.sales)

    holds = db.session.scalars(select(CreditHold).order_by(CreditHold.id)).all()
    assert [hold.state for hold in holds] == [HoldState.RELEASED, HoldState.OPEN]
    assert holds[0].release_end_reason == "The order grew beyond what was released."


def test_growth_of_other_orders_does_not_end_a_release(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)
    credit_desk.release_hold(number, reason="Fine", actor=staff.accountant)
    other = approved(1, staff)
    assert confirm_order(other, actor=staff.sales).hold

    assert allocate_order(number, actor=staff.warehouse).hold is None


def test_a_release_ends_on_its_day(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)
    credit_desk.release_hold(number, reason="Until tomorrow", until=today() + timedelta(days=1), actor=staff.accountant)

    with clock.set_to(clock.now() + timedelta(days=2)):
        assert allocate_order(number, actor=staff.warehouse).hold is not None


def test_a_release_for_one_step_serves_one_step(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)
    credit_desk.release_hold(number, reason="Only to confirm", single_step=True, actor=staff.accountant)

    assert reload(number).state is OrderState.CONFIRMED
    assert allocate_order(number, actor=staff.warehouse).hold is not None


def test_a_hold_by_hand_stops_a_confirmed_order(staff):
    number = make_confirmed_order({"A-1": 2}, staff)
    credit.apply_credit_hold(reload(number), "Dispute about the last delivery", staff.accountant)

    with pytest.raises(OnHold):
        allocate_order(number, actor=staff.warehouse)
    with pytest.raises(IllegalMove):
        credit_desk.hold_order(number, reason="Again", actor=staff.accountant)

    credit.release_credit_hold(reload(number), staff.manager, reason="Settled")
    assert allocate_order(number, actor=staff.warehouse).hold is None


def test_a_bounced_payment_holds_the_order_between_pack_and_ship(staff):
    paid = make_confirmed_order({"A-1": 8}, staff)
    ship(paid, staff)
    invoice = make_posted_invoice(paid, staff)
    payment = record_payment(invoice, D(800), "BANK_TRANSFER", "TXN1", staff.accountant)
    number = make_confirmed_order({"A-1": 5}, staff)
    allocate_order(number, actor=staff.warehouse)
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    shipping.pick_shipment(shipment.number, actor=staff.warehouse)
    shipping.pack_shipment(shipment.number, actor=staff.warehouse)

    reverse_payment(payment.number, reason="Bounced", actor=make_user(Role.ACCOUNTANT, "Berta Books"))

    assert reload(number).state is OrderState.CONFIRMED
    with pytest.raises(OnHold, match="Insufficient credit"):
        shipping.ship_shipment(shipment.number, actor=staff.warehouse)
    db.session.rollback()
    assert db.session.scalars(select(Shipment).where(Shipment.order_id == reload(number).id)).one().state is (
        ShipmentState.PACKED
    )


def test_a_cancelled_order_leaves_no_open_hold(staff):
    number = approved(11, staff)
    confirm_order(number, actor=staff.sales)

    order_flow.cancel_order(number, actor=staff.sales)

    assert db.session.scalars(select(CreditHold)).one().state is HoldState.REJECTED
