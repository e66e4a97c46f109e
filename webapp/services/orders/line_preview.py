"""What a typed line would come to before it is added: price, discount, tax, stock, credit left. It only reads."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.approvals.margins import margin_percent
from webapp.domain.constants import ONE, ZERO
from webapp.domain.documents.amounts import DocumentTotals, LineTotal, TaxRounding
from webapp.domain.documents.cash import rounded_for_cash
from webapp.domain.documents.totals import DocumentLine, document_totals
from webapp.domain.money import PRICE_SCALE, round_half_up
from webapp.domain.orders.entry import Entry
from webapp.domain.permissions import Permission
from webapp.domain.pricing.derivation import DerivedPrice, effective_discount
from webapp.domain.promotions.choice import Sale, promote, with_promotions
from webapp.models import Order, User, Variant
from webapp.queries.approvals.authority import authority_over
from webapp.queries.approvals.facts import given_on_order
from webapp.queries.approvals.margins import base_rate
from webapp.queries.company import today
from webapp.queries.credit_control.exposure import standing_of
from webapp.queries.items.search import the_item
from webapp.queries.orders.amounts import document_charges
from webapp.queries.orders.sums import condensed_lines, quantities_elsewhere, sales_of
from webapp.queries.promotions.rules import live_rules
from webapp.queries.stock.free import free_for
from webapp.services.orders.lines import LineInput, in_base_units, in_order_kind
from webapp.services.pricing import derivation as pricing
from webapp.services.taxes.on_lines import LineTax, taxes_of


@dataclass(frozen=True, slots=True)
class EntryQuote:
    """One typed line, priced; ``unit_price`` is per unit entered and None when the rules give none."""

    variant: Variant
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    derived: DerivedPrice
    amounts: LineTotal | None
    totals: DocumentTotals | None
    given_percent: Decimal
    needs_approval: bool
    tax_percent: Decimal
    free: Decimal
    short: Decimal
    credit_left: Decimal | None
    margin: Decimal | None


def line_input(entry: Entry) -> LineInput:
    """What a typed line asks for. Raises Ambiguous, BadInput."""
    return LineInput(
        sku=the_item(entry.search).sku,
        quantity=ONE if entry.quantity is None else entry.quantity,
        unit=entry.unit,
        unit_price=entry.unit_price,
        discount_percent=entry.discount_percent or ZERO,
    )


def quote_entry(order: Order, entry: Entry, user: User) -> EntryQuote:
    """Price a typed line for an order without adding it. Raises Ambiguous, BadInput."""
    variant = the_item(entry.search)
    base, factor = in_base_units(variant, ONE if entry.quantity is None else entry.quantity, entry.unit)
    tax = taxes_of(order, {variant.tax_code_id})[variant.tax_code_id]
    (found,) = pricing.price_all(order.customer, [pricing.Wanted(variant, base)], on=order.order_date)
    derived = _promoted(order, in_order_kind(order, found, tax), variant, base)
    gave = None if derived.unit_price is None else round_half_up(derived.unit_price * factor, PRICE_SCALE)
    unit_price = gave if entry.unit_price is None else entry.unit_price
    discount = entry.discount_percent or ZERO
    amounts = totals = None
    given = ZERO
    if unit_price is not None:
        amounts = amounts_alone(
            unit_price, base / factor, discount, tax, currency=order.currency, tax_rounding=order.tax_rounding,
            included=order.prices_include_tax,
        )  # fmt: skip
        totals = _totals_with(order, unit_price, base / factor, discount, tax)
        given = effective_discount(unit_price, gave, discount, given_on_order(order))
    free = free_for(order.location_id, {variant.id}).get(variant.id, ZERO)
    return EntryQuote(
        variant=variant,
        quantity=base / factor,
        unit=entry.unit or variant.unit,
        unit_price=unit_price,
        derived=derived,
        amounts=amounts,
        totals=totals,
        given_percent=given,
        needs_approval=not authority_over([variant.id]).covers(user, variant.id, given),
        tax_percent=tax.percent,
        free=free,
        short=max(base - free, ZERO),
        credit_left=_credit_left(order, amounts),
        margin=_margin(order, variant, base, amounts) if user.can(Permission.COSTS_READ) else None,
    )


def _promoted(order: Order, derived: DerivedPrice, variant: Variant, quantity: Decimal) -> DerivedPrice:
    """The price after promotions, as they count on this order once the line is there."""
    customer, day, others = order.customer, order.order_date, list[Sale]()
    live = live_rules(customer, {variant.id}, on=day, order_id=order.id)
    over_lines = [rule for rule in live.rules if rule.over_lines]
    if any(rule.min_amount for rule in over_lines):  # amounts are not added up in SQL
        others = sales_of(order)
        live = live_rules(customer, {variant.id, *(one.variant_id for one in others)}, on=day, order_id=order.id)
    elsewhere = {} if others else quantities_elsewhere(order, over_lines)
    sale = Sale(variant.id, live.categories.get(variant.id), quantity, derived.unit_price)
    gifts = pricing.gift_prices(customer, live.rules, on=day)
    found = promote([sale, *others], live.rules, on=day, currency=order.currency, elsewhere=elsewhere, prices=gifts)
    return with_promotions(derived, found.lines[0])


def _totals_with(
    order: Order, unit_price: Decimal, quantity: Decimal, discount: Decimal, tax: LineTax
) -> DocumentTotals:
    """What the order comes to with the line; the number of its lines does not matter."""
    lines = condensed_lines(order)
    new = DocumentLine(
        len(lines) + 1, "", quantity, unit_price, discount, tax.category, tax.percent, tax_parts=tax.parts
    )
    totals = document_totals(
        [*lines, new],
        document_charges(order),
        currency=order.currency,
        order_discount_percent=order.order_discount_percent,
        tax_rounding=order.tax_rounding,
        prices_include_tax=order.prices_include_tax,
    )
    return rounded_for_cash(totals, order.rounding_unit)


def amounts_alone(
    unit_price: Decimal,
    quantity: Decimal,
    discount: Decimal,
    tax: LineTax,
    *,
    currency: str,
    tax_rounding: TaxRounding,
    included: bool,
) -> LineTotal:
    """What a line comes to on its own; ``included``: its price states the tax with it."""
    line = DocumentLine(1, "", quantity, unit_price, discount, tax.category, tax.percent, tax_parts=tax.parts)
    totals = document_totals([line], currency=currency, tax_rounding=tax_rounding, prices_include_tax=included)
    (one,) = totals.lines
    return LineTotal(one.subtotal, one.discount_amount, one.net_amount, one.tax_amount, one.total)


def _credit_left(order: Order, amounts: LineTotal | None) -> Decimal | None:
    day = today()
    limit = order.customer.limit_on(day)
    if limit is None:
        return None
    standing = standing_of(order.customer, day, excluding=order)
    more = amounts.total if amounts else ZERO
    return limit - standing.exposure.total - order.to_ship_amount - more


def _margin(order: Order, variant: Variant, quantity: Decimal, amounts: LineTotal | None) -> Decimal | None:
    rate = base_rate(order)
    if amounts is None or rate is None or variant.average_cost is None:
        return None
    return margin_percent(amounts.net_amount * rate, variant.average_cost * quantity)
