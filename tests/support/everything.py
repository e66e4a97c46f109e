"""A company that has one of every document, for tests that open every page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.support.factories import (
    Staff,
    make_confirmed_order,
    make_customer,
    make_desk,
    make_item,
    make_posted_invoice,
    make_shipped_order,
    put_in_stock,
    ship,
)
from tests.support.scenes import scene
from webapp.domain import clock
from webapp.models import Tracking
from webapp.services.approvals.deciding import approve_order
from webapp.services.credit_notes.notes import draft_credit_note, post_credit_note
from webapp.services.invoices.drafts import draft_invoice
from webapp.services.invoices.without_order import Adjustment, FreeCharge, FreeInvoice, FreeLine, draft_free_invoice
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_payment, record_receipt
from webapp.services.people.tokens import make_token
from webapp.services.pricing.lists import add_price_list, put_price
from webapp.services.pricing.of_customers import put_customer_price
from webapp.services.promotions.authoring import add_promotion, launch_promotion
from webapp.services.shipments import shipping
from webapp.services.shipments.returns import ReturnInput, receive_return

D = Decimal
LONG_CUSTOMER = "Zwischengroßhandelsgesellschaft für Feinkost und Kolonialwaren mbH & Co. Kommanditgesellschaft"
LONG_ITEM = "Allgäuer Hochgebirgsbergkäse, mindestens achtzehn Monate gereift, in ganzen Laiben"

Documents = dict[str, str | int]


@scene
def one_of_everything() -> tuple[Staff, Documents]:
    """The people, and the numbers of the documents by what is special about each."""
    staff = make_desk()
    make_customer("TIGHT", name=LONG_CUSTOMER, credit_limit=D(100))
    make_token(staff.sales.email, actor=staff.admin)
    _stock_the_shelves(staff)
    _agree_on_prices(staff)
    _promote(staff)
    return staff, _entered(staff) | _on_the_way(staff) | _billed(staff) | _put_right(staff)


def _stock_the_shelves(staff: Staff) -> None:
    tomorrow = clock.today("Europe/Berlin") + timedelta(days=1)
    make_item("CHEESE", name=LONG_ITEM, base_price=D(10), tracking=Tracking.BATCH, reorder_level=D(50))
    put_in_stock("CHEESE", 20, actor=staff.warehouse, batch="B 1", expires_on=tomorrow)


def _agree_on_prices(staff: Staff) -> None:
    add_price_list(code="RETAIL", name="Retail", currency="EUR", actor=staff.admin)
    put_price("RETAIL", sku="A-1", unit_price="95", min_quantity="10", actor=staff.admin)
    put_customer_price("ACME", sku="B-1", unit_price="9.50", actor=staff.admin)


def _promote(staff: Staff) -> None:
    """A promotion that counts for orders that carry its coupon, and a draft that meets it."""
    launch_promotion(
        code="SPRING", name="Spring", percent="10", categories="", items="A-1", coupon="SPRING10", max_uses="5",
        actor=staff.manager,
    )  # fmt: skip
    add_promotion(
        code="MUGS", name="A cheese for every twelve", benefit="FREE_GOODS", buy_quantity="12", free_quantity="1",
        free_item="CHEESE", items="A-1", actor=staff.manager,
    )  # fmt: skip


def _entered(staff: Staff) -> Documents:
    """A quote, an order that is being typed in, one that waits for two approvals, one that credit stops."""
    lines = [LineInput("A-1", D(12)), LineInput("CHEESE", D(500))]
    quote = create_order(OrderInput("ACME", lines, as_quote=True), actor=staff.sales)
    charges = [
        ChargeInput("freight", D("12.50"), "VAT19", "Freight"),
        ChargeInput("allowance", D(-90), "VAT19", "Two weeks late"),
    ]
    draft = create_order(OrderInput("ACME", lines, charges=charges, coupons=["SPRING10"]), actor=staff.sales)
    cheap = LineInput("A-1", D(3), discount_percent=D(12))
    waiting = create_order(OrderInput("ACME", [cheap]), actor=staff.sales)
    submit_order(waiting.number, reason="Their first order.", actor=staff.sales)
    held = create_order(OrderInput("TIGHT", [LineInput("A-1", D(3))]), actor=staff.sales)
    submit_order(held.number, actor=staff.sales)
    approve_order(held.number, actor=staff.manager)
    assert confirm_order(held.number, actor=staff.sales).hold
    return {"quote": quote.number, "draft": draft.number, "waiting": waiting.number, "held": held.number}


def _on_the_way(staff: Staff) -> Documents:
    """An order of which some is shipped and to bill, some on an open shipment, and some not in stock."""
    order = make_confirmed_order({"A-1": 5, "CHEESE": 30}, staff)
    shipped = ship(order, staff, {1: 2})
    (shipment,) = shipping.create_shipments(order, actor=staff.warehouse)
    return {"on_the_way": order, "shipped": shipped, "shipment": shipment.number}


def _billed(staff: Staff) -> Documents:
    """An invoice that is paid in part, a draft of one, a payment, and money on account."""
    invoice = make_posted_invoice(make_shipped_order({"A-1": 4, "B-1": 10}, staff), staff)
    draft = draft_invoice(make_shipped_order({"B-1": 7}, staff), actor=staff.accountant)
    free = draft_free_invoice(
        FreeInvoice(
            "ACME",
            [
                FreeLine("Tasting for twelve", D(1), D(240), "VAT19", adjustments=[Adjustment("At night", D(30))]),
                FreeLine("Glasses brought back", D(-12), D("1.50"), "VAT19", unit="pcs"),
            ],
            charges=[FreeCharge("Travel", D("35.50"), "VAT7")],
        ),
        actor=staff.accountant,
    )
    payment = record_payment(invoice, D(100), "BANK_TRANSFER", "TXN 1", staff.accountant)
    record_receipt(
        "ACME", D(50), "BANK_TRANSFER", "TXN 2", allocations=[], keep_on_account=True, actor=staff.accountant
    )
    return {"invoice": invoice.number, "invoice_draft": draft.id, "free_draft": free.id, "payment": payment.number}


def _put_right(staff: Staff) -> Documents:
    """An order to bill again at another price, a draft of a credit note, and goods back that wait for theirs."""
    credited = make_shipped_order({"A-1": 2}, staff)
    too_dear = make_posted_invoice(credited, staff)
    note = draft_credit_note(too_dear.number, reason="Billed too dear.", rebill=True, actor=staff.accountant)
    post_credit_note(note.id, actor=staff.second_accountant)

    other = make_posted_invoice(make_shipped_order({"B-1": 2}, staff), staff)
    draft = draft_credit_note(other.number, reason="As agreed on the phone.", actor=staff.accountant)

    broken = make_confirmed_order({"B-1": 5}, staff)
    shipment = ship(broken, staff)
    make_posted_invoice(broken, staff)
    receive_return(shipment, [ReturnInput(1, D(3))], reason="Broken.", actor=staff.warehouse)
    return {
        "credited": credited,
        "credit_note": note.number,
        "credit_note_draft": draft.id,
        "returned": shipment,
    }
