"""Charges and allowances of an order: entered, billed, and no way round the discount limit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.support.books import order_called
from tests.support.factories import make_desk, make_posted_invoice, make_user, ship
from webapp.db import atomic, db
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, NotFound, Refused, StaleVersion
from webapp.domain.permissions import Role
from webapp.domain.states import ApprovalState, OrderState
from webapp.models import Approval, ApprovalKind, ApprovalPolicy, Company, Event, InvoiceLine
from webapp.queries.approvals.facts import allowance_share
from webapp.queries.invariants import run_all
from webapp.services.approvals.deciding import approve_order
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice, void_invoice
from webapp.services.order_steps import moves as order_flow
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.orders.charge_edits import add_charge, change_charge, remove_charge
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import change_line, remove_line
from webapp.services.orders.lines import LineInput

D = Decimal
FREIGHT = ChargeInput("freight", D(10), "VAT19", "Freight")


@pytest.fixture
def staff(session):
    return make_desk()


def allowance(amount, reason="Late delivery"):
    return ChargeInput("allowance", -D(amount), "VAT19", reason)


def entered(staff, *charges, by=None, **head):
    """A draft over 10 of A-1 at 100."""
    given = OrderInput("ACME", [LineInput("A-1", D(10))], charges=charges, **head)
    return create_order(given, actor=by or staff.sales).number


def submitted(staff, *charges, **head):
    number = entered(staff, *charges, **head)
    order_flow.submit_order(number, actor=staff.sales)
    return number


def confirmed(staff, *charges, **head):
    number = submitted(staff, *charges, **head)
    approve_order(number, actor=staff.manager)
    confirm_order(number, actor=staff.sales)
    return number


def asked(number):
    """The discounts that wait, in percent by line."""
    order = order_called(number)
    waiting = select(Approval).where(
        Approval.order_id == order.id, Approval.state == ApprovalState.OPEN, Approval.kind == ApprovalKind.DISCOUNT
    )
    return {request.order_line.line_number: request.percent for request in db.session.scalars(waiting)}


def amounts(number):
    return [(charge.description, charge.amount) for charge in order_called(number).charges]


# -- entering -------------------------------------------------------------------------------------------------------


def test_charges_are_added_changed_and_taken_off_each_with_one_event(staff):
    number = entered(staff)
    events = db.session.scalar(select(func.count()).select_from(Event))

    add_charge(number, FREIGHT, actor=staff.sales)
    add_charge(number, allowance("20"), actor=staff.sales)
    freight, given = order_called(number).charges
    assert (order_called(number).net_total, order_called(number).total) == (990, D("1178.10"))

    change_charge(number, freight.id, ChargeInput("handling", D("12.50"), "VAT7", "Packing"), actor=staff.sales)
    assert amounts(number) == [("Packing", D("12.50")), ("Late delivery", -20)]
    assert (freight.id, freight.tax_percent, freight.total) == (order_called(number).charges[0].id, 7, D("13.38"))

    remove_charge(number, given.id, actor=staff.sales)
    assert amounts(number) == [("Packing", D("12.50"))]
    assert order_called(number).total == D("1203.38")
    assert db.session.scalar(select(func.count()).select_from(Event)) == events + 4


def test_what_cannot_be_is_refused(staff):
    number = entered(staff)
    version = order_called(number).version

    with pytest.raises(BadInput, match="An allowance needs a reason"):
        add_charge(number, allowance("5", reason=" "), actor=staff.sales)
    assert order_called(entered(staff, allowance("5", reason=""))).charges[0].description == "Allowance"
    with pytest.raises(Refused, match="its allowances are more than the rest"):
        add_charge(number, allowance("1000.01"), actor=staff.sales)
    with pytest.raises(BadInput, match="no tax code X"):
        add_charge(number, ChargeInput("freight", D(1), "X"), actor=staff.sales)
    with pytest.raises(NotFound, match="no charge 99"):
        remove_charge(number, 99, actor=staff.sales)
    with pytest.raises(BadInput, match="There is no charge 99 on this order"):
        change_order(number, HeadChange(charges=[ChargeInput("freight", D(1), "VAT19", id=99)]), actor=staff.sales)
    with pytest.raises(StaleVersion):
        add_charge(number, FREIGHT, version=version + 1, actor=staff.sales)
    with pytest.raises(Forbidden):
        add_charge(number, FREIGHT, actor=staff.warehouse)
    assert amounts(number) == []


def test_goods_taken_off_may_not_leave_less_than_nothing(staff):
    given = OrderInput("ACME", [LineInput("A-1", D(1)), LineInput("B-1", D(1))], charges=[allowance("50")])
    number = create_order(given, actor=staff.sales).number

    with pytest.raises(Refused, match="its allowances are more than the rest"):
        remove_line(number, 1, actor=staff.sales)

    assert len(order_called(number).lines) == 2


# -- billing --------------------------------------------------------------------------------------------------------


def test_they_are_billed_cumulatively_and_keep_what_was_billed(staff):
    number = confirmed(staff, FREIGHT, allowance("50"))
    ship(number, staff, {1: 4})
    first = make_posted_invoice(number, staff)
    freight, given = order_called(number).charges
    assert [line.net_amount for line in first.lines] == [400, 4, -20]

    with pytest.raises(IllegalMove, match=r"4\.00 of Freight are on invoices already"):
        change_charge(number, freight.id, ChargeInput("freight", D("3.99"), "VAT19", "Freight"), actor=staff.sales)
    with pytest.raises(IllegalMove, match=r"-20\.00 of Late delivery are on invoices already"):
        change_charge(number, given.id, allowance("19.99"), actor=staff.sales)
    with pytest.raises(IllegalMove, match="so its tax stays"):
        change_charge(number, freight.id, ChargeInput("freight", D(10), "VAT7", "Freight"), actor=staff.sales)
    with pytest.raises(IllegalMove, match=r"Freight of Order .* is on an invoice already"):
        remove_charge(number, freight.id, actor=staff.sales)
    change_charge(number, freight.id, ChargeInput("freight", D(4), "VAT19", "Freight"), actor=staff.sales)

    ship(number, staff, {1: 6})
    second = make_posted_invoice(number, staff)

    assert [line.net_amount for line in second.lines] == [600, -30]
    assert first.net_total + second.net_total == order_called(number).net_total == 954
    assert order_called(number).state is OrderState.CLOSED
    assert run_all() == []


def test_a_charge_on_a_draft_that_was_given_up_can_be_taken_off(staff):
    number = confirmed(staff, FREIGHT)
    ship(number, staff)
    draft = draft_invoice(number, actor=staff.accountant)
    void_invoice(draft.id, reason="Without freight", actor=staff.accountant)

    remove_charge(number, order_called(number).charges[0].id, actor=staff.sales)

    assert amounts(number) == []
    left = db.session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == draft.id, InvoiceLine.is_charge)
    ).one()
    assert left.order_charge_id is None
    assert make_posted_invoice(number, staff).net_total == 1000
    assert run_all() == []


def test_an_allowance_is_credited_with_its_goods(staff):
    number = confirmed(staff, allowance("50"))
    ship(number, staff)
    invoice = make_posted_invoice(number, staff)

    note = draft_credit_note(invoice.number, reason="All back", actor=staff.accountant)
    post_credit_note(note.id, actor=staff.second_accountant)

    assert (note.total, invoice.open_amount) == (invoice.total, 0)
    assert run_all() == []


# -- no way round the discount limit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "head", "percent"),
    [
        ([allowance("50")], {}, None),
        ([allowance("50.01")], {}, D("5.001")),
        ([allowance("30"), allowance("30")], {}, D(6)),
        ([allowance("100"), FREIGHT], {}, D(10)),
        ([allowance("30")], {"order_discount_percent": D(3)}, D(6)),
        ([allowance("20")], {"order_discount_percent": D(3)}, None),
        ([FREIGHT], {}, None),
    ],
)
def test_the_part_that_allowances_take_off_counts_as_a_discount(staff, given, head, percent):
    number = submitted(staff, *given, **head)

    assert asked(number) == ({} if percent is None else {1: percent})


def test_who_approves_has_a_maximum_that_covers_it(staff):
    number = submitted(staff, allowance("250"))
    with pytest.raises(Forbidden, match="above the maximum of Steven Buchanan, 20 %"):
        approve_order(number, actor=staff.manager)

    boss = make_user(Role.SALES_MANAGER, "Andrew Fuller", own_max_discount=D(25))
    approve_order(number, actor=boss)

    confirm_order(number, actor=staff.sales)
    assert order_called(number).state is OrderState.CONFIRMED
    assert run_all() == []


def test_the_policy_does_not_approve_it_by_itself(staff):
    with atomic():
        company = db.session.get_one(Company, 1)
        company.approval_policy, company.approval_policy_amount = ApprovalPolicy.UP_TO_AMOUNT, D(10**6)

    assert order_called(submitted(staff, allowance("50"))).state is OrderState.APPROVED
    assert order_called(submitted(staff, allowance("60"))).state is OrderState.SUBMITTED


def test_who_raises_an_allowance_answers_and_who_adds_freight_does_not(staff):
    number = entered(staff, allowance("150"), by=staff.manager)
    add_charge(number, FREIGHT, actor=staff.sales)
    assert order_called(number).lines[0].entered_by_id == staff.manager.id

    given = order_called(number).charges[0]
    change_charge(number, given.id, allowance("140"), actor=staff.sales)
    assert order_called(number).lines[0].entered_by_id == staff.manager.id
    change_charge(number, given.id, allowance("141"), actor=staff.sales)

    assert order_called(number).lines[0].entered_by_id == staff.sales.id
    order_flow.submit_order(number, actor=staff.sales)
    assert asked(number) == {1: D("14.1")}


def test_fewer_goods_under_the_same_allowance_are_asked_for(staff):
    given = OrderInput("ACME", [LineInput("A-1", D(10)), LineInput("B-1", D(100))], charges=[allowance("90")])
    number = create_order(given, actor=staff.sales).number
    order_flow.submit_order(number, actor=staff.sales)
    assert asked(number) == {}
    approve_order(number, actor=staff.manager)

    remove_line(number, 2, actor=staff.sales)

    assert order_called(number).state is OrderState.DRAFT
    order_flow.submit_order(number, actor=staff.sales)
    assert asked(number) == {1: D(9)}


def test_a_smaller_quantity_voids_what_was_approved_for_more(staff):
    number = submitted(staff, allowance("100"))
    approve_order(number, actor=staff.manager)

    change_line(number, 1, quantity=D(5), actor=staff.sales)

    assert order_called(number).state is OrderState.DRAFT
    with pytest.raises(IllegalMove):
        confirm_order(number, actor=staff.sales)
    order_flow.submit_order(number, actor=staff.sales)
    assert asked(number) == {1: D(20)}


def test_an_allowance_after_confirmation_waits_and_nothing_is_billed_before(staff):
    number = confirmed(staff)
    ship(number, staff, {1: 5})

    add_charge(number, allowance("80"), actor=staff.sales)

    assert asked(number) == {1: D(8)}
    with pytest.raises(IllegalMove):
        draft_invoice(number, actor=staff.accountant)
    approve_order(number, actor=staff.manager)
    assert draft_invoice(number, actor=staff.accountant).net_total == 460


def test_closing_the_rest_short_asks_for_the_larger_part(staff):
    number = confirmed(staff, allowance("50"))
    ship(number, staff, {1: 2})

    order_flow.short_close_line(number, 1, reason="No more wanted", actor=staff.sales)

    assert asked(number) == {1: D(25)}
    with pytest.raises(IllegalMove):
        draft_invoice(number, actor=staff.accountant)
    with pytest.raises(Forbidden, match="above the maximum"):
        approve_order(number, actor=staff.manager)
    approve_order(number, actor=make_user(Role.SALES_MANAGER, "Andrew Fuller", own_max_discount=D(30)))
    assert make_posted_invoice(number, staff).net_total == 150
    assert run_all() == []


def test_on_a_closed_order_what_was_billed_counts(staff):
    number = confirmed(staff, allowance("50"))
    ship(number, staff, {1: 4})
    make_posted_invoice(number, staff)

    order_flow.short_close_line(number, 1, reason="No more wanted", actor=staff.sales)

    order = order_called(number)
    assert (order.state, allowance_share(order), asked(number)) == (OrderState.CLOSED, 5, {})
    assert run_all() == []
