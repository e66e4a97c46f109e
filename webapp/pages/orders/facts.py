"""Everything around one order that its page, its blockers and its next steps are made from; read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.credit_control.rule import CreditCheck
from webapp.domain.orders.counts import backorder, to_ship
from webapp.domain.states import ApprovalState, InvoiceState, ShipmentState
from webapp.models import (
    Approval,
    Company,
    CreditHold,
    Customer,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Shipment,
    User,
)
from webapp.queries.approvals.askers import askers
from webapp.queries.approvals.authority import DiscountAuthority, authority_over
from webapp.queries.approvals.facts import OverLimit, declined_change, over_limit
from webapp.queries.approvals.margins import OrderMargins, margins_of
from webapp.queries.company import company, today
from webapp.queries.credit_control.exposure import Standing, standing_of, weigh
from webapp.queries.credit_control.holds import open_hold, rejected_hold
from webapp.queries.people.staff import Staff, active_staff
from webapp.queries.references import called
from webapp.queries.stock.free import free_for

UNDER_WAY = (ShipmentState.DRAFT, ShipmentState.PICKED, ShipmentState.PACKED)


@dataclass(frozen=True)
class OrderFacts:
    """An order with what decides about it, in a fixed number of statements."""

    order: Order
    company: Company | None  # kept here, so that who asks for it again finds it loaded
    day: date
    approvals: Sequence[Approval]
    staff: Staff
    authority: DiscountAuthority
    margins: OrderMargins
    asked: frozenset[int]
    standing: Standing
    free: dict[int, Decimal]
    shipments: Sequence[Shipment]
    invoices: Sequence[Invoice]

    @cached_property
    def check(self) -> CreditCheck:
        """What a credit check for this order would say now."""
        return weigh(self.order.customer, self.standing, self.order.to_ship_amount, self.day)

    @cached_property
    def waiting(self) -> list[Approval]:
        """The requests nobody has decided yet."""
        return [approval for approval in self.approvals if approval.state is ApprovalState.OPEN]

    @cached_property
    def over(self) -> list[OverLimit]:
        """Lines that give away more than who entered them may."""
        return over_limit(self.order)

    @cached_property
    def declined_change(self) -> Approval | None:
        """The refusal of a change that stands on the confirmed order still."""
        return declined_change(self.order, self.approvals)

    @cached_property
    def hold(self) -> CreditHold | None:
        """The hold that waits for a decision."""
        return open_hold(self.order)

    @cached_property
    def refused(self) -> CreditHold | None:
        """The rejection that still blocks."""
        return rejected_hold(self.order)

    @cached_property
    def free_by_line(self) -> dict[int, Decimal]:
        """By line id what it may still take from stock, lines of the same item one after the other."""
        left = dict(self.free)
        given = {}
        for line in self.order.lines:
            given[line.id] = left.get(line.variant_id, ZERO)
            left[line.variant_id] = max(given[line.id] - backorder(line.counts), ZERO)
        return given

    @cached_property
    def on_shipments(self) -> dict[int, Decimal]:
        """By line id what shipments under way hold."""
        held: dict[int, Decimal] = {}
        for shipment in self.open_shipments:
            for line in shipment.lines:
                held[line.order_line_id] = held.get(line.order_line_id, ZERO) + line.quantity
        return held

    @cached_property
    def open_shipments(self) -> list[Shipment]:
        """Shipments that have not left yet."""
        return [shipment for shipment in self.shipments if shipment.state in UNDER_WAY]

    def closable(self, line: OrderLine) -> Decimal:
        """What of a line can be closed short: to ship, and on no shipment."""
        return to_ship(line.counts) - self.on_shipments.get(line.id, ZERO)

    def loose(self, line: OrderLine) -> Decimal:
        """What of a line is allocated and on no shipment."""
        return line.allocated_qty - self.on_shipments.get(line.id, ZERO)


def find_order(number: str, user: User) -> Order:
    """The order or quote called ``number`` with everything its page shows. Raises NotFound, also for another's."""
    return called(Order, number, user, *_parts())


def visible_order(number: str, user: User) -> Order:
    """The bare order, for whoever may see it. Raises NotFound, also for another's."""
    return called(Order, number, user)


def facts_of(order: Order) -> OrderFacts:
    """Read what stands around a loaded order."""
    day = today()
    return OrderFacts(
        order=order,
        company=company(),
        day=day,
        approvals=_approvals(order),
        staff=active_staff(),
        authority=authority_over({line.variant_id for line in order.lines}),
        margins=margins_of(order),
        asked=frozenset(askers(order)),
        standing=standing_of(order.customer, day, excluding=order),
        free=free_for(order.location_id, {line.variant_id for line in order.lines}),
        shipments=_shipments(order),
        invoices=_invoices(order),
    )


def _parts() -> tuple[ExecutableOption, ...]:
    return (
        joinedload(Order.customer, innerjoin=True).joinedload(Customer.payment_terms, innerjoin=True),
        joinedload(Order.location, innerjoin=True),
        joinedload(Order.created_by, innerjoin=True),
        joinedload(Order.submitted_by),
        selectinload(Order.lines).joinedload(OrderLine.variant, innerjoin=True),
        selectinload(Order.charges),
        selectinload(Order.holds).options(
            joinedload(CreditHold.applied_by), joinedload(CreditHold.decided_by), joinedload(CreditHold.check)
        ),
    )


def _approvals(order: Order) -> Sequence[Approval]:
    return db.session.scalars(
        select(Approval)
        .where(Approval.order_id == order.id)
        .order_by(Approval.id)
        .options(joinedload(Approval.requested_by), joinedload(Approval.decided_by))
    ).all()


def _shipments(order: Order) -> Sequence[Shipment]:
    return db.session.scalars(
        select(Shipment)
        .where(Shipment.order_id == order.id)
        .order_by(Shipment.id)
        .options(selectinload(Shipment.lines), joinedload(Shipment.location))
    ).all()


def _invoices(order: Order) -> Sequence[Invoice]:
    billed = (
        select(InvoiceLine.invoice_id)
        .join(OrderLine, OrderLine.id == InvoiceLine.order_line_id)
        .where(OrderLine.order_id == order.id)
    )
    return db.session.scalars(
        select(Invoice)
        .where(or_(Invoice.order_id == order.id, Invoice.id.in_(billed)), Invoice.state != InvoiceState.VOID)
        .order_by(Invoice.id)
        .options(selectinload(Invoice.sendings))
    ).all()
