"""What a price list makes of its basis: another list, the base price or the cost, by a percentage.

What the list names itself goes first; the rest comes from its basis. For every price of the basis, whatever its
quantity and dates, the way is the same: basis -> percent -> ending -> floor and cap against cost. A list that rests on
another takes what a customer of that one would pay, down to the base price, so that "Gold = Standard - 10 %" also holds
for items that Standard sells at base price.

Floor and cap hold for every price of the list, also for those it names itself. An item whose cost is unknown (or 0: a
gift is no measure) has neither. No sentence here names a cost or a percentage over it: those who may not see costs
read derivations too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from webapp.domain.constants import HUNDRED, ZERO
from webapp.domain.errors import BadInput
from webapp.domain.money import PRICE_SCALE, WIDE, round_half_up
from webapp.domain.numbers import plain_digits, price_digits
from webapp.domain.pricing.derivation import Candidate, Part, PriceStep, Source, valid_words

TWO = Decimal(2)
SMALLEST = Decimal(1).scaleb(-PRICE_SCALE)


class Basis(StrEnum):
    """Where a list takes the prices from that it does not name itself."""

    ROWS = "ROWS"
    LIST = "LIST"
    BASE = "BASE"
    COST = "COST"


class Rounding(StrEnum):
    """Which of the two prices with the right ending is taken."""

    UP = "UP"
    NEAREST = "NEAREST"


@dataclass(frozen=True, slots=True)
class Ending:
    """The prices that a list shows: ``ending``, ``ending + step``, ``ending + 2 x step``, …

    An ending of 0.99 with a step of 1 gives 0.99, 1.99, 2.99; an ending of 0 with a step of 0.05 gives whole 5 cents.
    Of two equally near prices the higher one is nearest. Raises BadInput for a step of 0 and an ending beyond it.
    """

    step: Decimal
    ending: Decimal = ZERO
    rounding: Rounding = Rounding.UP

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise BadInput("Rounding step must be more than 0.", field="rounding_step")
        if not 0 <= self.ending < self.step:
            raise BadInput("Rounding ending must be less than the step.", field="rounding_ending")

    def of(self, price: Decimal) -> Decimal:
        """``price`` with the ending; never down to 0 or below, but what costs 0 stays so."""
        if self.rounding is Rounding.UP:
            return self.up(price)
        return self._at(self._places_below(WIDE.add(price, WIDE.divide(self.step, TWO))), price)

    def up(self, price: Decimal) -> Decimal:
        """The lowest price with the ending that is not below ``price``."""
        return self._at(-self._places_below(price, turned=True), price)

    def down(self, price: Decimal) -> Decimal | None:
        """The highest price above 0 with the ending that is not above ``price``; None when there is none."""
        found = self._value(self._places_below(price))
        return found if found > 0 else None

    @property
    def words(self) -> str:
        """How prices are rounded, as the end of a sentence."""
        way = "up to the next price" if self.rounding is Rounding.UP else "to the nearest price"
        if not self.ending:
            return f"{way} that is a multiple of {price_digits(self.step)}"
        return f"{way} that ends in {price_digits(self.ending)} (steps of {price_digits(self.step)})"

    def _places_below(self, price: Decimal, *, turned: bool = False) -> Decimal:
        """How many whole steps lie between the ending and ``price``, cut towards the lower price.

        ``turned`` counts from the price down to the ending, which cuts towards the higher price.
        """
        way = WIDE.subtract(self.ending, price) if turned else WIDE.subtract(price, self.ending)
        whole, rest = WIDE.divmod(way, self.step)
        return whole - 1 if rest < 0 else whole

    def _value(self, place: Decimal) -> Decimal:
        return WIDE.add(self.ending, WIDE.multiply(self.step, place))

    def _at(self, place: Decimal, price: Decimal) -> Decimal:
        if not price:
            return ZERO
        found = self._value(place)
        return found if found > 0 else self.ending or self.step


@dataclass(frozen=True, slots=True)
class ListRule:
    """A price list as pricing sees it: how it makes its prices out of those it rests on."""

    id: int
    name: str
    currency: str
    basis: Basis = Basis.ROWS
    parent_id: int | None = None
    percent: Decimal = ZERO
    ending: Ending | None = None
    floor_over_cost: Decimal | None = None
    cap_over_cost: Decimal | None = None
    code: str = ""
    is_active: bool = True
    prices_include_tax: bool = False

    @property
    def label(self) -> str:
        """How a derivation calls it."""
        return f"Price list {self.name}"

    @property
    def minds_cost(self) -> bool:
        """Whether it has a floor or a cap against cost."""
        return self.floor_over_cost is not None or self.cap_over_cost is not None


@dataclass(frozen=True, slots=True)
class Goods:
    """What is to be priced, as the lists see it: the rows that name it, by list, its base price and its cost.

    The cost is per base unit in the currency of the lists, None when it is unknown.
    """

    rows: Mapping[int, Sequence[Candidate]] = field(default_factory=dict)
    base: Candidate | None = None
    cost: Decimal | None = None

    @property
    def known_cost(self) -> Decimal | None:
        """A cost that prices can be measured by."""
        return self.cost or None


class _Start(NamedTuple):
    """The price a computation begins with."""

    found: Candidate

    def step(self) -> PriceStep:
        one = self.found
        detail = f"The price it is made from. {valid_words(one)}"
        return PriceStep(
            one.source.value, one.label, one.unit_price, detail, one.rule_id, True, one.valid_from, one.valid_to
        )


class _FromCost(NamedTuple):
    rule: ListRule
    after: Decimal

    def step(self) -> PriceStep:
        return PriceStep(
            "COST", f"{self.rule.name}: from cost", self.after, "Made from the average cost of the item.", won=True
        )


class _Changed(NamedTuple):
    rule: ListRule
    before: Decimal
    after: Decimal

    def step(self) -> PriceStep:
        percent = self.rule.percent
        word = "off" if percent < 0 else "on top of"
        detail = f"{plain_digits(abs(percent))} % {word} {price_digits(self.before)}."
        return PriceStep("PERCENT", f"{self.rule.name}: percentage", self.after, detail, won=True)


class _Rounded(NamedTuple):
    rule: ListRule
    ending: Ending
    before: Decimal
    after: Decimal

    def step(self) -> PriceStep:
        detail = f"From {price_digits(round_half_up(self.before, PRICE_SCALE))} {self.ending.words}."
        return PriceStep("ENDING", f"{self.rule.name}: ending", self.after, detail, won=True)


class _Bounded(NamedTuple):
    rule: ListRule
    before: Decimal
    after: Decimal

    def step(self) -> PriceStep:
        moved, side = ("Raised", "floor") if self.after > self.before else ("Lowered", "cap")
        detail = f"{moved} from {price_digits(self.before)} to the list's {side} against cost."
        return PriceStep(side.upper(), f"{self.rule.name}: {side}", self.after, detail, won=True)


class _Unbounded(NamedTuple):
    rule: ListRule

    def step(self) -> PriceStep:
        detail = "The cost of the item is unknown, so the list's floor and cap do not apply."
        return PriceStep("UNBOUNDED", f"{self.rule.name}: floor and cap", None, detail)


def list_candidates(chain: Sequence[ListRule], goods: Goods) -> list[Candidate]:
    """Every price that a list may give: those it names, and those it takes from its basis.

    ``chain`` is the list, the one it rests on, and so on. The plain base price behind all lists is not among them.
    """
    rule, *parents = chain
    named = [_bounded(rule, one, goods) for one in goods.rows.get(rule.id, ())]
    return named + [_made(rule, one, goods) for one in _basis(rule, parents, goods)]


def list_notes(chain: Sequence[ListRule], goods: Goods) -> list[PriceStep]:
    """What kept lists of the chain from giving a price at all."""
    if goods.known_cost is not None:
        return []
    why = "The cost of the item is unknown, so the list makes no price from it."
    return [PriceStep(Source.LIST.value, rule.label, None, why) for rule in chain if rule.basis is Basis.COST]


def out_of_use(rule: ListRule) -> PriceStep:
    """What a derivation says about a list that was asked for by name and is not in use."""
    return PriceStep(Source.LIST.value, rule.label, None, "The list is not in use.")


def change_price(price: Decimal, percent: Decimal, ending: Ending | None) -> Decimal:
    """``price`` changed by ``percent`` (-10 is 10 % less), with an ending; without one to the 6 decimals of prices."""
    changed = _percent_more(price, percent)
    return ending.of(changed) if ending else round_half_up(changed, PRICE_SCALE)


def kept_price(rule: ListRule, price: Decimal, cost: Decimal | None) -> Decimal:
    """``price`` between the list's floor and cap over a known cost; a cost of None or 0 leaves it as it is."""
    if not cost:
        return price
    floor = None if rule.floor_over_cost is None else _percent_more(cost, rule.floor_over_cost)
    cap = None if rule.cap_over_cost is None else _percent_more(cost, rule.cap_over_cost)
    if floor is not None and price < floor:
        return _raised(floor, cap, rule.ending)
    return _lowered(cap, floor, rule.ending) if cap is not None and price > cap else price


