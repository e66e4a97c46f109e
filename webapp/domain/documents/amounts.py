"""What a document is totalled from, and the amounts that come out: plain values, the arithmetic is in ``totals``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from webapp.domain.constants import ONE, ZERO
from webapp.domain.taxes.parts import PartAmount, TaxPart


class TaxRounding(StrEnum):
    """Where tax is rounded: once per category, rate and name of the document, or on each line."""

    DOCUMENT = "DOCUMENT"
    LINE = "LINE"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line to be totalled. ``quantity`` in base units, ``unit_price`` for ``price_base`` of them, percentages as 5
    for 5 %; ``charges`` and ``allowances`` are amounts of this line alone. ``tax_parts`` are the taxes that the rate
    stands for, where it is made of several."""

    line_number: int
    sku: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    tax_category: str
    tax_percent: Decimal
    price_base: Decimal = ONE
    tax_code: str = ""
    charges: Decimal = ZERO
    allowances: Decimal = ZERO
    tax_parts: tuple[TaxPart, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentCharge:
    """A fixed amount on the whole document, such as freight; a negative one is an allowance. It is not spread."""

    description: str
    amount: Decimal
    tax_category: str
    tax_percent: Decimal
    tax_code: str = ""
    tax_parts: tuple[TaxPart, ...] = ()


@dataclass(frozen=True, slots=True)
class LineTotal:
    """Amounts of one line on its own, in its currency."""

    subtotal: Decimal
    discount_amount: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """Amounts of one line of a document; ``net_amount`` is after its share of the order discount.

    ``line_charges`` is charges less allowances of the line. On a document whose prices include tax, all but
    ``net_amount`` and ``tax_amount`` are gross.
    """

    line_number: int
    subtotal: Decimal
    discount_amount: Decimal
    order_discount_share: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    total: Decimal
    tax_category: str = "S"
    tax_percent: Decimal = ZERO
    line_charges: Decimal = ZERO
    tax_parts: tuple[PartAmount, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargeAmounts:
    """Amounts of one document charge (negative: allowance)."""

    net_amount: Decimal
    tax_amount: Decimal
    total: Decimal
    tax_category: str = "S"
    tax_percent: Decimal = ZERO
    tax_parts: tuple[PartAmount, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What is taxed, and the tax on it, for one category and rate; of several taxes on a line each has its ``name``.

    What is taxed by a tax on tax includes the taxes before it.
    """

    category: str
    percent: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    name: str = ""


@dataclass(frozen=True, slots=True)
class DocumentTotals:
    """All amounts of a document in ``currency``. ``payable = total - prepaid + rounding``.

    ``subtotal``, ``line_discount_total``, ``order_discount_amount`` and ``charges_total`` are sums of what was entered
    (gross where prices include tax); the taxes are ordered by falling rate.
    """

    lines: tuple[LineAmounts, ...]
    charges: tuple[ChargeAmounts, ...]
    taxes: tuple[TaxTotal, ...]
    subtotal: Decimal
    line_discount_total: Decimal
    order_discount_amount: Decimal
    charges_total: Decimal
    net_total: Decimal
    tax_total: Decimal
    total: Decimal
    payable: Decimal
    currency: str = "EUR"
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT
    prices_include_tax: bool = False
    prepaid: Decimal = ZERO
    rounding: Decimal = ZERO
