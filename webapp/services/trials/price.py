"""Trying a price before anybody pays it: one item for one customer, by the rules as they are or with a draft added.

It only reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, select

from webapp.db import db
from webapp.domain.constants import ZERO
from webapp.domain.documents.amounts import LineTotal
from webapp.domain.errors import BadInput
from webapp.domain.money import PRICE_SCALE, round_half_up
from webapp.domain.pricing.derivation import DerivedPrice
from webapp.domain.pricing.gross import in_kind
from webapp.domain.promotions.choice import Sale, promote, with_promotions
from webapp.models import AddressKind, Customer, Promotion, Variant
from webapp.queries.promotions.rules import live_rules
from webapp.services.company import the_company
from webapp.services.orders.line_preview import amounts_alone
from webapp.services.orders.lines import in_base_units
from webapp.services.orders.promotions import read_coupon
from webapp.services.pricing.derivation import Wanted, gift_prices, price_all, prices_include_tax
from webapp.services.taxes.on_lines import LineTax, taxes_for


@dataclass(frozen=True, slots=True)
class FreeItem:
    """What would come free: the item and how many base units of it."""

    variant: Variant
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class PriceTrial:
    """What a line would come to; ``unit_price`` is for one ``unit``, None when the rules give none."""

    customer: Customer
    variant: Variant
    quantity: Decimal
    unit: str
    day: date
    derived: DerivedPrice
    unit_price: Decimal | None
    includes_tax: bool
    amounts: LineTotal | None
    free: Sequence[FreeItem]


def try_price(
    customer: Customer,
    variant: Variant,
    quantity: Decimal,
    *,
    on: date,
    unit: str | None = None,
    price_list_id: int | None = None,
    tried: str | None = None,
    coupon: str | None = None,
) -> PriceTrial:
    """The price of ``quantity`` (in ``unit``) on the day ``on``, with its derivation.

    ``tried`` is the code of a promotion that counts as if it were published and valid that day; ``coupon`` lets its
    promotion count. Raises BadInput for a unit, a promotion or a coupon that is not there.
    """
    base, factor = in_base_units(variant, quantity, unit)
    (listed,) = price_all(customer, [Wanted(variant, base)], on=on, price_list_id=price_list_id)
    tax, gross = _tax(customer, variant, on), prices_include_tax(customer)
    listed = in_kind(listed, include_tax=gross, own_percent=tax.own_percent, charged_percent=tax.percent)
    live = live_rules(customer, {variant.id}, on=on, tried=[*_tried(tried), *_behind(coupon)])
    sale = Sale(variant.id, live.categories.get(variant.id), base, listed.unit_price)
    gifts = gift_prices(customer, live.rules, on=on)
    found = promote([sale], live.rules, on=on, currency=customer.currency, prices=gifts)
    derived = with_promotions(listed, found.lines[0])
    unit_price = None if derived.unit_price is None else round_half_up(derived.unit_price * factor, PRICE_SCALE)
    amounts = None
    if unit_price is not None:
        amounts = amounts_alone(
            unit_price, base / factor, ZERO, tax, currency=customer.currency,
            tax_rounding=the_company().tax_rounding, included=gross,
        )  # fmt: skip
    return PriceTrial(
        customer=customer,
        variant=variant,
        quantity=base / factor,
        unit=unit or variant.unit,
        day=on,
        derived=derived,
        unit_price=unit_price,
        includes_tax=gross,
        amounts=amounts,
        free=[FreeItem(_variant(goods.variant_id, variant), goods.quantity) for goods in found.free],
    )


def _tax(customer: Customer, variant: Variant, on: date) -> LineTax:
    delivery = customer.address(AddressKind.SHIPPING)
    taxes = taxes_for(customer.tax_class, delivery.country if delivery else "", {variant.tax_code_id}, on=on)
    return taxes[variant.tax_code_id]


def _tried(code: str | None) -> list[int]:
    return _the_one(Promotion.code == code, f"There is no promotion {code}.", "tried") if code else []


def _behind(coupon: str | None) -> list[int]:
    return (
        _the_one(Promotion.coupon == read_coupon(coupon), f"There is no coupon {coupon}.", "coupon") if coupon else []
    )


def _the_one(condition: ColumnElement[bool], sentence: str, field: str) -> list[int]:
    found = db.session.scalar(select(Promotion.id).where(condition))
    if found is None:
        raise BadInput(sentence, field=field)
    return [found]


def _variant(variant_id: int, asked: Variant) -> Variant:
    return asked if variant_id == asked.id else db.session.get_one(Variant, variant_id)
