"""Invoices that bill no order, as programs draft them."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from webapp.blueprints.api.schemas.base import (
    Amount,
    Code,
    Day,
    Input,
    Percent,
    Quantity,
    Reason,
    Reference,
    Sentence,
    SignedQuantity,
    UnitPrice,
    Word,
)
from webapp.services.invoices.without_order_lines import Adjustment, FreeCharge, FreeInvoice, FreeLine


class AdjustmentInput(Input):
    """What a line is charged or allowed beside its price, net of tax."""

    reason: Reason
    amount: Amount


class FreeLineInput(Input):
    """A line of an invoice without an order; a negative ``quantity`` takes something back.

    ``unit_price`` is for ``price_base`` units, so that 0.0123456789 is 123456789 for 10000000000.
    """

    description: Reason
    quantity: SignedQuantity
    unit_price: UnitPrice
    tax_code: Code
    unit: Word = ""
    price_base: Quantity = Decimal(1)
    discount_percent: Percent = Decimal(0)
    sku: Word = ""
    charges: list[AdjustmentInput] = Field(default=[], max_length=10)
    allowances: list[AdjustmentInput] = Field(default=[], max_length=10)

    def given(self) -> FreeLine:
        """The line as the service takes it: an allowance is a negative charge."""
        return FreeLine(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            tax_code=self.tax_code,
            unit=self.unit,
            price_base=self.price_base,
            discount_percent=self.discount_percent,
            sku=self.sku,
            adjustments=[
                Adjustment(one.reason, sign * one.amount)
                for sign, found in ((1, self.charges), (-1, self.allowances))
                for one in found
            ],
        )


class FreeChargeInput(Input):
    """A charge on the whole invoice such as freight, net of tax; a negative amount is an allowance."""

    kind: Code
    amount: Amount
    tax_code: Code
    description: Sentence = ""


class FreeInvoiceInput(Input):
    """A new draft that bills no order. ``delivery_date`` chooses the rates of tax; without it they are today's.

    ``rounding`` was agreed with the customer, below 1 of the currency; without it totals are rounded as settled.
    """

    customer: Reference
    lines: list[FreeLineInput] = Field(max_length=5000)
    charges: list[FreeChargeInput] = Field(default=[], max_length=100)
    delivery_date: Day | None = None
    rounding: Amount | None = None

    def given(self, customer: str) -> FreeInvoice:
        """The invoice as the service takes it, for the customer with this code."""
        return FreeInvoice(
            customer=customer,
            lines=[line.given() for line in self.lines],
            charges=[
                FreeCharge(one.description or one.kind.capitalize(), one.amount, one.tax_code) for one in self.charges
            ],
            delivery_date=self.delivery_date,
            rounding=self.rounding,
        )
