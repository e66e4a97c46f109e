"""Orders and quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from pydantic import Field, model_validator

from webapp.blueprints.api.schemas.base import (
    AddressInput,
    AddressOutput,
    Amount,
    Code,
    Count,
    Day,
    Flag,
    Input,
    LineNumber,
    ListQuery,
    Money,
    Output,
    Percent,
    Quantity,
    QueryFlag,
    Reference,
    Sentence,
    TaxPartOutput,
    Text,
    UnitPrice,
    Version,
    Word,
    count,
    price,
)
from webapp.blueprints.api.schemas.steps import StepOutput
from webapp.domain.money import plain
from webapp.domain.orders.counts import allocation_status, billing_status, shipping_status
from webapp.models import CreditHold, Order, OrderCharge, OrderLine
from webapp.queries.credit_control.holds import open_hold, rejected_hold
from webapp.web import json as wire

# --- in --------------------------------------------------------------------------------------------------------------


class LineInput(Input):
    """A line: ``quantity`` in ``unit`` (its base unit when not named); without ``unit_price`` the rules give one."""

    sku: Reference
    quantity: Quantity
    unit: Word | None = None
    unit_price: UnitPrice | None = None
    discount_percent: Percent = Decimal(0)


class LineChange(Input):
    """A change of the line ``line_number``; without a number a new line, which needs ``sku`` and ``quantity``."""

    line_number: LineNumber | None = None
    sku: Reference | None = None
    quantity: Quantity | None = None
    unit: Word | None = None
    unit_price: UnitPrice | None = None
    discount_percent: Percent | None = None
    remove: Flag = False

    @model_validator(mode="after")
    def _new_lines_say_what(self) -> Self:
        if self.line_number is None and (self.sku is None or self.quantity is None):
            raise wire.refused("A line without line_number is a new one: it needs sku and quantity.")
        return self


class ChargeInput(Input):
    """A charge such as freight, with tax where the order's prices include it; a negative amount is an allowance, whose
    description, else its kind, says why.

    In a change ``id`` names a charge that stays, with what was billed of it.
    """

    id: LineNumber | None = None
    kind: Code
    amount: Amount
    tax_code: Code
    description: Sentence = ""


class OrderHead(Input):
    """What stands at the head of an order."""

    order_discount_percent: Percent | None = None
    customer_reference: Word | None = None
    requested_date: Day | None = None
    location: Reference | None = None
    ship_complete: Flag | None = None
    notes: Text | None = None
    shipping_address: AddressInput | None = None
    charges: list[ChargeInput] | None = None


class OrderInput(OrderHead):
    """A new order, or with ``as_quote`` a quote. ``order_date`` takes the right to import."""

    customer: Reference
    lines: list[LineInput] = Field(max_length=5000)
    order_date: Day | None = None
    as_quote: Flag = False
    coupons: list[Code] = Field(default=[], max_length=20)


class OrderChange(OrderHead):
    """What changes; what is not named stays. ``charges`` and ``coupons`` replace all of them."""

    lines: list[LineChange] = Field(default=[], max_length=5000)
    coupons: list[Code] | None = Field(default=None, max_length=20)
    version: Version | None = None


class OrderQuery(ListQuery):
    """Which orders."""

    status: Word | None = None
    customer: Reference | None = None
    customer_reference: Word | None = None
    from_date: Day | None = None
    to_date: Day | None = None
    held: QueryFlag | None = None


# --- out -------------------------------------------------------------------------------------------------------------


class LineOutput(Output):
    """A line; quantities count base units, ``unit_price`` is for one ``unit``, ``list_price`` before promotions."""

    line_number: int
    sku: str
    item: str
    quantity: Count
    unit: str
    unit_price: Money
    list_price: Money | None
    price_source: str
    is_free: bool
    derivation: list[StepOutput]
    discount_percent: Count
    net_amount: Money
    tax_amount: Money
    tax_parts: list[TaxPartOutput]
    total: Money
    allocated_qty: Count
    shipped_qty: Count
    cancelled_qty: Count
    returned_qty: Count
    invoiced_qty: Count

    @classmethod
    def of(cls, line: OrderLine, currency: str) -> LineOutput:
        """The line, loaded with its variant."""
        return cls(
            line_number=line.line_number,
            sku=line.variant.sku,
            item=line.item_name,
            quantity=count(line.quantity),
            unit=line.unit,
            unit_price=price(line.unit_price, currency) or "",
            list_price=price(line.list_price, currency),
            price_source=line.price_source,
            is_free=line.free_with_id is not None,
            derivation=[StepOutput.of(step, currency) for step in line.derivation],
            discount_percent=count(line.discount_percent),
            net_amount=plain(line.net_amount, currency),
            tax_amount=plain(line.tax_amount, currency),
            tax_parts=TaxPartOutput.all_of(line.tax_parts, currency),
            total=plain(line.total, currency),
            allocated_qty=count(line.allocated_qty),
            shipped_qty=count(line.shipped_qty),
            cancelled_qty=count(line.cancelled_qty),
            returned_qty=count(line.returned_qty),
            invoiced_qty=count(line.invoiced_qty),
        )


class ChargeOutput(Output):
    """A charge."""

    id: int
    kind: str
    description: str
    amount: Money
    tax_amount: Money
    total: Money

    @classmethod
    def of(cls, charge: OrderCharge, currency: str) -> ChargeOutput:
        """The charge, its amounts as strings."""
        return cls(
            id=charge.id,
            kind=charge.kind,
            description=charge.description,
            amount=plain(charge.amount, currency),
            tax_amount=plain(charge.tax_amount, currency),
            total=plain(charge.total, currency),
        )


class HoldOutput(Output):
    """A credit hold that stands in the order's way."""

    id: int
    status: str
    reason: str
    excess: Money
    applied_at: str
    applied_by: str

    @classmethod
    def of(cls, hold: CreditHold, currency: str) -> HoldOutput:
        """The hold, loaded with who placed it."""
        return cls(
            id=hold.id,
            status=hold.state.value,
            reason=hold.reason,
            excess=plain(hold.excess, currency),
            applied_at=hold.applied_at.isoformat(),
            applied_by=hold.applied_by.email,
        )


