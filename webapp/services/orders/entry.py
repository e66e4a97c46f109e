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
from webapp.domain.errors import BadInput, IllegalMove, NotFound, Refused, StaleVersion
from webapp.domain.permissions import Permission
from webapp.domain.states import EDITABLE, CustomerStatus, OrderState
from webapp.models import AddressKind, Customer, Location, Order, OrderCharge, OrderLine, User
from webapp.queries.approvals.facts import allowance_share
from webapp.services import audit, locks
from webapp.services.authorize import require
from webapp.services.commands import command
from webapp.services.company import cash_unit, the_company, today
from webapp.services.numbering import keep_clear_of, next_number
from webapp.services.orders.after_edit import settle_edit
from webapp.services.orders.amounts import retotal
from webapp.services.orders.charges import ChargeInput, answer_for_more, refuse_less_than_nothing, replace_charges
from webapp.services.orders.lines import LineInput, answer_for, append_lines, in_base_units, reprice, type_price
from webapp.services.orders.promotions import coupons_for, keep_uses, promote_order, settle_promotions
from webapp.services.pricing.derivation import prices_include_tax
from webapp.services.taxes.on_lines import deliver_to, give_tax, retax, tax_code_named, taxes_of

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
    customer = _customer(given.customer)
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
        replace_charges(order, given.charges, partial(_charge, order))
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


@command(Permission.ORDERS_WRITE)
def add_lines(number: str, inputs: Sequence[LineInput], *, version: int | None = None, actor: User) -> Order:
    """Add lines at the end of an order. Raises IllegalMove, StaleVersion, BadInput, Refused."""
    order = editable_order(number, version, actor)
    lines = append_lines(order, inputs, actor=actor)
    settle_promotions(order, actor=actor)
    retotal(order)
    _finish_edit(order, actor)
    audit.record(
        Action.LINE_ADDED,
        order,
        actor=actor,
        after={"lines": [_line_facts(line) for line in lines], "total": order.total},
    )
    return order


@command(Permission.ORDERS_WRITE)
def change_line(
    number: str,
    line_number: int,
    *,
    quantity: Decimal | None = None,
    unit_price: Decimal | None = None,
    discount_percent: Decimal | None = None,
    forget_typed_price: bool = False,
    version: int | None = None,
    actor: User,
) -> Order:
    """Change quantity (in the line's unit), price or discount of one line; what is None stays.

    Who changes a line answers for its discount with his own maximum; saving it as it was changes neither price nor
    answer. Raises IllegalMove when less would remain than was shipped, allocated or cancelled.
    """
    order = editable_order(number, version, actor)
    line, share = _own_line(order, line_number), allowance_share(order)
    before, terms = _line_facts(line), _terms(line)
    if quantity is not None:
        _change_quantity(line, quantity)
    if discount_percent is not None:
        line.discount_percent = discount_percent
    if forget_typed_price:
        line.price_typed = False
    elif unit_price is not None and unit_price != line.unit_price:
        type_price(line, unit_price, by=actor)
    if _terms(line) != terms:
        reprice(order, [line], actor=actor)
        settle_promotions(order, actor=actor, touched=[line])
        retotal(order)
        answer_for_more(order, share, actor)
    _finish_edit(order, actor)
    audit.record(
        Action.LINE_CHANGED, order, actor=actor, before=before, after={**_line_facts(line), "total": order.total}
    )
    return order


@command(Permission.ORDERS_WRITE)
def remove_line(number: str, line_number: int, *, version: int | None = None, actor: User) -> Order:
    """Take a line off an order that is not confirmed yet. Raises IllegalMove: confirmed lines are short-closed."""
    order = editable_order(number, version, actor)
    if order.state is OrderState.CONFIRMED:
        raise IllegalMove(f"{order.label} is confirmed. Close the line short instead of removing it.")
    line, share = _own_line(order, line_number), allowance_share(order)
    facts = _line_facts(line)
    order.lines.remove(line)
    settle_promotions(order, actor=actor)
    retotal(order)
    answer_for_more(order, share, actor)
    _finish_edit(order, actor)
    audit.record(Action.LINE_REMOVED, order, actor=actor, before=facts, after={"total": order.total})
    return order


@command(Permission.ORDERS_WRITE)
def change_order(number: str, *, version: int | None = None, actor: User, **changes: Any) -> Order:
    """Change what stands at the head of an order: discount, dates, references, location, delivery, notes, charges.

    ``changes`` may name customer_reference, requested_date, order_discount_percent, ship_complete, notes, location
    (a code), shipping_address, charges (a list of ChargeInput).
    """
    order = editable_order(number, version, actor)
    share = allowance_share(order)
    before = {name: _head_value(order, name) for name in changes}
    for name, value in changes.items():
        _change_head(order, name, value, actor)
    retotal(order)
    answer_for_more(order, share, actor)
    _finish_edit(order, actor)
    after = {name: _head_value(order, name) for name in changes}
    audit.record(Action.ORDER_CHANGED, order, actor=actor, before=before, after=after)
    return order


