"""Prices of lines, with their derivation: the reading services of the seed, and the set-based one under them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from webapp.db import db
from webapp.db.many_rows import among
from webapp.domain.documents.amounts import LineTotal
from webapp.domain.documents.totals import calculate_line
from webapp.domain.permissions import Role
from webapp.domain.pricing.derivation import (
    Candidate,
    DerivedPrice,
    DiscountCheck,
    PriceStep,
    Source,
    check_discount,
    derive_price,
)
from webapp.domain.pricing.lists import Goods, ListRule, list_candidates, list_notes, out_of_use
from webapp.domain.promotions.choice import Sale, promote, with_promotions
from webapp.domain.promotions.terms import Benefit, PromotionRule
from webapp.models import Customer, CustomerPrice, ListPrice, Variant
from webapp.queries.pricing.list_choice import all_lists, chain_of, list_for
from webapp.queries.promotions.rules import live_rules
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
    gifts = gift_prices(customer, live.rules, on=day)
    promoted = promote([sale], live.rules, on=day, currency=customer.currency, prices=gifts)
    derived = with_promotions(listed, promoted.lines[0])
    source = derived.source.value if derived.source else None
    return Price(derived.unit_price, customer.currency, source, derived.told, derived.includes_tax)


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
    """Price many variants at once, in as many statements as for one, however many lists rest on each other."""
    variant_ids = {one.variant.id for one in wanted}
    ours = the_company()  # held, so that the choice of the list finds it without asking again
    lists = all_lists()
    chosen = lists.get(price_list_id) if price_list_id else list_for(customer, lists).rule
    chain = chain_of(chosen, lists) if chosen and chosen.is_active else ()
    book = _Book(
        on=on,
        currency=customer.currency,
        base_currency=ours.base_currency,
        agreed=_customer_prices(customer, variant_ids),
        chain=chain,
        named=_list_prices(chain, variant_ids),
        notes=[out_of_use(chosen)] if chosen and not chain else [],
    )
    return [book.price(one) for one in wanted]


def gift_prices(customer: Customer, rules: Iterable[PromotionRule], *, on: date) -> dict[int, Decimal]:
    """What the lists ask for one of each item that may come free with another: by it promotions are weighed."""
    wanted = {rule.free_variant for rule in rules if rule.benefit is Benefit.FREE_GOODS and rule.free_variant}
    if not wanted:
        return {}
    variants = db.session.scalars(select(Variant).where(Variant.id.in_(wanted))).all()
    prices = price_all(customer, [Wanted(variant, Decimal(1)) for variant in variants], on=on)
    return {
        variant.id: derived.unit_price
        for variant, derived in zip(variants, prices, strict=True)
        if derived.unit_price is not None
    }


def prices_include_tax(customer: Customer) -> bool:
    """Whether documents of ``customer`` state prices with tax: as the list that counts for the customer does."""
    rule = list_for(customer, all_lists()).rule
    return rule is not None and rule.prices_include_tax


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything that may price some variants for a customer on a day: candidates by variant, rows also by list."""

    on: date
    currency: str
    base_currency: str
    agreed: Mapping[int, Sequence[Candidate]]
    chain: Sequence[ListRule]
    named: Mapping[int, Mapping[int, Sequence[Candidate]]]
    notes: Sequence[PriceStep]

    def price(self, one: Wanted) -> DerivedPrice:
        """The price of one of them."""
        goods = self._goods(one.variant)
        candidates = list(self.agreed.get(one.variant.id, ()))
        notes = self.notes
        if self.chain:
            candidates += list_candidates(self.chain, goods)
            notes = list_notes(self.chain, goods)
        if goods.base:
            candidates.append(goods.base)
        return derive_price(candidates, quantity=one.quantity, on=self.on, currency=self.currency, notes=notes)

    def _goods(self, variant: Variant) -> Goods:
        base = None
        if variant.base_price is not None:
            base = Candidate(variant.id, Source.BASE, "Base price", variant.base_price, currency=self.base_currency)
        costs_compare = bool(self.chain) and self.chain[0].currency == self.base_currency
        return Goods(self.named.get(variant.id, {}), base, variant.average_cost if costs_compare else None)


AGREED = select(
    CustomerPrice.variant_id, CustomerPrice.id, CustomerPrice.unit_price, CustomerPrice.min_quantity,
    CustomerPrice.valid_from, CustomerPrice.valid_to,
).where(
    CustomerPrice.customer_id == bindparam("customer_id"),
    among(CustomerPrice.variant_id, "variant_ids"),
)  # fmt: skip
NAMED = select(
    ListPrice.variant_id, ListPrice.id, ListPrice.unit_price, ListPrice.min_quantity, ListPrice.valid_from,
    ListPrice.valid_to, ListPrice.price_list_id,
).where(
    among(ListPrice.price_list_id, "list_ids"),
    among(ListPrice.variant_id, "variant_ids"),
)  # fmt: skip


def _customer_prices(customer: Customer, variant_ids: set[int]) -> dict[int, list[Candidate]]:
    label = f"Price agreed with {customer.name}"
    found: dict[int, list[Candidate]] = defaultdict(list)
    for row in db.session.execute(AGREED, {"customer_id": customer.id, "variant_ids": variant_ids}):
        found[row[0]].append(_candidate(row, Source.CUSTOMER, label))
    return found


def _list_prices(chain: Sequence[ListRule], variant_ids: set[int]) -> dict[int, dict[int, list[Candidate]]]:
    """The rows of all lists of a chain, by variant and list."""
    found: dict[int, dict[int, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    if not chain:
        return found
    rules = {rule.id: rule for rule in chain}
    for row in db.session.execute(NAMED, {"list_ids": set(rules), "variant_ids": variant_ids}):
        rule = rules[row[6]]
        one = _candidate(row, Source.LIST, rule.label, rule.currency)
        found[row[0]][rule.id].append(one._replace(includes_tax=True) if rule.prices_include_tax else one)
    return found


def _candidate(row: Sequence[Any], source: Source, label: str, currency: str | None = None) -> Candidate:
    _, rule_id, unit_price, min_quantity, valid_from, valid_to, *_ = row
    return Candidate(rule_id, source, label, unit_price, min_quantity, valid_from, valid_to, currency)
