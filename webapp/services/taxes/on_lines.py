"""Which tax a line gets: the item's code, turned by the customer's tax class and country, at the rates of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.db import db
from webapp.domain.errors import BadInput
from webapp.domain.taxes.parts import TaxPart, uncharged
from webapp.models import Order, OrderCharge, OrderLine, TaxClassRule, TaxCode
from webapp.queries.taxes.codes import WITH_RATES


@dataclass(frozen=True, slots=True)
class LineTax:
    """A line's tax: code, EN 16931 category, rate in percent, the taxes it is made of if they are several.

    ``own_percent`` is the rate of the item's own code, which gross prices of lists contain.
    """

    code: TaxCode
    category: str
    percent: Decimal
    parts: tuple[TaxPart, ...]
    own_percent: Decimal


def taxes_for(tax_class: str, country: str, item_code_ids: Iterable[int], *, on: date) -> dict[int, LineTax]:
    """For each item tax code what a customer of ``tax_class`` is charged in ``country`` on ``on``; two statements.

    A rule of the country goes before one for every country.
    """
    wanted = set(item_code_ids)
    turned = _turned(tax_class, country, wanted)
    codes = codes_with_rates({*turned.values(), *wanted})
    found = {}
    for code_id in wanted:
        code = codes[turned.get(code_id, code_id)]
        found[code_id] = LineTax(
            code, code.category, code.rate_on(on), code.parts_on(on), own_percent=codes[code_id].rate_on(on)
        )
    return found


def taxes_of(order: Order, item_code_ids: Iterable[int]) -> dict[int, LineTax]:
    """What the order's customer is charged where it is delivered to, on the order's tax day."""
    return taxes_for(order.tax_class, country_of(order), item_code_ids, on=tax_day(order))


def tax_day(order: Order) -> date:
    """The day whose rates the order shows: the requested one, otherwise its own."""
    return order.requested_date or order.order_date


def country_of(order: Order) -> str:
    """Where the order is delivered to; empty when its address does not say."""
    return str(order.shipping_address.get("country") or "").upper()


def deliver_to(order: Order, address: Mapping[str, Any]) -> None:
    """Take another address of delivery; another country may have other tax, while prices stay."""
    before = country_of(order)
    order.shipping_address = dict(address)
    if country_of(order) != before:
        retax(order)


def give_tax(part: OrderLine | OrderCharge, tax: LineTax) -> None:
    """Write code, category and rates of a tax on a line or charge; its amounts come with the totals."""
    part.tax_code_id = tax.code.id
    part.tax_category = tax.category
    part.tax_percent = tax.percent
    part.tax_parts = uncharged(tax.parts)


def retax(order: Order) -> None:
    """Choose the tax of every line and charge anew, by the order's tax class, country and day; prices stay."""
    named = {charge: charge.named_tax_code_id or charge.tax_code_id for charge in order.charges}
    taxes = taxes_of(order, {*(line.variant.tax_code_id for line in order.lines), *named.values()})
    for line in order.lines:
        give_tax(line, taxes[line.variant.tax_code_id])
    for charge, code_id in named.items():
        give_tax(charge, taxes[code_id])


def codes_with_rates(code_ids: Iterable[int]) -> dict[int, TaxCode]:
    """Tax codes by id, with every rate they ask for, in one statement."""
    found = select(TaxCode).where(TaxCode.id.in_(set(code_ids))).options(*WITH_RATES)
    return {code.id: code for code in db.session.scalars(found).unique()}


def tax_code_named(code: str, *, field: str = "tax_code") -> TaxCode:
    """The tax code called ``code``. Raises BadInput."""
    found = db.session.scalars(select(TaxCode).where(TaxCode.code == code)).one_or_none()
    if found is None:
        raise BadInput(f"There is no tax code {code}.", field=field)
    return found


def _turned(tax_class: str, country: str, code_ids: set[int]) -> dict[int, int]:
    """By item tax code the code that a rule turns it into; the country's own rules come last and so count."""
    rows = db.session.execute(
        select(TaxClassRule.item_tax_code_id, TaxClassRule.tax_code_id)
        .where(
            TaxClassRule.tax_class == tax_class,
            TaxClassRule.country.in_({"", country}),
            TaxClassRule.item_tax_code_id.in_(code_ids),
        )
        .order_by(TaxClassRule.country)
    )
    return dict(rows.all())