def editable_order(number: str, version: int | None, actor: User) -> Order:
    """The locked order, if ``actor`` may change it now. Raises Forbidden, NotFound, IllegalMove, StaleVersion."""
    order = locks.lock_order(number, actor=actor)
    order.must_be(*EDITABLE)
    check_version(order, version)
    return order


def check_version(order: Order, version: int | None) -> None:
    """Raise StaleVersion when a form read another version than the one that stands now; None compares nothing."""
    if version is not None and version != order.version:
        raise StaleVersion(
            f"{order.label} was changed by somebody else since you opened it.",
            {"version": order.version, "yours": version},
        )


def take_terms_of_customer(order: Order) -> None:
    """Addresses, terms and tax class as the customer has them now; the order keeps them until somebody renews them."""
    customer = order.customer
    billing, shipping = customer.address(AddressKind.BILLING), customer.address(AddressKind.SHIPPING)
    order.payment_terms_code = customer.payment_terms_code
    order.tax_class = customer.tax_class
    order.billing_address = billing.as_dict() if billing else {"name": customer.name}
    order.shipping_address = shipping.as_dict() if shipping else order.billing_address


def _finish_edit(order: Order, actor: User) -> None:
    refuse_less_than_nothing(order)
    order.bump()
    settle_edit(order, actor=actor)


CUSTOMER = (
    select(Customer)
    .where(Customer.code == bindparam("code"))
    .options(joinedload(Customer.addresses), joinedload(Customer.group))
)


def _customer(code: str) -> Customer:
    customer = db.session.scalars(CUSTOMER, {"code": code}).unique().one_or_none()
    if customer is None:
        raise BadInput(f"There is no customer {code}.", field="customer")
    if customer.status is CustomerStatus.CLOSED:
        raise Refused(f"Customer {customer.name} is closed and gets no new document.")
    return customer


def _location_id(code: str | None) -> int:
    if code is not None:
        return _location(code).id
    default = the_company().default_location_id
    if default is None:
        raise Refused("The company has no default location. Set one in the settings.")
    return default


def _location(code: str) -> Location:
    found = db.session.scalars(select(Location).where(Location.code == code, Location.is_active)).one_or_none()
    if found is None:
        raise BadInput(f"There is no location {code}.", field="location")
    return found


def _charge(order: Order, given: ChargeInput) -> OrderCharge:
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


def _own_line(order: Order, line_number: int) -> OrderLine:
    """A line that people may change: what a promotion gives follows the promotion."""
    line = order.line(line_number)
    if line is None:
        raise NotFound(f"{order.label} has no line {line_number}.")
    if line.free_with_id is not None:
        raise IllegalMove(f"Line {line_number} comes free with a promotion and follows the lines it belongs to.")
    return line


def _terms(line: OrderLine) -> tuple[Any, ...]:
    """What somebody answers for by changing it."""
    return line.quantity, line.unit_price, line.price_typed, line.discount_percent


def _change_quantity(line: OrderLine, quantity: Decimal) -> None:
    base, _ = in_base_units(line.variant, quantity, line.unit)
    settled = line.allocated_qty + line.shipped_qty + line.cancelled_qty
    if base < settled:
        raise IllegalMove(
            f"Line {line.line_number} has {settled.normalize():f} allocated, shipped or cancelled already; "
            f"it cannot go down to {base.normalize():f}."
        )
    line.quantity = base


def _change_head(order: Order, name: str, value: Any, actor: User) -> None:
    if name == "location":
        order.location = _location(value)
    elif name == "charges":
        replace_charges(order, value, partial(_charge, order))
    elif name == "order_discount_percent" and value == order.order_discount_percent:
        return  # forms of the head bring it along; who changes the notes does not answer for the discounts
    elif name == "order_discount_percent":
        order.order_discount_percent = value
        answer_for(order.lines, actor)
    elif name == "requested_date":
        order.requested_date = value
        retax(order)
    elif name == "shipping_address":
        deliver_to(order, value)
    elif name in HEAD_FIELDS:
        setattr(order, name, value)
    else:
        raise BadInput(f"{name} cannot be changed on an order.", field=name)


HEAD_FIELDS = frozenset({"customer_reference", "ship_complete", "notes"})


def _head_value(order: Order, name: str) -> Any:
    if name == "location":
        return order.location.code
    if name == "charges":
        return [{"kind": charge.kind, "amount": charge.amount} for charge in order.charges]
    return getattr(order, name)


def _line_facts(line: OrderLine) -> dict[str, Any]:
    return {
        "line_number": line.line_number,
        "sku": line.variant.sku,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount_percent": line.discount_percent,
    }
