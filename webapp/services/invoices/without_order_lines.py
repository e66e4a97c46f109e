"""What an invoice without an order is made of, as it was asked for, and the same read and checked field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from webapp.domain import numbers
from webapp.domain.constants import ONE
from webapp.domain.errors import BadInput
from webapp.domain.importing import fields
from webapp.domain.numbers import Number

LONGEST_INVOICE = 5000
MOST_ADJUSTMENTS = 20


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What one line is charged beside its price, net of tax; a negative amount is an allowance."""

    reason: str
    amount: Number


@dataclass(frozen=True, slots=True)
class FreeLine:
    """A service, a fee or goods: ``quantity`` (negative takes something back) at ``unit_price`` for ``price_base``."""

    description: str
    quantity: Number
    unit_price: Number
    tax_code: str
    unit: str = ""
    price_base: Number = ONE
    discount_percent: Number = Decimal(0)
    sku: str = ""
    adjustments: Sequence[Adjustment] = ()


@dataclass(frozen=True, slots=True)
class FreeCharge:
    """A charge on the whole invoice, such as freight, with a tax of its own; a negative amount is an allowance."""

    description: str
    amount: Number
    tax_code: str


@dataclass(frozen=True, slots=True)
class FreeInvoice:
    """An invoice without an order. ``customer`` is a code, amounts are in the customer's currency.

    The rates of tax are those of ``delivery_date`` (None: today). ``rounding`` is an amount agreed with the customer;
    without it the total is rounded to the coin of the currency, if it has one.
    """

    customer: str
    lines: Sequence[FreeLine]
    charges: Sequence[FreeCharge] = ()
    delivery_date: date | None = None
    rounding: Number | None = None


def _signed_quantity(value: Any, field: str) -> Decimal:
    return numbers.parse_signed_quantity(value, field=field)


def _tables(currency: str) -> tuple[fields.Table, fields.Table, fields.Table]:
    """The fields of a line, of an adjustment and of a charge."""

    def money(value: Any, field: str) -> Decimal:
        return numbers.parse_money(value, currency, field=field)

    line: fields.Table = {
        "description": fields.text(500, required=True),
        "quantity": _signed_quantity,
        "unit_price": fields.price,
        "tax_code": fields.text(fields.LONGEST_CODE, required=True),
        "unit": fields.text(20),
        "price_base": fields.optional(fields.quantity, ONE),
        "discount_percent": fields.optional(fields.percent, Decimal(0)),
        "sku": fields.text(100),
    }
    adjustment: fields.Table = {"reason": fields.text(200, required=True), "amount": money}
    charge: fields.Table = {
        "description": fields.text(200, required=True),
        "amount": money,
        "tax_code": fields.text(fields.LONGEST_CODE, required=True),
    }
    return line, adjustment, charge


def read(given: FreeInvoice, currency: str) -> FreeInvoice:
    """The same with clean texts and exact numbers. Raises BadInput with every wrong field by its path."""
    if not given.lines:
        raise BadInput("An invoice needs a line.", field="lines")
    if len(given.lines) + len(given.charges) > LONGEST_INVOICE:
        raise BadInput(f"An invoice has at most {LONGEST_INVOICE} lines.", field="lines")
    wrong: dict[str, str] = {}
    line_table, adjustment_table, charge_table = _tables(currency)
    lines = []
    for place, line in enumerate(given.lines):
        if len(line.adjustments) > MOST_ADJUSTMENTS:
            wrong[f"lines.{place}.adjustments"] = f"A line has at most {MOST_ADJUSTMENTS} charges and allowances."
        adjustments = [
            Adjustment(**_read(adjustment_table, asdict(one), f"lines.{place}.adjustments.{number}", wrong))
            for number, one in enumerate(line.adjustments)
        ]
        values = {name: getattr(line, name) for name in line_table}
        lines.append(FreeLine(**_read(line_table, values, f"lines.{place}", wrong), adjustments=adjustments))
    charges = [
        FreeCharge(**_read(charge_table, asdict(charge), f"charges.{place}", wrong))
        for place, charge in enumerate(given.charges)
    ]
    fields.refuse_all(wrong)
    rounding = None if given.rounding is None else numbers.parse_money(given.rounding, currency, field="rounding")
    return replace(given, lines=lines, charges=charges, rounding=rounding)


def _read(table: fields.Table, values: Mapping[str, Any], path: str, wrong: dict[str, str]) -> Mapping[str, Any]:
    """The values read; those that are wrong are noted under their path and stay as they were given."""
    found = dict(values)
    for name, reader in table.items():
        try:
            found[name] = reader(values[name], name)
        except BadInput as refusal:
            wrong[f"{path}.{name}"] = refusal.message
    return found


def tax_codes_named(given: FreeInvoice) -> Iterator[tuple[str, str]]:
    """Each tax code that is named, with the path of the field that names it."""
    for place, line in enumerate(given.lines):
        yield f"lines.{place}.tax_code", line.tax_code
    for place, charge in enumerate(given.charges):
        yield f"charges.{place}.tax_code", charge.tax_code
