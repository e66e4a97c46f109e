"""Price lists, prices agreed with customers, and what an item costs somebody."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.blueprints.api.schemas.base import (
    Change,
    Code,
    Count,
    Day,
    Flag,
    Input,
    ListQuery,
    Money,
    Output,
    Quantity,
    QuantityOrNone,
    Reference,
    UnitPrice,
    Word,
    count,
    price,
)
from webapp.blueprints.api.schemas.steps import StepOutput
from webapp.models import CustomerPrice, ListPrice, PriceList
from webapp.services.pricing import Price


class PriceListInput(Input):
    """A new list; with a ``parent`` what it does not name costs the parent's price plus ``percent``."""

    code: Code
    name: Code
    currency: Word
    parent: Reference | None = None
    percent: Change = Decimal(0)
    prices_include_tax: Flag = False


class PriceListOutput(Output):
    """A price list."""

    id: int
    version: int
    code: str
    name: str
    currency: str
    parent: str | None
    percent: Count
    prices_include_tax: bool
    is_active: bool

    @classmethod
    def of(cls, row: PriceList) -> PriceListOutput:
        """The list, loaded with its parent."""
        return cls(
            id=row.id,
            version=row.version,
            code=row.code,
            name=row.name,
            currency=row.currency,
            parent=row.parent.code if row.parent else None,
            percent=count(row.percent),
            prices_include_tax=row.prices_include_tax,
            is_active=row.is_active,
        )


class PriceListPage(Output):
    """A page of price lists, by code."""

    results: list[PriceListOutput]
    next: str | None


class PriceInput(Input):
    """A price from ``min_quantity`` base units on, between two days, both included."""

    sku: Reference
    min_quantity: QuantityOrNone = Decimal(0)
    unit_price: UnitPrice
    valid_from: Day | None = None
    valid_to: Day | None = None


class CustomerPriceInput(PriceInput):
    """A price agreed with a customer."""

    customer: Reference


class PriceQuery(ListQuery):
    """Which prices."""

    sku: Reference | None = None


class CustomerPriceQuery(PriceQuery):
    """Which agreed prices."""

    customer: Reference | None = None


class PriceRow(Output):
    """A price."""

    id: int
    sku: str
    currency: str
    min_quantity: Count
    unit_price: Money
    valid_from: str | None
    valid_to: str | None

    @classmethod
    def of_list(cls, row: ListPrice) -> PriceRow:
        """A row of a list, loaded with list and variant."""
        return cls(**_row(row, row.price_list.currency))


class CustomerPriceRow(PriceRow):
    """A price agreed with a customer."""

    customer: str

    @classmethod
    def of_customer(cls, row: CustomerPrice) -> CustomerPriceRow:
        """The agreement, loaded with customer and variant."""
        return cls(**_row(row, row.customer.currency), customer=row.customer.code)


class PricePage(Output):
    """A page of a list's prices."""

    results: list[PriceRow]
    next: str | None


class CustomerPricePage(Output):
    """A page of agreed prices."""

    results: list[CustomerPriceRow]
    next: str | None


class ItemPriceQuery(Input):
    """What ``quantity`` base units of an item cost a customer on a day, by a list named or the customer's own."""

    sku: Reference
    customer: Reference
    quantity: Quantity = Decimal(1)
    price_list: Reference | None = None
    on: Day | None = None


class ItemPrice(Output):
    """The price of a base unit and how it came about, null when there is none; gross with ``includes_tax``."""

    unit_price: Money | None
    currency: str
    source: str | None
    includes_tax: bool
    derivation: list[StepOutput]

    @classmethod
    def of(cls, found: Price) -> ItemPrice:
        """The service's answer."""
        return cls(
            unit_price=price(found.unit_price, found.currency),
            currency=found.currency,
            source=found.source,
            includes_tax=found.includes_tax,
            derivation=[StepOutput.of(step.as_dict(), found.currency) for step in found.derivation],
        )


def _row(row: ListPrice | CustomerPrice, currency: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "sku": row.variant.sku,
        "currency": currency,
        "min_quantity": count(row.min_quantity),
        "unit_price": price(row.unit_price, currency),
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }
