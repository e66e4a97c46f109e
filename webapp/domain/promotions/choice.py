"""Promotions on top of the price that lists gave: which of them counts for a line, what it makes of the price, and why.

One promotion counts for a line: the one that makes it cheapest for the customer. Those marked stackable count together,
one on the price that the other left, in the order of their priority; together they compete as one. Between equal ones
the lower priority number goes first, then the older promotion, so a tie is never a question to the salesperson.
Quantities are in base units, prices for one base unit, amounts those of the lists before any promotion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.domain.money import WIDE
from webapp.domain.numbers import plain_digits, price_digits
from webapp.domain.pricing.derivation import DerivedPrice, PriceStep, Source
from webapp.domain.promotions.terms import Benefit, PromotionRule

PROMOTION = Source.PROMOTION.value


@dataclass(frozen=True, slots=True)
class Sale:
    """A line as promotions see it: what is sold, how much, and what the lists ask for one; None has no price."""

    variant_id: int
    category_id: int | None
    quantity: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Promoted:
    """A line after promotions: its price, the promotions that count for it in order, and a step for each that fits."""

    unit_price: Decimal | None
    applied: tuple[int, ...] = ()
    steps: tuple[PriceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class FreeGoods:
    """What a promotion adds to the order for nothing."""

    promotion: PromotionRule
    variant_id: int
    quantity: Decimal

    @property
    def step(self) -> PriceStep:
        """The whole derivation of their price."""
        return _step(self.promotion, ZERO, f"Free: {self.promotion.terms}", won=True)


@dataclass(frozen=True, slots=True)
class PromotedOrder:
    """The lines in the order they were given, and the goods that come free."""

    lines: tuple[Promoted, ...]
    free: tuple[FreeGoods, ...] = ()


def promote(
    sales: Sequence[Sale],
    promotions: Sequence[PromotionRule],
    *,
    on: date,
    currency: str,
    prices: Mapping[int, Decimal],
    elsewhere: Mapping[int, Decimal] | None = None,
) -> PromotedOrder:
    """Choose for every line what makes it cheapest on the price date ``on``, in ``currency``.

    ``prices`` are what the lists ask for goods that could come free, by variant; they only weigh one promotion against
    another. ``elsewhere`` is the quantity that further lines add to promotions over several lines, by promotion.
    """
    board = _Board(sales, [_dated(one, on, currency) for one in promotions], prices, elsewhere or {})
    chosen = board.choose()
    while futile := board.futile(chosen):
        board.bar(futile)
        chosen = board.choose()
    return PromotedOrder(tuple(map(board.promoted, range(len(sales)), chosen)), board.free(chosen))


def with_promotions(derived: DerivedPrice, promoted: Promoted) -> DerivedPrice:
    """The price of the lists after promotions: what won stands first in the order it counts, then what lost and why."""
    won = [step for step in (*derived.derivation, *promoted.steps) if step.won]
    lost = [step for step in (*derived.derivation, *promoted.steps) if not step.won]
    source = Source.PROMOTION if promoted.applied else derived.source
    return replace(derived, unit_price=promoted.unit_price, source=source, derivation=(*won, *lost))


def _dated(promotion: PromotionRule, on: date, currency: str) -> PromotionRule:
    """The promotion, barred when day or currency are not its own."""
    if promotion.barred:
        return promotion
    why = ""
    if promotion.currency not in (None, currency):
        why = f"It is in {promotion.currency}, not in {currency}."
    elif promotion.valid_from and on < promotion.valid_from:
        why = f"It starts on {promotion.valid_from.isoformat()}."
    elif promotion.valid_to and on > promotion.valid_to:
        why = f"It ended on {promotion.valid_to.isoformat()}."
    return replace(promotion, barred=why) if why else promotion


Choice = tuple[PromotionRule, ...]


class _Board:
    """The lines with the promotions that could count for each."""

    def __init__(
        self,
        sales: Sequence[Sale],
        promotions: Sequence[PromotionRule],
        prices: Mapping[int, Decimal],
        elsewhere: Mapping[int, Decimal],
    ) -> None:
        self._sales = sales
        self._prices = prices
        self._barred = {one.rule_id: one.barred for one in promotions if one.barred}
        self._of_line = _matches(sales, promotions)
        self._quantities, self._amounts = self._sums(elsewhere)
        self._unmet = [{one.rule_id: self._why_unmet(sale, one) for one in found} for sale, found in self._pairs()]

    def bar(self, rule_ids: Iterable[int]) -> None:
        """Leave promotions out that would come to nothing."""
        self._barred.update(dict.fromkeys(rule_ids, "The lines that took it are too few for it."))

    def choose(self) -> list[Choice]:
        """The cheapest choice for every line."""
        return [self._choice(place) for place in range(len(self._sales))]

    def futile(self, chosen: Sequence[Choice]) -> set[int]:
        """The promotions over several lines whose free goods come to nothing by what other lines chose."""
        taken = {one.rule_id for choice in chosen for one in choice if one.benefit is Benefit.FREE_GOODS}
        return taken - {goods.promotion.rule_id for goods in self.free(chosen)}

    def free(self, chosen: Sequence[Choice]) -> tuple[FreeGoods, ...]:
        """The goods that come free, by promotion and variant."""
        bought: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
        rules: dict[int, PromotionRule] = {}
        for sale, choice in zip(self._sales, chosen, strict=True):
            for one in choice:
                if one.benefit is Benefit.FREE_GOODS:
                    rules[one.rule_id] = one
                    bought[one.rule_id, one.free_variant or sale.variant_id].append(sale.quantity)
        found = []
        for (rule_id, variant_id), quantities in sorted(bought.items()):
            one = rules[rule_id]
            counted = [sum(quantities, ZERO)] if one.over_lines else quantities
            free = sum((one.free_for(quantity) for quantity in counted), ZERO)
            if free:
                found.append(FreeGoods(one, variant_id, free))
        return tuple(found)

    def promoted(self, place: int, choice: Choice) -> Promoted:
        """One line after its choice, with a step for every promotion that fits its item."""
        sale, steps, price = self._sales[place], [], self._sales[place].unit_price
        if price is None:
            return Promoted(None)
        for one in choice:
            price = one.price_after(price)
            steps.append(_step(one, price, one.terms, won=True))
        applied = tuple(one.rule_id for one in choice)
        behind, listed = _why_behind(choice), sale.unit_price or ZERO
        for one in self._of_line[place]:
            if one.rule_id not in applied:
                why = self._why_not(place, one) or behind[one.stackable]
                steps.append(_step(one, one.price_after(listed), why, won=False))
        return Promoted(price, applied, tuple(steps))

    def _choice(self, place: int) -> Choice:
        if self._sales[place].unit_price is None:
            return ()
        usable = [one for one in self._of_line[place] if not self._why_not(place, one)]
        stack = tuple(sorted((one for one in usable if one.stackable), key=lambda one: one.order))
        choices: list[Choice] = [(one,) for one in usable if not one.stackable]
        if stack:
            choices.append(self._that_help(place, stack))
        ranked = [(self._cost(place, choice), choice[0].order, choice) for choice in choices if choice]
        best = min(ranked, key=lambda one: one[:2], default=None)
        return best[2] if best and best[0] < self._cost(place, ()) else ()

    def _that_help(self, place: int, stack: Choice) -> Choice:
        """Those of a stack that lower the price the ones before them left, or give something."""
        found: list[PromotionRule] = []
        price = self._sales[place].unit_price or ZERO
        for one in stack:
            after = one.price_after(price)
            if after < price or one.benefit is Benefit.FREE_GOODS:
                found.append(one)
            price = after
        return tuple(found)

    def _cost(self, place: int, choice: Choice) -> Decimal:
        """What the customer pays for a line, less the worth of what comes free with it."""
        sale = self._sales[place]
        price = sale.unit_price or ZERO
        for one in choice:
            price = one.price_after(price)
        cost = WIDE.multiply(sale.quantity, price)
        for one in choice:
            if one.benefit is Benefit.FREE_GOODS:
                cost = WIDE.subtract(cost, self._worth(place, one))
        return cost

    def _worth(self, place: int, one: PromotionRule) -> Decimal:
        """What comes free with a line is worth by the lists; over several lines each has its share."""
        sale = self._sales[place]
        bought = self._quantities[one.rule_id] if one.over_lines else sale.quantity
        each = sale.unit_price if one.free_variant is None else self._prices.get(one.free_variant)
        worth = WIDE.multiply(one.free_for(bought), each or ZERO)
        return WIDE.divide(WIDE.multiply(worth, sale.quantity), bought) if one.over_lines else worth

    def _why_not(self, place: int, one: PromotionRule) -> str:
        """Why a promotion that fits the item does not count; empty when it could."""
        return self._barred.get(one.rule_id) or self._unmet[place][one.rule_id]

    def _why_unmet(self, sale: Sale, one: PromotionRule) -> str:
        """What quantity or amount is missing, whatever else bars the promotion."""
        if one.over_lines:
            quantity, amount = self._quantities[one.rule_id], self._amounts[one.rule_id]
        else:
            quantity, amount = sale.quantity, _amount(sale) if one.min_amount else ZERO
        return _why_not_for(one, quantity, amount)

    def _pairs(self) -> Iterable[tuple[Sale, Sequence[PromotionRule]]]:
        return zip(self._sales, self._of_line, strict=True)

    def _sums(self, elsewhere: Mapping[int, Decimal]) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
        quantities: dict[int, Decimal] = defaultdict(lambda: ZERO, elsewhere)
        amounts: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for sale, found in self._pairs():
            for one in found:
                if one.over_lines:
                    quantities[one.rule_id] += sale.quantity
                    amounts[one.rule_id] += _amount(sale)
        return quantities, amounts


def _matches(sales: Sequence[Sale], promotions: Sequence[PromotionRule]) -> list[list[PromotionRule]]:
    """For every line the promotions that are for its item, in their order."""
    everywhere = [one for one in promotions if one.all_items]
    of_variant: dict[int, list[PromotionRule]] = defaultdict(list)
    of_category: dict[int, list[PromotionRule]] = defaultdict(list)
    for one in promotions:
        for variant_id in one.variants:
            of_variant[variant_id].append(one)
        for category_id in one.categories:
            of_category[category_id].append(one)
    found = []
    for sale in sales:
        of_line = {one.rule_id: one for one in everywhere}
        of_line.update((one.rule_id, one) for one in of_variant.get(sale.variant_id, ()))
        if sale.category_id is not None:
            of_line.update((one.rule_id, one) for one in of_category.get(sale.category_id, ()))
        found.append(sorted(of_line.values(), key=lambda one: one.order))
    return found


def _amount(sale: Sale) -> Decimal:
    return WIDE.multiply(sale.quantity, sale.unit_price or ZERO)


def _why_not_for(one: PromotionRule, quantity: Decimal, amount: Decimal) -> str:
    have = "its lines have" if one.over_lines else "the line has"
    least = max(one.min_quantity, one.buy_quantity)
    if quantity < least:
        return f"It needs {plain_digits(least)} or more, {have} {plain_digits(quantity)}."
    if one.max_quantity is not None and quantity > one.max_quantity:
        return f"It is for up to {plain_digits(one.max_quantity)}, {have} {plain_digits(quantity)}."
    if amount < one.min_amount:
        come = "its lines come" if one.over_lines else "the line comes"
        return f"It needs an amount of {price_digits(one.min_amount)} or more, {come} to {price_digits(amount)}."
    return ""


def _why_behind(choice: Choice) -> tuple[str, str]:
    """Why a promotion that could count stands behind the choice: one that counts alone, and a stackable one."""
    if not choice:
        return ("It is not below the price without it.",) * 2
    names = " and ".join(other.name for other in choice)
    alone = f"{names} {'make' if len(choice) > 1 else 'makes'} it cheaper or as cheap, and only one counts."
    return alone, "It does not lower the price any more." if choice[0].stackable else alone


def _step(one: PromotionRule, amount: Decimal, detail: str, *, won: bool) -> PriceStep:
    return PriceStep(PROMOTION, one.label, amount, detail, one.rule_id, won=won)
