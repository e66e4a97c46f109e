"""A document to be totalled without being stored, in the words of EN 16931: its parts, and what they come to."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from webapp.blueprints.api.schemas.base import NUMBER, Amount, Flag, Input, Money, Output, Percent, Text, Word
from webapp.domain import numbers
from webapp.domain.constants import ZERO
from webapp.domain.documents.totals import DocumentCharge, DocumentLine, TaxTotal
from webapp.domain.errors import BadInput
from webapp.domain.importing.fields import refuse_all
from webapp.domain.money import is_whole_minor, plain
from webapp.domain.numbers import tidy
from webapp.domain.taxes.categories import check_rate
from webapp.services.trials.totals import TrialTotals
from webapp.web import json as wire

CATEGORY = r"^[A-Z]{1,3}$"
LONGEST_DOCUMENT = 5000


def _category(value: Any, *, field: str) -> str:
    found = wire.text(value, field=field, max_length=10, required=True)
    if not re.fullmatch(CATEGORY, found):
        raise BadInput(f"{numbers.label(field)} must be one to three capital letters, like S or AE.", field=field)
    return found


Category = Annotated[str, wire.parsed_by(_category), WithJsonSchema({"type": "string", "pattern": CATEGORY})]
"""A tax category of UNTDID 5305, such as S, Z, E, AE, K, G or O."""

Figure = Annotated[
    Decimal,
    wire.number_by(numbers.parse_figure),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": NUMBER}]}),
]
"""A number of any sign with up to 20 decimals."""

BaseQuantity = Annotated[
    Decimal,
    wire.number_by(numbers.parse_positive_figure),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": NUMBER}]}),
]
"""A number above 0 with up to 20 decimals."""

# --- in --------------------------------------------------------------------------------------------------------------


class Told(Input):
    """A part of the document; its names are written as in EN 16931's own data."""

    model_config = ConfigDict(alias_generator=to_camel)


class LineAdjustment(Told):
    """An allowance or charge of one line. ``amount`` counts; what it was computed from is not computed again."""

    amount: Amount
    base: Figure | None = None
    percent: Figure | None = None
    reason: Text = ""
    reason_code: Word = ""


class DocumentAdjustment(LineAdjustment):
    """An allowance or charge of the whole document, with its own tax; without a rate it is 0."""

    tax_category: Category
    tax_rate: Percent = ZERO


class TrialLine(Told):
    """A line: ``quantity`` at ``netPrice`` for ``priceBaseQuantity`` units; without a rate its tax is 0.

    ``netPrice`` counts; the gross price and its discount, and whether the line has lines below it, change nothing.
    """

    id: Word = ""
    quantity: Figure
    unit: Word = ""
    net_price: Figure
    price_base_quantity: BaseQuantity = Decimal(1)
    gross_price: Figure | None = None
    price_discount: Figure | None = None
    tax_category: Category
    tax_rate: Percent = ZERO
    allowances: list[LineAdjustment] = Field(default=[], max_length=LONGEST_DOCUMENT)
    charges: list[LineAdjustment] = Field(default=[], max_length=LONGEST_DOCUMENT)
    has_sub_lines: Flag = False


