"""The page of an order offers an act exactly when its command would do it: every act, role and state."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from tests.rights.acts import IDLE, Act, disagreements
from tests.support.factories import (
    Staff,
    make_confirmed_order,
    make_customer,
    make_desk,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    make_user,
    put_in_stock,
    ship,
)
from tests.support.scenes import scene
from tests.support.web import log_in
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.permissions import Role
from webapp.domain.states import OrderState
from webapp.models import Order, User
from webapp.services.approvals.deciding import approve_discount, approve_order, decline_discount, reject_order
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice, prepare_invoice
from webapp.services.invoices.price_corrections import correct_price
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.credit_desk import hold_order, reject_hold, release_hold
from webapp.services.order_steps.moves import (
    accept_quote,
    cancel_order,
    comment_on_order,
    revise_quote,
    short_close_line,
    submit_order,
    withdraw_order,
)
from webapp.services.orders.charge_edits import add_charge
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.copies import copy_order
from webapp.services.orders.coupons import enter_coupon
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.head import HeadChange, change_order
from webapp.services.orders.line_edits import add_lines, change_line, remove_line
from webapp.services.orders.lines import LineInput
from webapp.services.promotions.authoring import launch_promotion
from webapp.services.shipments import shipping
from webapp.services.shipments.shipping import create_shipments, send_order
from webapp.services.stock.allocation import allocate_order, release_order_allocation

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
ORDER, DISCOUNT, HOLD, ASKED = "/orders/{}", "/approvals/discounts/{}/1", "/approvals/holds/{}", "/approvals/orders/{}"


def _confirm(number: str, who: User) -> object:
    """Confirming what is confirmed answers the order and changes nothing."""
    is_confirmed = db.session.query(Order.state).filter_by(order_number=number).scalar() is OrderState.CONFIRMED
    return IDLE if is_confirmed else confirm_order(number, actor=who)


def _release(number: str, who: User) -> object:
    return release_order_allocation(number, actor=who) or IDLE


def _change_head(number: str, who: User) -> object:
    return change_order(number, HeadChange(notes="Ring the bell"), actor=who)


def _allocate(number: str, who: User) -> object:
    outcome = allocate_order(number, actor=who)
    return IDLE if outcome.message == "Inventory already allocated" else outcome


ACTS = [
    Act("submit", ORDER, ("/orders/{}/submission", "/orders/{}/placement"), lambda n, who: submit_order(n, actor=who)),
    Act("withdraw", ORDER, ("/orders/{}/submission/withdrawal",), lambda n, who: withdraw_order(n, actor=who)),
    Act("approve", ORDER, ("/orders/{}/approval",), lambda n, who: approve_order(n, actor=who)),
    Act("approve in the inbox", ASKED, ("/orders/{}/approval",), lambda n, who: approve_order(n, actor=who)),
    Act("reject", ASKED, ("/orders/{}/rejection",), lambda n, who: reject_order(n, reason="No", actor=who)),
    Act("confirm", ORDER, ("/orders/{}/confirmation",), _confirm),
    Act("cancel", ORDER, ("/orders/{}/cancellation",), lambda n, who: cancel_order(n, actor=who)),
    Act("hold", ORDER, ("/orders/{}/hold",), lambda n, who: hold_order(n, reason="No", actor=who)),
    Act("release the hold", HOLD, ("/orders/{}/hold/release",), lambda n, who: release_hold(n, reason="Ok", actor=who)),
    Act("reject the hold", HOLD, ("/orders/{}/hold/rejection",), lambda n, who: reject_hold(n, reason="No", actor=who)),
    Act("allocate", ORDER, ("/orders/{}/allocation",), _allocate),
    Act("release", ORDER, ("/orders/{}/allocation/release",), _release),
    Act("make a shipment", ORDER, ("/orders/{}/shipments",), lambda n, who: create_shipments(n, actor=who)),
    Act("send at once", ORDER, ("/orders/{}/departure",), lambda n, who: send_order(n, actor=who)),
    Act("bill", ORDER, ("/orders/{}/invoices",), lambda n, who: prepare_invoice(n, actor=who)),
    Act("change the head", ORDER, ("/orders/{}/head",), _change_head),
    Act("enter a coupon", ORDER, ("/orders/{}/coupons",), lambda n, who: enter_coupon(n, "SPRING10", actor=who)),
    Act(
        "add a charge", ORDER, ("/orders/{}/charges",),
        lambda n, who: add_charge(n, ChargeInput("freight", D(1), "VAT19"), actor=who),
    ),
    Act("add a line", ORDER, ("/orders/{}/lines",), lambda n, who: add_lines(n, [LineInput("A-1", D(1))], actor=who)),
    Act("change line 1", ORDER, ("/orders/{}/lines/1",), lambda n, who: change_line(n, 1, unit_price=D(99), actor=who)),
    Act("remove line 1", ORDER, ("/orders/{}/lines/1/removal",), lambda n, who: remove_line(n, 1, actor=who)),
    Act(
        "close line 1 short", ORDER, ("/orders/{}/lines/1/short-close",),
        lambda n, who: short_close_line(n, 1, reason="No", actor=who),
    ),
    Act(
        "approve the discount", DISCOUNT, ("/orders/{}/lines/1/discount-approval",),
        lambda n, who: approve_discount(n, 1, actor=who),
    ),
    Act(
        "decline the discount", DISCOUNT, ("/orders/{}/lines/1/discount-rejection",),
        lambda n, who: decline_discount(n, 1, reason="No", actor=who),
    ),
    Act("correct the price", ORDER, ("/orders/{}/price-corrections/new",),
        lambda n, who: correct_price(n, 1, D(90), reason="As agreed", actor=who)),
    Act("accept the quote", ORDER, ("/quotes/{}/acceptance",), lambda n, who: accept_quote(n, actor=who)),
    Act("revise the quote", ORDER, ("/quotes/{}/revision",), lambda n, who: revise_quote(n, valid_days=30, actor=who)),
    Act("copy", ORDER, ("/orders/{}/copy",), lambda n, who: copy_order(n, actor=who)),
    Act("comment", ORDER, ("/orders/{}/comments",), lambda n, who: comment_on_order(n, "Note", actor=who)),
]  # fmt: skip


@scene
def orders_in_every_state() -> tuple[Staff, dict[str, str]]:
    """An order for each state and each thing that may stand in its way."""
    staff = make_desk()
    make_customer("TIGHT", credit_limit=D(100))
    make_item("RARE", base_price=D(10))
    put_in_stock("RARE", 3, actor=staff.warehouse)
    launch_promotion(code="SPRING", name="Spring", percent="10", items="A-1", coupon="SPRING10", actor=staff.manager)
    return staff, _before_confirmation(staff) | _held(staff) | _confirmed(staff) | _shipped(staff) | _ended(staff)


def _entered(staff: Staff, *lines: LineInput, customer: str = "ACME", **more) -> str:
    given = lines or (LineInput("A-1", D(2)),)
    return create_order(OrderInput(customer, list(given), **more), actor=staff.sales).number


def _submitted(staff: Staff, *lines: LineInput, **more) -> str:
    number = _entered(staff, *lines, **more)
    submit_order(number, actor=staff.sales)
    return number


def _approved(staff: Staff, **more) -> str:
    number = _submitted(staff, **more)
    approve_order(number, actor=staff.manager)
    return number


def _before_confirmation(staff: Staff) -> dict[str, str]:
    far_beyond = LineInput("A-1", D(2), discount_percent=D(40))
    expired = _entered(staff, as_quote=True)
    with atomic():
        quote = db.session.query(Order).filter_by(quote_number=expired).one()
        quote.valid_until = clock.today("Europe/Berlin") - timedelta(days=1)
    empty = create_order(OrderInput("ACME", []), actor=staff.sales).number
    cheap = LineInput("A-1", D(2), discount_percent=D(12))
    rejected = _submitted(staff)
    reject_order(rejected, reason="No", actor=staff.manager)
    declined = _submitted(staff, cheap)
    decline_discount(declined, 1, reason="No", actor=staff.manager)
    return {
        "quote": _entered(staff, as_quote=True),
        "expired quote": expired,
        "empty draft": empty,
        "draft": _entered(staff),
        "draft with a discount beyond": _entered(staff, cheap),
        "submitted": _submitted(staff),
        "submitted with a discount": _submitted(staff, cheap),
        "submitted with a discount beyond the manager": _submitted(staff, far_beyond),
        "rejected": rejected,
        "declined": declined,
        "approved": _approved(staff),
    }  # fmt: skip


def _held(staff: Staff) -> dict[str, str]:
    by_check = _approved(staff, customer="TIGHT")
    assert confirm_order(by_check, actor=staff.sales).hold
    by_hand = _approved(staff)
    hold_order(by_hand, reason="Ask me", actor=staff.manager)
    refused = _approved(staff, customer="TIGHT")
    confirm_order(refused, actor=staff.sales)
    reject_hold(refused, reason="No", actor=staff.manager)
    confirmed = make_confirmed_order({"A-1": 2}, staff)
    hold_order(confirmed, reason="Ask me", actor=staff.manager)
    allocated = make_confirmed_order({"A-1": 2}, staff)
    allocate_order(allocated, actor=staff.warehouse)
    hold_order(allocated, reason="Ask me", actor=staff.accountant)
    return {
        "approved, held by the check": by_check,
        "approved, held by hand": by_hand,
        "approved, credit refused": refused,
        "confirmed, held by hand": confirmed,
        "allocated, held by hand": allocated,
    }


def _confirmed(staff: Staff) -> dict[str, str]:
    amended = make_confirmed_order({"A-1": 2}, staff)
    change_line(amended, 1, quantity=D(5), actor=staff.sales)
    refused = make_confirmed_order({"A-1": 2}, staff)
    change_line(refused, 1, quantity=D(5), actor=staff.sales)
    reject_order(refused, reason="No", actor=staff.manager)
    allocated = make_confirmed_order({"A-1": 2}, staff)
    allocate_order(allocated, actor=staff.warehouse)
    part = make_confirmed_order({"RARE": 5}, staff)
    allocate_order(part, actor=staff.warehouse)
    documents = {
        "confirmed": make_confirmed_order({"A-1": 2, "B-1": 1}, staff),
        "confirmed, change waits": amended,
        "confirmed, change declined": refused,
        "allocated": allocated,
        "allocated in part": part,
        "nothing free": make_confirmed_order({"RARE": 5}, staff),
    }
    steps = [shipping.pick_shipment, shipping.pack_shipment]
    for name, done in (("on a shipment", 0), ("picked", 1), ("packed", 2)):
        number = make_confirmed_order({"A-1": 2}, staff)
        allocate_order(number, actor=staff.warehouse)
        (shipment,) = create_shipments(number, actor=staff.warehouse)
        for step in steps[:done]:
            step(shipment.number, actor=staff.warehouse)
        documents[name] = number
    return documents


def _shipped(staff: Staff) -> dict[str, str]:
    part = make_confirmed_order({"A-1": 4}, staff)
    ship(part, staff, {1: 2})
    drafted = make_shipped_order({"A-1": 2}, staff)
    draft_invoice(drafted, actor=staff.accountant)
    waits = make_shipped_order({"A-1": 2}, staff)
    change_order(waits, HeadChange(order_discount_percent=D(9)), actor=staff.sales)
    return {
        "shipped in part": part,
        "shipped": make_shipped_order({"A-1": 2}, staff),
        "shipped, draft invoice": drafted,
        "shipped, change waits": waits,
    }


def _ended(staff: Staff) -> dict[str, str]:
    closed = make_shipped_order({"A-1": 2}, staff)
    make_posted_invoice(closed, staff)
    again = make_shipped_order({"A-1": 2}, staff)
    invoice = make_posted_invoice(again, staff)
    note = draft_credit_note(invoice.number, reason="Too dear", rebill=True, actor=staff.accountant)
    post_credit_note(note.id, actor=staff.second_accountant)
    cancelled = _entered(staff)
    cancel_order(cancelled, actor=staff.sales)
    return {"closed": closed, "closed, to bill again": again, "cancelled": cancelled}


def test_an_act_is_offered_exactly_when_its_command_allows_it(app: Flask, session) -> None:
    staff, documents = orders_in_every_state()
    people = {
        "sales who entered it": staff.sales,
        "another of sales": staff.colleague,
        "manager": staff.manager,
        "second manager": make_user(Role.SALES_MANAGER, "Laura Callahan"),
        "warehouse": staff.warehouse,
        "accountant": staff.accountant,
        "admin": staff.admin,
        "everything": make_user(Role.SALES, "Eve Allen", *(role for role in Role if role is not Role.SALES)),
    }
    browsers = {role: (user, log_in(app, user)) for role, user in people.items()}
    wrong = disagreements(ACTS, documents, browsers)
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong)