def check_bounds(floor: Decimal | None, cap: Decimal | None) -> None:
    """Refuse a floor over cost above the cap. Raises BadInput."""
    if floor is not None and cap is not None and floor > cap:
        raise BadInput("Cap over cost must not be below the floor over cost.", field="cap_over_cost_percent")


def _basis(rule: ListRule, parents: Sequence[ListRule], goods: Goods) -> list[Candidate]:
    """The prices that ``rule`` begins with where it names none itself."""
    if rule.basis is Basis.BASE:
        return [goods.base] if goods.base else []
    if rule.basis is Basis.COST:
        cost = goods.known_cost
        return [] if cost is None else [Candidate(None, Source.LIST, "cost", cost, currency=rule.currency)]
    return _paid_on(parents, goods) if rule.basis is Basis.LIST and parents else []


def _paid_on(chain: Sequence[ListRule], goods: Goods) -> list[Candidate]:
    """What a customer of the first list of ``chain`` would pay, down to the base price."""
    found = list_candidates(chain, goods)
    if goods.base and not any(one.depth for one in found):
        found.append(goods.base._replace(depth=1))
    return found


def _made(rule: ListRule, origin: Candidate, goods: Goods) -> Candidate:
    """The price that ``rule`` makes out of one of its basis; quantity and dates stay."""
    exact = _percent_more(origin.unit_price, rule.percent) if rule.percent else origin.unit_price
    rounded = round_half_up(exact, PRICE_SCALE)
    made = rule.ending.of(exact) if rule.ending else rounded
    parts: list[Part] = list(origin.parts)
    if rule.basis is Basis.COST:
        parts.append(_FromCost(rule, rounded))
    else:
        if not parts:
            parts.append(_Start(origin))
        if rule.percent:
            parts.append(_Changed(rule, origin.unit_price, rounded))
    if rule.ending and made != exact:
        parts.append(_Rounded(rule, rule.ending, exact, made))
    return _bounded(
        rule,
        Candidate(
            origin.rule_id,
            Source.LIST,
            _made_from(rule.label, origin.label),
            made,
            origin.min_quantity,
            origin.valid_from,
            origin.valid_to,
            origin.currency,
            origin.includes_tax,
            origin.depth + 1,
            tuple(parts),
        ),
        goods,
    )