class TrialDocument(Told):
    """A document; without ``currency`` in the company's base currency. ``prepaid`` is taken off what is to be paid."""

    currency: Word = ""
    lines: list[TrialLine] = Field(min_length=1, max_length=LONGEST_DOCUMENT)
    allowances: list[DocumentAdjustment] = Field(default=[], max_length=LONGEST_DOCUMENT)
    charges: list[DocumentAdjustment] = Field(default=[], max_length=LONGEST_DOCUMENT)
    prepaid: Amount = ZERO
    rounding: Amount = ZERO

    def check(self, currency: str) -> None:
        """Raise BadInput with a sentence for every amount that ``currency`` cannot pay and every rate that cannot be.

        Which decimals an amount may have is known with the currency only.
        """
        refuse_all(dict(self._wrong_amounts(currency)) | dict(self._wrong_rates()))

    def document_lines(self) -> list[DocumentLine]:
        """The lines, as documents are totalled."""
        return [
            DocumentLine(
                line_number=number,
                sku=line.id,
                quantity=line.quantity,
                unit_price=line.net_price,
                discount_percent=ZERO,
                tax_category=line.tax_category,
                tax_percent=line.tax_rate,
                price_base=line.price_base_quantity,
                charges=_sum(line.charges),
                allowances=_sum(line.allowances),
            )
            for number, line in enumerate(self.lines, 1)
        ]

    def document_charges(self) -> list[DocumentCharge]:
        """The charges and, as negative ones, the allowances."""
        return [
            DocumentCharge(one.reason, sign * one.amount, one.tax_category, one.tax_rate)
            for sign, adjustments in ((1, self.charges), (-1, self.allowances))
            for one in adjustments
        ]

    def _adjusted(self) -> list[tuple[str, LineAdjustment]]:
        """Every allowance and charge with its path."""
        holders: list[tuple[str, TrialDocument | TrialLine]] = [("", self)]
        holders += [(f"lines.{place}.", line) for place, line in enumerate(self.lines)]
        return [
            (f"{path}{kind}.{place}", one)
            for path, holder in holders
            for kind, adjustments in (("allowances", holder.allowances), ("charges", holder.charges))
            for place, one in enumerate(adjustments)
        ]

    def _wrong_amounts(self, currency: str) -> list[tuple[str, str]]:
        amounts = [("prepaid", self.prepaid), ("rounding", self.rounding)]
        amounts += [(f"{path}.amount", one.amount) for path, one in self._adjusted()]
        return [
            (path, f"Amount must be a whole number of the smallest unit of {currency}.")
            for path, amount in amounts
            if not is_whole_minor(amount, currency)
        ]

    def _wrong_rates(self) -> list[tuple[str, str]]:
        taxed: list[tuple[str, TrialLine | DocumentAdjustment]] = [
            (f"lines.{place}", line) for place, line in enumerate(self.lines)
        ]
        taxed += [(path, one) for path, one in self._adjusted() if isinstance(one, DocumentAdjustment)]
        faults = ((path, check_rate(one.tax_category, one.tax_rate)) for path, one in taxed)
        return [(f"{path}.taxRate", fault) for path, fault in faults if fault]


def _sum(adjustments: list[LineAdjustment]) -> Decimal:
    return sum((one.amount for one in adjustments), ZERO)


# --- out -------------------------------------------------------------------------------------------------------------


class TrialTax(Output):
    """What is taxed, and the tax on it, in one category at one rate."""

    category: str
    rate: Money
    taxable: Money
    tax: Money

    @classmethod
    def of(cls, tax: TaxTotal, currency: str) -> TrialTax:
        """The tax, its amounts as strings."""
        return cls(
            category=tax.category,
            rate=f"{tidy(tax.percent):f}",
            taxable=plain(tax.net_amount, currency),
            tax=plain(tax.tax_amount, currency),
        )


class TrialDocumentTotals(Output):
    """What the document comes to. The tax in the accounting currency is there when its rate of today is known."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)

    line_net: list[Money]
    sum_line_net: Money
    allowance_total: Money
    charge_total: Money
    tax_exclusive: Money
    tax_total: Money
    tax_total_accounting_currency: Money | None = None
    tax_inclusive: Money
    payable: Money
    tax_breakdown: list[TrialTax]

    @classmethod
    def of(cls, document: TrialDocument, found: TrialTotals) -> TrialDocumentTotals:
        """The service's answer for the document."""
        totals, currency = found.totals, found.totals.currency
        nets = [line.net_amount for line in totals.lines]
        in_accounting_currency = (
            {}
            if found.tax_in_base_currency is None
            else {"tax_total_accounting_currency": plain(found.tax_in_base_currency, found.base_currency)}
        )
        return cls(
            line_net=[plain(net, currency) for net in nets],
            sum_line_net=plain(sum(nets, ZERO), currency),
            allowance_total=plain(_sum([*document.allowances]), currency),
            charge_total=plain(_sum([*document.charges]), currency),
            tax_exclusive=plain(totals.net_total, currency),
            tax_total=plain(totals.tax_total, currency),
            tax_inclusive=plain(totals.total, currency),
            payable=plain(totals.payable, currency),
            tax_breakdown=[TrialTax.of(tax, currency) for tax in totals.taxes],
            **in_accounting_currency,
        )
