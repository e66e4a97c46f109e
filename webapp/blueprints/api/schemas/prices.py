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
from webapp.domain.permissions import Permission
from webapp.domain.pricing.lists import Basis, Rounding
from webapp.models import CustomerPrice, ListPrice, PriceList, User
from webapp.services.pricing.derivation import Price


class PriceListInput(Input):
    """A new list. What it does not name comes from its ``basis``, changed by ``percent`` (-10 is 10 % less).

    ``basis``: ROWS (nothing, so the base price counts), LIST (the ``parent``), BASE (the base prices) or COST (the
    average cost); without it a list with a parent is LIST, one with a percentage BASE, any other ROWS. With a
    ``rounding_step`` these prices take an ending: ``rounding_ending`` 0.99 in steps of 1 gives 0.99, 1.99, …, UP to the
    next one or to the NEAREST. No price falls below cost plus ``floor_over_cost_percent`` or rises above cost plus
    ``cap_over_cost_percent``, where the cost is known. A list that is not ``is_active`` is a draft: no order uses it.
    """

    code: Code
    name: Code
    currency: Word
    basis: Word | None = None
    parent: Reference | None = None
    percent: Change = Decimal(0)
    prices_include_tax: Flag = False
    rounding: Word = Rounding.UP.value
    rounding_step: UnitPrice | None = None
    rounding_ending: UnitPrice = Decimal(0)
    floor_over_cost_percent: Change | None = None
    cap_over_cost_percent: Change | None = None
    is_active: Flag = True


class PriceListOutput(Output):
    """A price list. What it adds to cost is null for those who may not see costs."""

    id: int
    version: int
    code: str
    name: str
    currency: str
    basis: Basis
    parent: str | None
    percent: Count | None
    prices_include_tax: bool
    rounding: Rounding
    rounding_step: Money | None
    rounding_ending: Money | None
    floor_over_cost_percent: Count | None
    cap_over_cost_percent: Count | None
    is_active: bool

    @classmethod
    def of(cls, row: PriceList, user: User) -> PriceListOutput:
        """The list, loaded with its parent."""
        sees_costs = user.can(Permission.COSTS_READ)

        def of_cost(percent: Decimal | None) -> Any:
            return count(percent) if sees_costs and percent is not None else None

        return cls(
            id=row.id,
            version=row.version,
            code=row.code,
            name=row.name,
            currency=row.currency,
            basis=row.basis,
            parent=row.parent.code if row.parent else None,
            percent=of_cost(row.percent) if row.basis is Basis.COST else count(row.percent),
            prices_include_tax=row.prices_include_tax,
            rounding=row.rounding,
            rounding_step=price(row.rounding_step, row.currency),
            rounding_ending=price(row.rounding_ending, row.currency),
            floor_over_cost_percent=of_cost(row.floor_over_cost_percent),
            cap_over_cost_percent=of_cost(row.cap_over_cost_percent),
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
