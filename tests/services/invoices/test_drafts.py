"""Drafting invoices: what may be billed, at which amounts, and what giving a draft up does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.support.books import events_on, order_called
from tests.support.factories import make_confirmed_order, make_shipped_order, ship
from webapp.db import atomic, db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Forbidden, IllegalMove, Refused, StaleVersion
from webapp.domain.states import InvoiceState, OrderState
from webapp.models import Invoice, TaxCode, TaxRate
from webapp.services.invoices.drafts import draft_invoice, redraft_invoice, validate_invoice, void_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.orders.entry import ChargeInput
from webapp.services.shipments.returns import ReturnInput, receive_return

D = Decimal


def posted(order_number, staff, lines=None) -> Invoice:
    draft = draft_invoice(order_number, lines=lines, actor=staff.accountant)
    validate_invoice(draft.id, actor=staff.accountant)
    return post_invoice(draft.id, actor=staff.accountant)


def test_a_draft_takes_what_was_shipped_and_totals_it_by_rate(staff):
    number = make_shipped_order({"A-1": 3, "B-1": 7}, staff)

    draft = draft_invoice(number, actor=staff.accountant)

    line = order_called(number).lines[0]
    assert (line.drafted_qty, line.invoiced_qty) == (3, 0)
    assert [(one.sku, one.quantity, one.net_amount) for one in draft.lines] == [("A-1", 3, 300), ("B-1", 7, D("69.93"))]
    assert {(tax.percent, tax.net_amount, tax.tax_amount) for tax in draft.taxes} == {
        (19, 300, 57),
        (7, D("69.93"), D("4.90")),
    }
    assert (draft.net_total, draft.tax_total, draft.total) == (D("369.93"), D("61.90"), D("431.83"))
    assert (draft.state, draft.number) == (InvoiceState.DRAFT, f"draft {draft.id}")
    assert draft.delivery_date == date(2026, 5, 4)
    assert events_on(draft) == [Action.INVOICE_DRAFTED]


def test_nothing_is_billed_twice(staff):
    number = make_shipped_order({"A-1": 10}, staff)
    first = draft_invoice(number, lines={1: D(4)}, actor=staff.accountant)
    second = draft_invoice(number, actor=staff.accountant)

    assert (first.lines[0].quantity, second.lines[0].quantity) == (4, 6)
    with pytest.raises(Refused, match="has nothing left to bill"):
        draft_invoice(number, actor=staff.accountant)


@pytest.mark.parametrize(
    ("lines", "refusal", "sentence"),
    [
        ({1: D(11)}, Refused, "Line 1: 10 pcs are to be billed, not 11."),
        ({2: D(1)}, BadInput, "has no line 2"),
        ({1: D(0)}, BadInput, "must be more than 0"),
        ({1: D("NaN")}, BadInput, "must be a number"),
    ],
)
def test_a_draft_takes_no_more_than_was_delivered(staff, lines, refusal, sentence):
    number = make_shipped_order({"A-1": 10}, staff)

    with pytest.raises(refusal, match=sentence):
        draft_invoice(number, lines=lines, actor=staff.accountant)

    assert order_called(number).lines[0].drafted_qty == 0


def test_what_was_not_shipped_is_not_billed(staff):
    number = make_confirmed_order({"A-1": 10}, staff)

    with pytest.raises(Refused, match="nothing left to bill"):
        draft_invoice(number, actor=staff.accountant)


def test_sales_may_not_bill(staff):
    number = make_shipped_order({"A-1": 1}, staff)

    with pytest.raises(Forbidden):
        draft_invoice(number, actor=staff.sales)


def test_freight_and_discount_over_several_invoices_come_to_the_agreed_amounts(staff):
    freight = ChargeInput("FREIGHT", D("10.00"), "VAT19", "Freight")
    number = make_confirmed_order({"A-1": 3}, staff, charges=[freight], order_discount_percent=D(5))
    totals = []
    for _ in range(3):
        ship(number, staff, {1: 1})
        invoice = posted(number, staff)
        totals.append((invoice.lines[1].net_amount, invoice.lines[0].order_discount_share, invoice.net_total))

    assert [charged for charged, _, _ in totals] == [D("3.33"), D("3.34"), D("3.33")]
    assert [share for _, share, _ in totals] == [5, 5, 5]
    order = order_called(number)
    assert order.charges[0].invoiced_amount == 10
    assert sum(net for _, _, net in totals) == order.net_total == 295
    assert (order.state, order.to_bill_amount) == (OrderState.CLOSED, 0)


def test_the_rate_is_that_of_the_day_the_goods_left(staff):
    number = make_confirmed_order({"A-1": 10}, staff)
    ship(number, staff, {1: 4})
    with atomic():
        code = db.session.scalars(select(TaxCode).where(TaxCode.code == "VAT19")).one()
        code.rates.append(TaxRate(valid_from=date(2026, 5, 5), percent=D(21)))
    with clock.set_to(datetime(2026, 5, 5, 9, tzinfo=UTC)):
        ship(number, staff, {1: 6})

        draft = draft_invoice(number, actor=staff.accountant)
        validate_invoice(draft.id, actor=staff.accountant)

    assert [(line.quantity, line.tax_percent, line.tax_amount) for line in draft.lines] == [(4, 19, 76), (6, 21, 126)]


def test_what_came_back_before_it_was_billed_is_not_billed(staff):
    number = make_confirmed_order({"A-1": 10}, staff)
    shipment = ship(number, staff)
    receive_return(shipment, [ReturnInput(1, D(3))], reason="Damaged", actor=staff.warehouse)

    assert draft_invoice(number, actor=staff.accountant).lines[0].quantity == 7


def test_a_void_draft_gives_back_what_it_was_to_bill(staff):
    freight = ChargeInput("FREIGHT", D(10), "VAT19", "Freight")
    number = make_shipped_order({"A-1": 10}, staff, charges=[freight])
    draft = draft_invoice(number, actor=staff.accountant)

    void_invoice(draft.id, reason="Wrong address", actor=staff.accountant)

    order = order_called(number)
    assert (order.lines[0].drafted_qty, order.charges[0].drafted_amount) == (0, 0)
    assert (draft.state, draft.void_reason) == (InvoiceState.VOID, "Wrong address")
    assert events_on(draft) == [Action.INVOICE_DRAFTED, Action.INVOICE_VOIDED]
    assert draft_invoice(number, actor=staff.accountant).total == draft.total
    with pytest.raises(IllegalMove):
        void_invoice(draft.id, reason="Again", actor=staff.accountant)


def test_a_changed_draft_has_to_be_validated_again(staff):
    number = make_shipped_order({"A-1": 10}, staff)
    draft = draft_invoice(number, actor=staff.accountant)
    validate_invoice(draft.id, actor=staff.accountant)
    version = draft.version

    redraft_invoice(draft.id, lines={1: D(4)}, version=version, actor=staff.accountant)

    assert (draft.state, draft.validated_at, draft.lines[0].quantity) == (InvoiceState.DRAFT, None, 4)
    assert order_called(number).lines[0].drafted_qty == 4
    with pytest.raises(StaleVersion):
        redraft_invoice(draft.id, version=version, actor=staff.accountant)


@pytest.mark.plants_errors
def test_validating_says_every_problem_at_once(staff):
    number = make_shipped_order({"A-1": 1, "B-1": 1}, staff)
    draft = draft_invoice(number, actor=staff.accountant)
    with atomic():
        draft.billing_address = {"name": "Acme"}
        draft.taxes[0].category = "E"
        draft.total += 1

    with pytest.raises(Refused) as refusal:
        validate_invoice(draft.id, actor=staff.accountant)

    problems = refusal.value.details["problems"]
    assert "The billing address has neither street nor city." in problems
    assert "The billing address has no country." in problems
    assert any("must have the rate 0" in problem for problem in problems)
    assert any(problem.startswith("Net and tax come to") for problem in problems)
    assert draft.state is InvoiceState.DRAFT


def test_a_character_that_no_font_has_is_a_problem_and_not_a_crash(staff):
    number = make_shipped_order({"A-1": 1}, staff)
    draft = draft_invoice(number, actor=staff.accountant)
    with atomic():
        draft.lines[0].description = "Egyptian \U00013000"

    with pytest.raises(Refused, match="The PDF cannot be made"):
        validate_invoice(draft.id, actor=staff.accountant)


def test_reverse_charge_needs_the_customers_tax_number(staff):
    with atomic():
        code = db.session.scalars(select(TaxCode).where(TaxCode.code == "VAT19")).one()
        code.category, code.exemption_reason, code.rates[0].percent = "AE", "Reverse charge", D(0)
    number = make_shipped_order({"A-1": 1}, staff)
    draft = draft_invoice(number, actor=staff.accountant)

    with pytest.raises(Refused, match="needs the customer's tax number"):
        validate_invoice(draft.id, actor=staff.accountant)

    with atomic():
        draft.customer.tax_id = "DE136695976"
    assert validate_invoice(draft.id, actor=staff.accountant).taxes[0].exemption_reason == "Reverse charge"
