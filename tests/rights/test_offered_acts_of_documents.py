"""Shipments and invoices: their pages offer an act exactly when its command allows it, in every state."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.rights.acts import Act, check
from tests.support.factories import (
    Staff,
    make_confirmed_order,
    make_desk,
    make_posted_invoice,
    make_shipped_order,
    ship,
)
from tests.support.scenes import scene
from webapp.db import db
from webapp.domain import clock
from webapp.models import Invoice, User
from webapp.services.credit_notes.notes import (
    draft_credit_note,
    post_credit_note,
)
from webapp.services.importing.opening_invoices import import_opening_invoice
from webapp.services.invoices.drafts import draft_invoice, validate_invoice, void_invoice
from webapp.services.invoices.posting import bill_order, post_invoice
from webapp.services.invoices.sending import send_invoice
from webapp.services.invoices.without_order import FreeInvoice, FreeLine, draft_free_invoice, redraft_free_invoice
from webapp.services.order_steps.credit_desk import hold_order
from webapp.services.payments.receiving import pay_invoice
from webapp.services.shipments import shipping
from webapp.services.shipments.returns import ReturnInput, receive_return
from webapp.services.stock.allocation import allocate_order

pytestmark = pytest.mark.engines("sqlite")

D = Decimal
# -- shipments ---------------------------------------------------------------------------------------------------------

SHIPMENT = "/shipments/{}"
SHIPMENT_ACTS = [
    Act("pick", SHIPMENT, ("/shipments/{}/picking",), lambda n, who: shipping.pick_shipment(n, actor=who)),
    Act("send at once", SHIPMENT, ("/shipments/{}/sending",), lambda n, who: shipping.send_shipment(n, actor=who)),
    Act("pack", SHIPMENT, ("/shipments/{}/packing",), lambda n, who: shipping.pack_shipment(n, actor=who)),
    Act("ship", SHIPMENT, ("/shipments/{}/departure",), lambda n, who: shipping.ship_shipment(n, actor=who)),
    Act("cancel", SHIPMENT, ("/shipments/{}/cancellation",), lambda n, who: shipping.cancel_shipment(n, actor=who)),
    Act(
        "take back",
        SHIPMENT,
        ("/shipments/{}/returns/new",),
        lambda n, who: receive_return(n, [ReturnInput(1, D(1))], reason="Broken", actor=who),
    ),
]


@scene
def shipments_in_every_state() -> tuple[Staff, dict[str, str]]:
    """A shipment in each state, on hold and not."""
    staff, found = make_desk(), {}
    steps = [shipping.pick_shipment, shipping.pack_shipment, shipping.ship_shipment]
    for held in ("", ", held"):
        for state, done in (("to pick", 0), ("picked", 1), ("packed", 2)):
            number = make_confirmed_order({"A-1": 2}, staff)
            allocate_order(number, actor=staff.warehouse)
            (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
            for step in steps[:done]:
                step(shipment.number, actor=staff.warehouse)
            if held:
                hold_order(number, reason="Ask me", actor=staff.accountant)
            found[state + held] = shipment.number
    found["shipped"] = ship(make_confirmed_order({"A-1": 2}, staff), staff)
    found["all came back"] = ship(make_confirmed_order({"A-1": 2}, staff), staff)
    receive_return(found["all came back"], [ReturnInput(1, D(2))], reason="Broken", actor=staff.warehouse)
    number = make_confirmed_order({"A-1": 2}, staff)
    allocate_order(number, actor=staff.warehouse)
    (shipment,) = shipping.create_shipments(number, actor=staff.warehouse)
    found["cancelled"] = shipping.cancel_shipment(shipment.number, actor=staff.warehouse).number
    return staff, found


def test_acts_of_shipments(browsers) -> None:
    staff, documents = shipments_in_every_state()
    check(SHIPMENT_ACTS, documents, browsers(staff))


# -- invoices ----------------------------------------------------------------------------------------------------------

DRAFT, INVOICE = "/invoices/drafts/{}", "/invoices/{}"


def _free(customer: str = "ACME") -> FreeInvoice:
    return FreeInvoice(customer, [FreeLine("Tasting", D(1), D(240), "VAT19")])


def _by_number(number: str) -> int:
    return db.session.scalars(select(Invoice.id).where(Invoice.invoice_number == number)).one()


DRAFT_ACTS = [
    Act("validate", DRAFT, ("/invoices/drafts/{}/validation",), lambda n, who: validate_invoice(int(n), actor=who)),
    Act("post", DRAFT, ("/invoices/drafts/{}/approval",), lambda n, who: post_invoice(int(n), actor=who)),
    Act("void", DRAFT, ("/invoices/drafts/{}/void",), lambda n, who: void_invoice(int(n), reason="No", actor=who)),
    Act(
        "edit the lines",
        DRAFT,
        ("/invoices/drafts/{}/lines",),
        lambda n, who: redraft_free_invoice(int(n), _free(), actor=who),
    ),
]
INVOICE_ACTS = [
    Act("send", INVOICE, ("/invoices/{}/sending",), lambda n, who: send_invoice(_by_number(n), actor=who)),
    Act(
        "record a payment",
        INVOICE,
        ("/invoices/{}/payments/new",),
        lambda n, who: pay_invoice(_by_number(n), D(1), "CASH", "", actor=who),
    ),
    Act(
        "credit it",
        INVOICE,
        ("/invoices/{}/credit-notes/new",),
        lambda n, who: draft_credit_note(n, reason="Broken", actor=who),
    ),
]


@scene
def invoices_in_every_state() -> tuple[Staff, dict[str, str], dict[str, str]]:
    """Drafts by their id, posted ones by their number."""
    staff = make_desk()
    drafts = {"draft": draft_invoice(make_shipped_order({"A-1": 2}, staff), actor=staff.accountant)}
    drafts["validated"] = draft_invoice(make_shipped_order({"A-1": 2}, staff), actor=staff.accountant)
    validate_invoice(drafts["validated"].id, actor=staff.accountant)
    drafts["free draft"] = draft_free_invoice(_free(), actor=staff.accountant)
    drafts["free, validated"] = draft_free_invoice(_free(), actor=staff.accountant)
    validate_invoice(drafts["free, validated"].id, actor=staff.accountant)
    drafts["void"] = draft_free_invoice(_free(), actor=staff.accountant)
    void_invoice(drafts["void"].id, reason="No", actor=staff.accountant)

    posted = {name: _posted(staff) for name in ("posted", "sent", "paid in part", "paid", "credited", "credit drafted")}
    send_invoice(posted["sent"].id, actor=staff.accountant)
    pay_invoice(posted["paid in part"].id, D(100), "CASH", "", actor=staff.accountant)
    pay_invoice(posted["paid"].id, posted["paid"].open_amount, "CASH", "", actor=staff.accountant)
    credit = draft_credit_note(posted["credited"].number, reason="Broken", actor=staff.accountant)
    post_credit_note(credit.id, actor=staff.second_accountant)
    draft_credit_note(posted["credit drafted"].number, reason="Broken", actor=staff.accountant)
    day = clock.today("Europe/Berlin") - timedelta(days=9)
    posted["of an old system"] = import_opening_invoice(
        "OLD-1", "ACME", issue_date=day, due_date=day, total="10", open_amount="10", actor=staff.admin
    )
    by_id = {name: str(one.id) for name, one in drafts.items()}
    return staff, by_id, {name: str(one.invoice_number) for name, one in posted.items()}


def _posted(staff: Staff):
    return make_posted_invoice(make_shipped_order({"A-1": 2}, staff), staff)


def test_acts_of_drafts_of_invoices(browsers) -> None:
    staff, drafts, _ = invoices_in_every_state()
    check(DRAFT_ACTS, drafts, browsers(staff))


def test_acts_of_posted_invoices(browsers) -> None:
    staff, _, posted = invoices_in_every_state()
    check(INVOICE_ACTS, posted, browsers(staff))


def _bill(number: str, who: User) -> object:
    return bill_order(number, total=D(238), actor=who)


def test_what_is_to_be_billed_is_billed_from_the_list(browsers) -> None:
    staff = make_desk()
    number = make_shipped_order({"A-1": 2}, staff)
    acts = [
        Act("draft", "/invoices/to-bill", ("/orders/{}/invoices",), lambda n, who: draft_invoice(n, actor=who)),
        Act("bill", "/invoices/to-bill", ("/orders/{}/billing",), _bill),
    ]  # fmt: skip
    check(acts, {"shipped": number}, browsers(staff))