class BlockerOutput(Output):
    """Something that stands in the order's way now, and who can remove it."""

    code: str
    message: str
    line_number: int | None = None
    resolved_by_role: str | None
    url: str | None


class OrderSummary(Output):
    """An order without its lines."""

    id: int
    order_number: str | None
    quote_number: str | None
    status: str
    version: int
    customer: str
    currency: str
    order_date: str
    requested_date: str | None
    valid_until: str | None
    customer_reference: str
    location: str
    ship_complete: bool
    order_discount_percent: Count
    order_discount_amount: Money
    prices_include_tax: bool
    net_total: Money
    tax_total: Money
    rounding_amount: Money
    total: Money
    allocation_status: str
    shipping_status: str
    billing_status: str
    credit_hold: HoldOutput | None

    @classmethod
    def of(cls, order: Order) -> OrderSummary:
        """The order, loaded with its lines, holds, customer and location."""
        return cls(**_head(order))


class OrderOutput(OrderSummary):
    """An order or quote."""

    lines: list[LineOutput]
    charges: list[ChargeOutput]
    coupons: list[str]
    shipping_address: AddressOutput | None
    notes: str
    blockers: list[BlockerOutput]

    @classmethod
    def whole(cls, order: Order, blockers: list[BlockerOutput], coupons: list[str]) -> OrderOutput:
        """The order, loaded with everything it shows, and what blocks it."""
        currency = order.currency
        return cls(
            **_head(order),
            lines=[LineOutput.of(line, currency) for line in order.lines],
            charges=[ChargeOutput.of(charge, currency) for charge in order.charges],
            coupons=coupons,
            shipping_address=_address(order),
            notes=order.notes,
            blockers=blockers,
        )


class OrderList(Output):
    """A page of orders, the newest first."""

    results: list[OrderSummary]
    next: str | None


def _head(order: Order) -> dict[str, Any]:
    currency, hold = order.currency, open_hold(order) or rejected_hold(order)
    counts = [line.counts for line in order.lines]
    return {
        "id": order.id,
        "order_number": order.order_number,
        "quote_number": order.quote_number,
        "status": order.state.value,
        "version": order.version,
        "customer": order.customer.code,
        "currency": currency,
        "order_date": order.order_date.isoformat(),
        "requested_date": order.requested_date.isoformat() if order.requested_date else None,
        "valid_until": order.valid_until.isoformat() if order.valid_until else None,
        "customer_reference": order.customer_reference,
        "location": order.location.code,
        "ship_complete": order.ship_complete,
        "order_discount_percent": count(order.order_discount_percent),
        "order_discount_amount": plain(order.order_discount_amount, currency),
        "prices_include_tax": order.prices_include_tax,
        "net_total": plain(order.net_total, currency),
        "tax_total": plain(order.tax_total, currency),
        "rounding_amount": plain(order.rounding_amount, currency),
        "total": plain(order.total, currency),
        "allocation_status": allocation_status(counts).value,
        "shipping_status": shipping_status(counts).value,
        "billing_status": billing_status(counts).value,
        "credit_hold": HoldOutput.of(hold, currency) if hold else None,
    }


def _address(order: Order) -> AddressOutput | None:
    words = order.shipping_address
    if not words:
        return None
    return AddressOutput(**{field: str(words.get(field) or "") for field in AddressOutput.model_fields})