@lru_cache(maxsize=10_000)
def _made_from(label: str, origin: str) -> str:
    """A price of a list named by what it was made from in the end."""
    first = origin.rsplit(", made from ", maxsplit=1)[-1]
    return f"{label}, made from {first[:1].lower()}{first[1:]}"


def _bounded(rule: ListRule, candidate: Candidate, goods: Goods) -> Candidate:
    """A price of ``rule`` kept between its floor and its cap against cost."""
    if not rule.minds_cost:
        return candidate
    price = candidate.unit_price
    parts = candidate.parts or (_Start(candidate),)
    if goods.known_cost is None:
        return candidate._replace(parts=(*parts, _Unbounded(rule)))
    kept = kept_price(rule, price, goods.known_cost)
    if kept == price:
        return candidate
    return candidate._replace(unit_price=kept, parts=(*parts, _Bounded(rule, price, kept)))


def _raised(floor: Decimal, cap: Decimal | None, ending: Ending | None) -> Decimal:
    """The lowest price from ``floor`` on, with the ending where that stays below ``cap``."""
    kept = ending.up(floor) if ending else None
    return kept if kept is not None and (cap is None or kept <= cap) else floor.quantize(SMALLEST, ROUND_CEILING, WIDE)


def _lowered(cap: Decimal, floor: Decimal | None, ending: Ending | None) -> Decimal:
    """The highest price up to ``cap``, with the ending where that stays above ``floor``."""
    kept = ending.down(cap) if ending else None
    return kept if kept is not None and (floor is None or kept >= floor) else cap.quantize(SMALLEST, ROUND_FLOOR, WIDE)


def _percent_more(amount: Decimal, percent: Decimal) -> Decimal:
    return WIDE.scaleb(WIDE.multiply(amount, HUNDRED + percent), -2)
