"""Doing it all again: every act of the timetable through the program's own commands, at its moment.

Numbers, checks, holds, journals and events come about as they do in daily work; nothing is written beside the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.demo import rules
from webapp.demo.masters import STANDARD
from webapp.demo.northwind import Northwind, Order, sku
from webapp.demo.people import ACCOUNTS, WAREHOUSE
from webapp.demo.timetable import Act, Entry
from webapp.domain import clock
from webapp.domain.states import OrderState
from webapp.models import CreditHold, Invoice, StockLevel, User, Variant
from webapp.services.approvals.deciding import approve_order
from webapp.services.invoices.drafts import draft_invoice, validate_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.invoices.sending import send_invoice
from webapp.services.order_steps import credit_desk
from webapp.services.order_steps.confirmation import confirm_order
from webapp.services.order_steps.moves import submit_order
from webapp.services.orders.charges import ChargeInput
from webapp.services.orders.copies import copy_order
from webapp.services.orders.entry import OrderInput, create_order
from webapp.services.orders.lines import LineInput
from webapp.services.payments.receiving import record_payment
from webapp.services.shipments import shipping
from webapp.services.stock.allocation import allocate_order

DISCOUNT_REASON = "Agreed with the customer by telephone."
APPROVAL_REASON = "Fine for this customer."
RELEASE_REASON = "The customer promised to pay, and has kept its word so far."
METHOD = "BANK_TRANSFER"


class Replay:
    """The company at work: who does what, and how the orders of the files are called here."""

    def __init__(self, northwind: Northwind, users: Mapping[str, User], superiors: Mapping[str, str]) -> None:
        self._users, self._superiors = users, superiors
        self._warehouse, self._accounts = users[WAREHOUSE], users[ACCOUNTS]
        self._old_prices, self._old_prices_until = northwind.old_prices(), northwind.old_prices_until
        self._prices = {row["ProductID"]: Decimal(row["UnitPrice"]) for row in northwind.products}
        self._newest = northwind.newest
        self._numbers: dict[int, str] = {}
        self._waiting: set[int] = set()
        self._confirmable: set[int] = set()
        self._allocated: set[int] = set()
        self._shipments: dict[int, str] = {}
        self._invoices: dict[int, Invoice] = {}
        self._acts: dict[Act, Callable[[Order], None]] = {
            Act.ENTER: self._enter,
            Act.DECIDE: self._decide,
            Act.CONFIRM: self._confirm,
            Act.ALLOCATE: self._allocate,
            Act.OPEN_SHIPMENT: self._open_shipment,
            Act.PACK: self._pack,
            Act.SHIP: self._ship,
            Act.BILL: self._bill,
            Act.PAY: self._pay,
            Act.QUOTE_AGAIN: self._quote_again,
        }

    def play(self, entry: Entry) -> None:
        """One act, with the clock at its moment."""
        with clock.set_to(entry.moment):
            self._acts[entry.act](entry.order)

    # -- sales ---------------------------------------------------------------------------------------------------------

    def _enter(self, order: Order) -> None:
        maker = self._users[order.employee]
        number = create_order(self._as_input(order), actor=maker).number
        submitted = submit_order(number, reason=DISCOUNT_REASON, actor=maker)
        self._numbers[order.number] = number
        (self._waiting if submitted.state is OrderState.SUBMITTED else self._confirmable).add(order.number)

    def _decide(self, order: Order) -> None:
        if order.number in self._waiting:
            superior = self._users[self._superiors[order.employee]]
            approve_order(self._numbers[order.number], reason=APPROVAL_REASON, actor=superior)
            self._waiting.remove(order.number)
            self._confirmable.add(order.number)

    def _confirm(self, order: Order) -> None:
        if order.number in self._confirmable:
            outcome = confirm_order(self._numbers[order.number], actor=self._users[order.employee])
            if outcome.hold is None or self._release(order, outcome.hold):
                self._confirmable.remove(order.number)

    def _quote_again(self, order: Order) -> None:
        copy_order(self._numbers[order.number], as_quote=True, actor=self._users[order.employee])

    def _as_input(self, order: Order) -> OrderInput:
        return OrderInput(
            customer=order.customer,
            lines=list(self._lines(order)),
            charges=[ChargeInput("freight", order.freight, STANDARD, "Freight")],
            customer_reference=str(order.number),
            requested_date=order.required,
            shipping_address=order.ship_to,
        )

    def _lines(self, order: Order) -> Iterator[LineInput]:
        old = order.ordered <= self._old_prices_until
        for line in order.lines:
            listed = self._old_prices.get(line.product) if old else None
            typed = None if line.unit_price == (listed or self._prices[line.product]) else line.unit_price
            yield LineInput(sku(line.product), line.quantity, unit_price=typed, discount_percent=line.discount)

    # -- credit --------------------------------------------------------------------------------------------------------

    def _release(self, order: Order, hold: CreditHold) -> bool:
        """Let what was shipped go on; a hold of an open order waits for a decision."""
        if order.shipped is None:
            return False
        credit_desk.release_hold(hold.order.number, reason=RELEASE_REASON, actor=self._accounts)
        return True

    # -- warehouse -----------------------------------------------------------------------------------------------------

    def _allocate(self, order: Order) -> None:
        if order.number in self._waiting | self._confirmable or not _anything_free(order):
            return
        number = self._numbers[order.number]
        outcome = allocate_order(number, actor=self._warehouse)
        if outcome.hold is not None:
            if not self._release(order, outcome.hold):
                return
            allocate_order(number, actor=self._warehouse)
        self._allocated.add(order.number)

    def _open_shipment(self, order: Order) -> None:
        if order.number in self._allocated:
            number = self._numbers[order.number]
            (shipment,) = shipping.create_shipments(number, carrier=order.carrier, actor=self._warehouse)
            self._shipments[order.number] = shipment.number

    def _pack(self, order: Order) -> None:
        if order.number in self._shipments:
            number = self._shipments[order.number]
            shipping.pick_shipment(number, actor=self._warehouse)
            shipping.pack_shipment(number, packages=[shipping.PackageInput()], actor=self._warehouse)

    def _ship(self, order: Order) -> None:
        number = self._shipments[order.number]
        outcome = shipping.ship_shipment(number, actor=self._warehouse)
        if outcome.hold is not None and self._release(order, outcome.hold):
            shipping.ship_shipment(number, actor=self._warehouse)

    # -- accounts ------------------------------------------------------------------------------------------------------

    def _bill(self, order: Order) -> None:
        invoice = draft_invoice(self._numbers[order.number], actor=self._accounts)
        validate_invoice(invoice.id, actor=self._accounts)
        post_invoice(invoice.id, actor=self._accounts)
        if order.shipped and order.shipped > self._newest - rules.SENT_WITHIN:
            send_invoice(invoice.id, actor=self._accounts)
        self._invoices[order.number] = invoice

    def _pay(self, order: Order) -> None:
        invoice = self._invoices.pop(order.number)
        amount = rules.payment_amount(order, invoice.total)
        record_payment(invoice, amount, METHOD, f"Transfer {order.number}", self._accounts)


def _anything_free(order: Order) -> bool:
    """Whether anything of what an order needs is free in the warehouse."""
    found = db.session.scalar(
        select(StockLevel.id)
        .join(Variant, Variant.id == StockLevel.variant_id)
        .where(
            Variant.sku.in_([sku(line.product) for line in order.lines]),
            StockLevel.on_hand_qty > StockLevel.allocated_qty,
        )
        .limit(1)
    )
    return found is not None
