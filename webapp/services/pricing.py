"""Prices of lines, with their derivation: the reading services of the seed, and the set-based one under them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.amounts import LineTotal
from webapp.domain.permissions import Role
from webapp.domain.pricing import (
    Candidate,
    DerivedPrice,
    DiscountCheck,
    PriceStep,
    Source,
    check_discount,
    derive_price,
)
from webapp.domain.promotions import Sale, promote, with_promotions
from webapp.domain.totals import calculate_line
from webapp.models import Customer, CustomerPrice, ListPrice, PriceList, Variant
from webapp.queries.promotion_rules import live_rules
from webapp.services.company import the_company, today


@dataclass(frozen=True, slots=True)
class Price:
    """A unit price in the customer's currency and how it came about; ``unit_price`` None means none was found."""

    unit_price: Decimal | None
    currency: str
    source: str | None
    derivation: tuple[PriceStep, ...]
    includes_tax: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be priced: a variant and how many base units of it."""

    variant: Variant
    quantity: Decimal


def get_item_price(
    item_variant: Variant,
    customer: Customer,
    quantity: Decimal,
    price_list_id: int | None = None,
    *,
    on: date | None = None,
) -> Price:
    """The price of ``quantity`` base units for ``customer``, per base unit, on ``on`` (default: today).

    After the promotions that count for these units alone; what needs a coupon or further lines does not.
    """
    day = on or today()
    (listed,) = price_all(customer, [Wanted(item_variant, quantity)], on=day, price_list_id=price_list_id)
    live = live_rules(customer, {item_variant.id}, on=day)
    sale = Sale(item_variant.id, live.categories.get(item_variant.id), quantity, listed.unit_price)
    promoted = promote([sale], live.rules, on=day, currency=customer.currency)
    derived = with_promotions(listed, promoted.lines[0])
    source = derived.source.value if derived.source else None
    return Price(derived.unit_price, customer.currency, source, derived.derivation, derived.includes_tax)


def calculate_line_total(
    unit_price: Decimal,
    quantity: Decimal,
    discount_percent: Decimal,
    tax_percent: Decimal,
    *,
    currency: str | None = None,
) -> LineTotal:
    """Amounts of one line on its own; without ``currency`` in the company's base currency."""
    return calculate_line(
        unit_price, quantity, discount_percent, tax_percent, currency=currency or the_company().base_currency
    )


def validate_discount(discount_percent: Decimal, max_discount: Decimal, user_role: Role | str) -> DiscountCheck:
    """Whether somebody of ``user_role`` with that maximum may give the discount without asking."""
    return check_discount(discount_percent, max_discount, user_role)


def price_all(
    customer: Customer, wanted: Sequence[Wanted], *, on: date, price_list_id: int | None = None
) -> list[DerivedPrice]:
    """Price many variants at once, in as many statements as for one."""
    variant_ids = {one.variant.id for one in wanted}
    agreed = _customer_prices(customer, variant_ids)
    listed = _list_prices(price_list_id or _price_list_of(customer), variant_ids)
    base_currency = the_company().base_currency
    return [
        derive_price(
            [
                *agreed[one.variant.id],
                *listed[one.variant.id],
                *_base_price(one.variant, base_currency),
            ],
            quantity=one.quantity,
            on=on,
            currency=customer.currency,
        )
        for one in wanted
    ]


def prices_include_tax(customer: Customer) -> bool:
    """Whether documents of ``customer`` state prices with tax: as their price list does, which is the customer's own,
    else the group's, else the company's."""
    list_id = _price_list_of(customer)
    price_list = None if list_id is None else db.session.get(PriceList, list_id)
    return price_list is not None and price_list.is_active and price_list.prices_include_tax


def _price_list_of(customer: Customer) -> int | None:
    group_list = customer.group.price_list_id if customer.group else None
    return customer.price_list_id or group_list or the_company().default_price_list_id


AGREED = select(CustomerPrice).where(
    CustomerPrice.customer_id == bindparam("customer_id"),
    CustomerPrice.variant_id.in_(bindparam("variant_ids", expanding=True)),
)


def _customer_prices(customer: Customer, variant_ids: Iterable[int]) -> dict[int, list[Candidate]]:
    rows = db.session.scalars(AGREED, {"customer_id": customer.id, "variant_ids": set(variant_ids)})
    found: dict[int, list[Candidate]] = defaultdict(list)
    for row in rows:
        found[row.variant_id].append(_candidate(row, Source.CUSTOMER, f"Price agreed with {customer.name}"))
    return found


def _list_prices(price_list_id: int | None, variant_ids: Iterable[int]) -> dict[int, list[Candidate]]:
    if price_list_id is None:
        return defaultdict(list)
    rows = db.session.scalars(
        select(ListPrice)
        .join(ListPrice.price_list)
        .where(
            ListPrice.price_list_id == price_list_id,
            ListPrice.variant_id.in_(set(variant_ids)),
            PriceList.is_active,
        )
        .options(joinedload(ListPrice.price_list))
    )
    found: dict[int, list[Candidate]] = defaultdict(list)
    for row in rows:
        label = f"Price list {row.price_list.name}"
        candidate = _candidate(row, Source.LIST, label, row.price_list.currency)
        found[row.variant_id].append(replace(candidate, includes_tax=row.price_list.prices_include_tax))
    return found


def _candidate(row: CustomerPrice | ListPrice, source: Source, label: str, currency: str | None = None) -> Candidate:
    return Candidate(
        rule_id=row.id,
        source=source,
        label=label,
        unit_price=row.unit_price,
        min_quantity=row.min_quantity,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        currency=currency,
    )


def _base_price(variant: Variant, base_currency: str) -> list[Candidate]:
    if variant.base_price is None:
        return []
    return [Candidate(variant.id, Source.BASE, "Base price", variant.base_price, currency=base_currency)]
