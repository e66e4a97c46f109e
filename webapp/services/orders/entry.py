"""Entering orders and quotes: creating, adding, changing and removing lines, copying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain import clock
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput, Refused
from webapp.domain.permissions import Permission
from webapp.domain.states import CustomerStatus, OrderState
from webapp.models import AddressKind, Customer, Location, Order, OrderCharge, User
from webapp.queries.visibility import sees
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.commands import command
from webapp.services.company import cash_unit, the_company, today
from webapp.services.numbering import keep_clear_of, next_number
from webapp.services.orders.amounts import retotal
from webapp.services.orders.charges import ChargeInput, refuse_less_than_nothing, replace_charges
from webapp.services.orders.lines import LineInput, append_lines
from webapp.services.orders.promotions import coupons_for, keep_uses, promote_order
from webapp.services.pricing.derivation import prices_include_tax
from webapp.services.taxes.on_lines import give_tax, tax_code_named, taxes_of

SERIES = "SO"


@dataclass(frozen=True, slots=True)
class OrderInput:
    """What somebody asks for when an order is created; an order of another system brings ``order_number`` along."""

    customer: str
    lines: Sequence[LineInput] = ()
    charges: Sequence[ChargeInput] = ()
    order_discount_percent: Decimal = Decimal(0)
    customer_reference: str = ""
    requested_date: date | None = None
    order_date: date | None = None
    location: str | None = None
    as_quote: bool = False
    ship_complete: bool | None = None
    notes: str = ""
    order_number: str | None = None
    shipping_address: Mapping[str, Any] | None = field(default=None)
    coupons: Sequence[str] = ()


@command(Permission.ORDERS_WRITE)
def create_order(given: OrderInput, *, actor: User) -> Order:
    """Create a draft, or with ``as_quote`` a quote, priced by the rules.

    Raises BadInput for an unknown customer, item, location or tax code, Refused for a closed customer or a line
    without a price, Forbidden for an order date or a number without the right to import.
    """
    if given.order_date is not None or given.order_number is not None:
        require(actor, Permission.ORDERS_IMPORT)
    customer = _customer(given.customer, actor)
    order_date = given.order_date or today()
    order = Order(
        customer=customer,
        currency=customer.currency,
        order_date=order_date,
        requested_date=given.requested_date,
        customer_reference=given.customer_reference,
        notes=given.notes,
        location_id=_location_id(given.location),
        ship_complete=customer.ship_complete if given.ship_complete is None else given.ship_complete,
        priority=customer.priority,
        tax_rounding=the_company().tax_rounding,
        prices_include_tax=prices_include_tax(customer),
        rounding_unit=cash_unit(customer.currency),
        order_discount_percent=given.order_discount_percent,
        created_by=actor,
        created_at=clock.now(),
    )
    take_terms_of_customer(order)
    if given.shipping_address is not None:
        order.shipping_address = dict(given.shipping_address)
    with db.session.no_autoflush:
        append_lines(order, given.lines, actor=actor)
        coupons = coupons_for(order, given.coupons)
        uses = promote_order(order, actor=actor, coupons=coupons)
        replace_charges(order, given.charges, partial(new_charge, order))
        retotal(order)
        _give_number(order, given)
    refuse_less_than_nothing(order)
    order.holds, order.approvals = [], []
    db.session.add(order)
    db.session.flush()
    locks.hold(order)
    keep_uses(order, uses)
    audit.record(
        Action.ORDER_CREATED, order, customer, actor=actor, after={"lines": len(order.lines), "total": order.total}
    )
    return order


def take_terms_of_customer(order: Order) -> None:
    """Addresses, terms and tax class as the customer has them now; the order keeps them until somebody renews them."""
    customer = order.customer
    billing, shipping = customer.address(AddressKind.BILLING), customer.address(AddressKind.SHIPPING)
    order.payment_terms_code = customer.payment_terms_code
    order.tax_class = customer.tax_class
    order.billing_address = billing.as_dict() if billing else {"name": customer.name}
    order.shipping_address = shipping.as_dict() if shipping else order.billing_address


CUSTOMER = (
    select(Customer)
    .where(Customer.code == bindparam("code"))
    .options(joinedload(Customer.addresses), joinedload(Customer.group))
)


def _customer(code: str, actor: User) -> Customer:
    customer = db.session.scalars(CUSTOMER, {"code": code}).unique().one_or_none()
    if customer is None or not sees(actor, customer):
        raise BadInput(f"There is no customer {code}.", field="customer")
    if customer.status is CustomerStatus.CLOSED:
        raise Refused(f"Customer {customer.name} is closed and gets no new document.")
    return customer


def _location_id(code: str | None) -> int:
    if code is not None:
        return location_in_use(code).id
    default = the_company().default_location_id
    if default is None:
        raise Refused("The company has no default location. Set one in the settings.")
    return default


def location_in_use(code: str) -> Location:
    """The location an order may ship from. Raises BadInput."""
    found = db.session.scalars(select(Location).where(Location.code == code, Location.is_active)).one_or_none()
    if found is None:
        raise BadInput(f"There is no location {code}.", field="location")
    return found


def new_charge(order: Order, given: ChargeInput) -> OrderCharge:
    """A charge with its tax, not on the order yet. Raises BadInput."""
    code = tax_code_named(given.tax_code)
    charge = OrderCharge(
        kind=given.kind,
        description=given.description or given.kind.capitalize(),
        amount=given.amount,
        named_tax_code_id=code.id,
        invoiced_amount=Decimal(0),
        drafted_amount=Decimal(0),
    )
    give_tax(charge, taxes_of(order, [code.id])[code.id])
    return charge


def _give_number(order: Order, given: OrderInput) -> None:
    if given.as_quote:
        order.valid_until = order.order_date + timedelta(days=the_company().quote_days)
        order.quote_number = next_number("QT", order.order_date.year)
        order.begin(OrderState.QUOTE)
    else:
        order.order_number = given.order_number or next_number(SERIES, order.order_date.year)
        if given.order_number is not None:
            keep_clear_of(given.order_number)
        order.begin(OrderState.DRAFT)
