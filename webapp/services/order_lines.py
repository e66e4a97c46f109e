"""Lines of an order: finding what is sold, pricing and taxing it, all lines in as many statements as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.errors import BadInput, Refused
from webapp.domain.numbers import tidy
from webapp.domain.pricing import DerivedPrice, Source, type_over
from webapp.models import Item, Order, OrderCharge, OrderLine, TaxCode, User, Variant
from webapp.services import pricing
from webapp.services.taxing import taxes_for

LONGEST_ORDER = 5000


@dataclass(frozen=True, slots=True)
class LineInput:
    """What somebody asks for: ``quantity`` in ``unit`` (None: the base unit), a typed price or None for the rules'."""

    sku: str
    quantity: Decimal
    unit: str | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Sold:
    """A line input with what it means: the variant and the quantity in base units."""

    given: LineInput
    variant: Variant
    quantity: Decimal
    factor: Decimal


def append_lines(order: Order, inputs: Sequence[LineInput], *, actor: User) -> list[OrderLine]:
    """Add lines to an order that is loaded with its lines. Raises BadInput naming every line that is wrong."""
    if len(order.lines) + len(inputs) > LONGEST_ORDER:
        raise BadInput(f"An order has at most {LONGEST_ORDER} lines.", field="lines")
    sold = _understand(inputs)
    prices = _price(order, [(one.variant, one.quantity) for one in sold])
    taxes = taxes_for(order.tax_class, {one.variant.tax_code_id for one in sold}, on=_tax_day(order))
    first = max((line.line_number for line in order.lines), default=0) + 1
    lines = []
    for number, (one, derived) in enumerate(zip(sold, prices, strict=True), start=first):
        tax = taxes[one.variant.tax_code_id]
        line = OrderLine(
            line_number=number,
            variant=one.variant,
            item_name=one.variant.name,
            unit=one.given.unit or one.variant.unit,
            price_base=one.factor,
            quantity=one.quantity,
            discount_percent=one.given.discount_percent,
            tax_code_id=tax.code.id,
            tax_category=tax.category,
            tax_percent=tax.percent,
            **dict.fromkeys(COUNTERS, Decimal(0)),
        )
        set_price(line, derived, typed=one.given.unit_price, by=actor)
        lines.append(line)
    order.lines.extend(lines)
    return lines


COUNTERS = (
    "allocated_qty", "picked_qty", "packed_qty", "shipped_qty", "cancelled_qty", "returned_qty",
    "returned_unbilled_qty", "invoiced_qty", "drafted_qty", "credited_qty", "rebill_qty",
)  # fmt: skip


def set_price(line: OrderLine, derived: DerivedPrice, *, typed: Decimal | None, by: User) -> None:
    """Give a line its price: what the rules gave, or what ``by`` typed over it. ``by`` answers for its discount.

    Prices of the rules are per base unit; a line's price is per unit entered. Raises Refused when there is none.
    """
    gave = None if derived.unit_price is None else derived.unit_price * line.price_base
    if typed is None and gave is None:
        raise Refused(f"{line.item_name} has no price for this customer. Type one, or have a price set.")
    chosen = derived if typed is None else type_over(derived, typed, by.name)
    line.unit_price = gave if typed is None and gave is not None else typed or Decimal(0)
    line.derived_price = gave
    line.price_typed = typed is not None
    line.price_source = (chosen.source or Source.TYPED).value
    line.derivation = [step.as_dict() for step in chosen.told]
    answer_for(line, by)


def answer_for(line: OrderLine, user: User) -> None:
    """Make ``user`` the one whose maximum discount the line is measured by."""
    line.entered_by = user
    line.entered_limit = min(user.max_discount, Decimal(100))


def retax(order: Order) -> None:
    """Take the tax rates of the order's day anew for every line; the codes stay."""
    parts: list[OrderLine | OrderCharge] = [*order.lines, *order.charges]
    wanted = {part.tax_code_id for part in parts}
    codes = {code.id: code for code in db.session.scalars(select(TaxCode).where(TaxCode.id.in_(wanted)))}
    for part in parts:
        part.tax_percent = codes[part.tax_code_id].rate_on(_tax_day(order))


def reprice(order: Order, lines: Iterable[OrderLine], *, actor: User) -> None:
    """Ask the rules again for lines whose quantity or item changed; a typed price stays."""
    lines = list(lines)
    for line, derived in zip(lines, _price(order, [(line.variant, line.quantity) for line in lines]), strict=True):
        set_price(line, derived, typed=line.unit_price if line.price_typed else None, by=actor)


def in_base_units(variant: Variant, quantity: Decimal, unit: str | None) -> tuple[Decimal, Decimal]:
    """A quantity in base units, and the factor of its unit.

    Raises BadInput for a unit the variant does not come in, and for a part of what cannot be split.
    """
    factor = variant.factor_of(unit or variant.unit)
    if factor is None:
        raise BadInput(f"{variant.sku} does not come in {unit}.", field="unit")
    base = quantity * factor
    if base <= 0:
        raise BadInput("Quantity must be more than 0.", field="quantity")
    if base % variant.quantity_step:
        raise BadInput(
            f"{variant.sku} is sold in whole multiples of {tidy(variant.quantity_step):f} {variant.unit}; "
            f"{tidy(base):f} is not one.",
            field="quantity",
        )
    return base, factor


def find_variants(skus: Iterable[str]) -> dict[str, Variant]:
    """Active variants by SKU or barcode, as they were asked for."""
    wanted = set(skus)
    found = db.session.scalars(
        select(Variant)
        .where(or_(Variant.sku.in_(wanted), Variant.barcode.in_(wanted)))
        .options(joinedload(Variant.conversions), joinedload(Variant.item, innerjoin=True).load_only(Item.id))
    )
    by_code: dict[str, Variant] = {}
    for variant in found.unique():
        by_code[variant.sku] = variant
        if variant.barcode:
            by_code.setdefault(variant.barcode, variant)
    return by_code


def _understand(inputs: Sequence[LineInput]) -> list[_Sold]:
    variants = find_variants(one.sku for one in inputs)
    sold, wrong = [], {}
    for place, one in enumerate(inputs):
        variant = variants.get(one.sku)
        if variant is None or not variant.is_active:
            wrong[f"lines.{place}.sku"] = (
                f"There is no item {one.sku}." if variant is None else f"{one.sku} is no longer sold."
            )
            continue
        try:
            quantity, factor = in_base_units(variant, one.quantity, one.unit)
        except BadInput as refusal:
            wrong[f"lines.{place}.{refusal.field}"] = refusal.message
            continue
        sold.append(_Sold(one, variant, quantity, factor))
    if wrong:
        raise BadInput(" ".join(wrong.values()), details=wrong)
    return sold


def _price(order: Order, wanted: Sequence[tuple[Variant, Decimal]]) -> list[DerivedPrice]:
    return pricing.price_all(
        order.customer, [pricing.Wanted(variant, quantity) for variant, quantity in wanted], on=order.order_date
    )


def _tax_day(order: Order) -> date:
    return order.requested_date or order.order_date
