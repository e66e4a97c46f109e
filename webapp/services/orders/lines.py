"""Lines of an order: finding what is sold, pricing and taxing it, all lines in as many statements as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from webapp.db import db
from webapp.domain.constants import HUNDRED, ONE, ZERO
from webapp.domain.errors import BadInput, Refused
from webapp.domain.money import PRICE_SCALE, round_half_up
from webapp.domain.numbers import tidy
from webapp.domain.pricing.derivation import DerivedPrice, PriceStep, Source, type_over
from webapp.domain.pricing.gross import changed_kind, in_kind
from webapp.domain.promotions.choice import FreeGoods, Promoted, with_promotions
from webapp.models import Item, Order, OrderLine, User, Variant
from webapp.queries.approvals.authority import authority_over
from webapp.services.pricing import derivation as pricing
from webapp.services.taxes.on_lines import LineTax, give_tax, taxes_of

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
    taxes = taxes_of(order, {one.variant.tax_code_id for one in sold})
    prices = _price(order, [(one.variant, one.quantity) for one in sold], taxes)
    lines = []
    for number, (one, derived) in enumerate(zip(sold, prices, strict=True), start=_next_number(order)):
        line = _line(number, one.variant, taxes[one.variant.tax_code_id], unit=one.given.unit, price_base=one.factor)
        line.quantity, line.discount_percent = one.quantity, one.given.discount_percent
        set_price(line, derived, typed=one.given.unit_price, by=actor)
        lines.append(line)
    answer_for(lines, actor)
    order.lines.extend(lines)
    return lines


def append_free_lines(order: Order, given: Sequence[tuple[Variant, FreeGoods]], *, actor: User) -> None:
    """Add what promotions give for nothing: lines of their own that follow the promotion."""
    taxes = taxes_of(order, {variant.tax_code_id for variant, _ in given})
    lines = [
        _free_line(number, variant, goods, taxes[variant.tax_code_id])
        for number, (variant, goods) in enumerate(given, start=_next_number(order))
    ]
    answer_for(lines, actor)
    order.lines.extend(lines)


def _free_line(number: int, variant: Variant, goods: FreeGoods, tax: LineTax) -> OrderLine:
    line = _line(number, variant, tax)
    line.quantity, line.discount_percent = goods.quantity, ZERO
    line.free_with_id = goods.promotion.rule_id
    line.list_price = line.derived_price = line.unit_price = ZERO
    line.price_typed, line.price_typed_by, line.price_source = False, "", Source.PROMOTION.value
    line.derivation = [goods.step.as_dict()]
    return line


def _next_number(order: Order) -> int:
    return max((line.line_number for line in order.lines), default=0) + 1


def _line(
    number: int, variant: Variant, tax: LineTax, *, unit: str | None = None, price_base: Decimal = ONE
) -> OrderLine:
    line = OrderLine(
        line_number=number,
        variant=variant,
        item_name=variant.name,
        unit=unit or variant.unit,
        price_base=price_base,
        **dict.fromkeys(COUNTERS, ZERO),
    )
    give_tax(line, tax)
    return line


COUNTERS = (
    "allocated_qty", "picked_qty", "packed_qty", "shipped_qty", "cancelled_qty", "returned_qty",
    "returned_unbilled_qty", "invoiced_qty", "drafted_qty", "credited_qty", "rebill_qty",
)  # fmt: skip


def set_price(line: OrderLine, derived: DerivedPrice, *, typed: Decimal | None, by: User) -> None:
    """Give a line its price: what the lists gave, or what was typed over it.

    Both are of the order's kind, with tax or without. Raises Refused when there is neither. Promotions come on top once
    all lines are there (``promoting``).
    """
    if typed is None and derived.unit_price is None:
        raise Refused(f"{line.item_name} has no price for this customer. Type one, or have a price set.")
    if typed is None:
        line.price_typed_by = ""
    elif not line.price_typed_by:
        line.price_typed_by = by.name
    line.price_typed = typed is not None
    if typed is not None:
        line.unit_price = typed
    put_price(line, derived, Promoted(derived.unit_price))


def type_price(line: OrderLine, unit_price: Decimal, *, by: User) -> None:
    """Let a price typed by hand, per unit of the line, stand until its item or customer changes."""
    line.unit_price, line.price_typed, line.price_typed_by = unit_price, True, by.name


def put_price(line: OrderLine, derived: DerivedPrice, promoted: Promoted) -> None:
    """Write what the lists gave (``derived``), what promotions made of it, and what of both counts.

    Prices of the rules are per base unit; a line's prices are per unit entered. A typed price stays.
    """
    rules = with_promotions(derived, promoted)
    line.list_price = _per_unit(derived.unit_price, line)
    line.derived_price = _per_unit(rules.unit_price, line)
    chosen = type_over(rules, line.unit_price, line.price_typed_by) if line.price_typed else rules
    if not line.price_typed:
        line.unit_price = line.derived_price or ZERO
    line.price_source = (chosen.source or Source.TYPED).value
    line.derivation = [step.as_dict() for step in chosen.told]


def list_stage(line: OrderLine) -> DerivedPrice:
    """What the lists gave a line, per base unit, as its derivation tells it: the price before promotions."""
    steps = [PriceStep.from_dict(step) for step in line.derivation if step["kind"] not in AFTER_LISTS]
    won = [step for step in steps if step.won]
    source = Source(won[0].kind) if won else None
    return DerivedPrice(won[-1].amount if won else None, source, tuple(steps))


AFTER_LISTS = frozenset({Source.PROMOTION.value, Source.TYPED.value})


def _per_unit(price: Decimal | None, line: OrderLine) -> Decimal | None:
    return None if price is None else round_half_up(price * line.price_base, PRICE_SCALE)


def answer_for(lines: Sequence[OrderLine], user: User) -> None:
    """Make ``user`` the one whose maximum discount, on the item of each line, the lines are measured by."""
    authority = authority_over({line.variant.id for line in lines})
    for line in lines:
        line.entered_by = user
        line.entered_limit = min(authority.maximum_of(user, line.variant.id), HUNDRED)


def reprice(order: Order, lines: Iterable[OrderLine], *, actor: User) -> None:
    """Ask the rules again for lines that changed; a typed price stays, and ``actor`` answers for their discounts."""
    lines = list(lines)
    prices = _price(order, [(line.variant, line.quantity) for line in lines])
    for line, derived in zip(lines, prices, strict=True):
        set_price(line, derived, typed=line.unit_price if line.price_typed else None, by=actor)
    answer_for(lines, actor)


def typed_price_to_copy(line: OrderLine, source: Order, *, include_tax: bool) -> Decimal | None:
    """A typed price as an order with or without tax in its prices would state it; None where none was typed."""
    if not line.price_typed:
        return None
    return changed_kind(line.unit_price, line.tax_percent, included=source.prices_include_tax, include=include_tax)


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


def _price(
    order: Order, wanted: Sequence[tuple[Variant, Decimal]], taxes: Mapping[int, LineTax] | None = None
) -> list[DerivedPrice]:
    """What the rules give, with or without tax as the order states its prices."""
    derived = pricing.price_all(
        order.customer, [pricing.Wanted(variant, quantity) for variant, quantity in wanted], on=order.order_date
    )
    if not order.prices_include_tax and not any(one.includes_tax for one in derived):
        return derived
    if taxes is None:
        taxes = taxes_of(order, {variant.tax_code_id for variant, _ in wanted})
    return [
        in_order_kind(order, one, taxes[variant.tax_code_id]) for one, (variant, _) in zip(derived, wanted, strict=True)
    ]


def in_order_kind(order: Order, derived: DerivedPrice, tax: LineTax) -> DerivedPrice:
    """A price of the rules with or without tax, as the order states its prices."""
    return in_kind(
        derived, include_tax=order.prices_include_tax, own_percent=tax.own_percent, charged_percent=tax.percent
    )
