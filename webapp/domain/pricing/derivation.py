"""Which price counts and why, and what discount a price amounts to.

Order of precedence: the customer's own price, the price of the list, the base price of the variant. Inside one source
what the list names itself goes before what it takes from its basis (``webapp.domain.pricing.lists``); then the row with
the largest ``min_quantity <= quantity`` valid on the date wins; between equal rows the later ``valid_from``, then the
lower price. Promotions go on from there (``promotions``); a price typed by hand stands over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from webapp.domain.constants import HUNDRED
from webapp.domain.errors import BadInput
from webapp.domain.money import WIDE, decimals_of, exact, plain, round_money
from webapp.domain.numbers import plain_digits, price_digits
from webapp.domain.permissions import DEFAULT_MAX_DISCOUNT, ROLE_PERMISSIONS, Permission, Role


class Source(StrEnum):
    """Where a price comes from."""

    CUSTOMER = "CUSTOMER"
    LIST = "LIST"
    BASE = "BASE"
    PROMOTION = "PROMOTION"
    TYPED = "TYPED"


PRECEDENCE = (Source.CUSTOMER, Source.LIST, Source.BASE)
_GOES_FIRST = {Source.CUSTOMER: "a customer price", Source.LIST: "a price of the list"}
NEXT_BREAK = "NEXT_BREAK"


class PriceStep(NamedTuple):
    """One step of a derivation: a rule that counts or lost, with its amount, its dates and the reason in a sentence.

    ``won`` marks the rule that gives the price and, behind it, each step that goes on from there: the last step that
    won is the price.
    """

    kind: str
    label: str
    amount: Decimal | None
    detail: str
    rule_id: int | None = None
    won: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Safe for JSON: the amount is a string of plain digits."""
        amount = None if self.amount is None else f"{self.amount:f}"
        return {
            "kind": self.kind,
            "label": self.label,
            "amount": amount,
            "detail": self.detail,
            "rule_id": self.rule_id,
            "won": self.won,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PriceStep:
        """The step that ``as_dict`` wrote; lines priced before steps had dates carry none."""
        amount = None if data["amount"] is None else Decimal(data["amount"])
        first, last = (date.fromisoformat(day) if day else None for day in map(data.get, ("valid_from", "valid_to")))
        return cls(data["kind"], data["label"], amount, data["detail"], data["rule_id"], data["won"], first, last)


class Part(Protocol):
    """What happened to a price on its way from a basis to a list; put into words only for the price that counts."""

    def step(self) -> PriceStep:
        """The words."""


class Candidate(NamedTuple):
    """A price that may count: per unit, from ``min_quantity`` base units on, between two days (both included).

    ``currency`` None means the currency that is asked for; with ``includes_tax`` the price is gross. ``depth`` counts
    the lists between the one that is asked and the one that names the price: 0 is named by the list itself. ``parts``
    lead to the price.
    """

    rule_id: int | None
    source: Source
    label: str
    unit_price: Decimal
    min_quantity: Decimal = Decimal(0)
    valid_from: date | None = None
    valid_to: date | None = None
    currency: str | None = None
    includes_tax: bool = False
    depth: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class NextBreak:
    """The next quantity, in base units, from which the price is lower, that price, and what so many then cost less.

    ``saving`` is in the price's currency; None when there is no price yet.
    """

    min_quantity: Decimal
    unit_price: Decimal
    saving: Decimal | None = None

    def step(self, currency: str) -> PriceStep:
        """The break as the last line of a derivation."""
        many = f"{plain_digits(self.min_quantity)}"
        saves = "" if self.saving is None else f" saves {plain(self.saving, currency)}"
        detail = f"Next break at {many}{saves}." if saves else f"From {many} there is a price."
        return PriceStep(NEXT_BREAK, "Next break", self.unit_price, detail)


@dataclass(frozen=True, slots=True)
class DerivedPrice:
    """The price that counts, with every rule that won or lost; ``unit_price`` None when no price was found.

    With ``includes_tax`` it is gross, as the rule that won says.
    """

    unit_price: Decimal | None
    source: Source | None
    derivation: tuple[PriceStep, ...]
    next_break: NextBreak | None = None
    currency: str = ""
    includes_tax: bool = False

    @property
    def told(self) -> tuple[PriceStep, ...]:
        """The derivation as it is stored and shown, with the next break at its end."""
        if self.next_break is None:
            return self.derivation
        return (*self.derivation, self.next_break.step(self.currency))


def derive_price(
    candidates: Sequence[Candidate], *, quantity: Decimal, on: date, currency: str, notes: Sequence[PriceStep] = ()
) -> DerivedPrice:
    """Choose the unit price in ``currency`` for ``quantity`` base units on the price date ``on``.

    The winner stands first in the derivation, behind it the steps that lead to its price, then the losers in order of
    precedence, each with why it lost, and ``notes`` of rules that had no price to offer.
    """
    decimals_of(currency)
    ranked = sorted(candidates, key=_rank)
    usable = [one for one in ranked if not _why_not_now(one, on, currency)]
    winner = _winner(usable, quantity)
    losers = [one for one in ranked if one is not winner]
    lost = (*(_lost(one, winner, quantity, on, currency) for one in losers), *notes)
    next_break = _next_break(usable, winner, quantity, currency)
    if winner is None:
        return DerivedPrice(None, None, lost, next_break, currency)
    won = _step(winner, valid_words(winner), won=True)
    steps = (won, *(part.step() for part in winner.parts), *lost)
    return DerivedPrice(winner.unit_price, winner.source, steps, next_break, currency, winner.includes_tax)


def type_over(derived: DerivedPrice, unit_price: Decimal, typed_by: str) -> DerivedPrice:
    """The derivation after ``typed_by`` (a person's name) typed ``unit_price`` by hand; it says what the rules gave.

    The typed price follows the steps that won among the rules: the last step that won is the price that counts.
    """
    gave = (
        "The rules give no price."
        if derived.unit_price is None
        else f"The rules give {price_digits(derived.unit_price)}."
    )
    typed = PriceStep(Source.TYPED.value, "Typed price", unit_price, f"Typed by {typed_by}. {gave}", won=True)
    won = [step for step in derived.derivation if step.won]
    lost = [step for step in derived.derivation if not step.won]
    return DerivedPrice(unit_price, Source.TYPED, (*won, typed, *lost), currency=derived.currency)


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    """Sorts the one to be preferred first, when all are valid and their quantity is reached."""
    return (
        PRECEDENCE.index(candidate.source),
        candidate.depth,
        -candidate.min_quantity,
        -(candidate.valid_from or date.min).toordinal(),
        candidate.unit_price,
        candidate.rule_id or 0,
    )


def _winner(usable: Sequence[Candidate], quantity: Decimal) -> Candidate | None:
    return next((one for one in usable if one.min_quantity <= quantity), None)


def _next_break(
    usable: Sequence[Candidate], winner: Candidate | None, quantity: Decimal, currency: str
) -> NextBreak | None:
    for more in sorted({one.min_quantity for one in usable if one.min_quantity > quantity}):
        then = _winner(usable, more)
        if then and winner and then.includes_tax != winner.includes_tax:
            continue  # a gross and a net price are not compared
        if then and winner is None:
            return NextBreak(more, then.unit_price)
        if then and winner and then.unit_price < winner.unit_price:
            saved = WIDE.multiply(more, winner.unit_price - then.unit_price)
            return NextBreak(more, then.unit_price, round_money(saved, currency))
    return None


def _why_not_now(candidate: Candidate, on: date, currency: str) -> str:
    """Why a candidate cannot count on that day in that currency, whatever the quantity; empty when it can."""
    if candidate.currency not in (None, currency):
        return f"It is in {candidate.currency}, not in {currency}."
    if candidate.valid_from and on < candidate.valid_from:
        return f"It starts on {candidate.valid_from.isoformat()}."
    if candidate.valid_to and on > candidate.valid_to:
        return f"It ended on {candidate.valid_to.isoformat()}."
    return ""


def _lost(candidate: Candidate, winner: Candidate | None, quantity: Decimal, on: date, currency: str) -> PriceStep:
    why = _why_not_now(candidate, on, currency) or _why_not_for(candidate, quantity)
    if winner and not why:
        why = _why_after(candidate, winner)
    return _step(candidate, why)


def _step(one: Candidate, detail: str, *, won: bool = False) -> PriceStep:
    return PriceStep(
        one.source.value, one.label, one.unit_price, detail, one.rule_id, won, one.valid_from, one.valid_to
    )


def _why_not_for(candidate: Candidate, quantity: Decimal) -> str:
    if candidate.min_quantity <= quantity:
        return ""
    return f"It needs {plain_digits(candidate.min_quantity)} or more, the line has {plain_digits(quantity)}."


def _why_after(candidate: Candidate, winner: Candidate) -> str:
    """Why a candidate that could count stands behind the winner."""
    if candidate.source is not winner.source:
        return f"{_GOES_FIRST[winner.source].capitalize()} goes first."
    nearer = "itself" if not winner.depth else "nearer by"
    reasons: tuple[tuple[Callable[[Candidate], Any], str], ...] = (
        (lambda one: one.depth, f"What the list names {nearer} goes first."),
        (lambda one: one.min_quantity, "A row for a larger quantity goes first."),
        (lambda one: one.valid_from, "A row that started later goes first."),
        (lambda one: one.unit_price, "A row with a lower price goes first."),
    )
    return next((why for key, why in reasons if key(candidate) != key(winner)), "The same row is there twice.")


def valid_words(candidate: Candidate) -> str:
    """From which quantity and in which time a price is valid, in a sentence."""
    parts = []
    if candidate.min_quantity > 1:
        parts.append(f"from {plain_digits(candidate.min_quantity)}")
    if candidate.valid_from:
        parts.append(f"since {candidate.valid_from.isoformat()}")
    if candidate.valid_to:
        parts.append(f"until {candidate.valid_to.isoformat()}")
    return f"Valid {', '.join(parts)}." if parts else "Valid for every quantity and date."


# -- discounts --------------------------------------------------------------------------------------------------------


def effective_discount(
    unit_price: Decimal, derived_price: Decimal | None, line_percent: Decimal, order_percent: Decimal
) -> Decimal:
    """What a line gives away in percent, unrounded: ``1 - price / derived price x (1 - line %) x (1 - order %)``.

    ``derived_price`` is what the rules gave. Never below 0: a price above the derived one makes up for discounts, no
    more. No derived price, or one of 0 under another price, counts as 100, so that it needs approval.
    """
    if derived_price is None or (not derived_price and unit_price):
        return HUNDRED
    if not derived_price:
        unit_price = derived_price = Decimal(1)
    # Products first, the one division last: what can be written exactly stays exact, 5 % is never 5.000…1 %.
    kept = WIDE.multiply(WIDE.multiply(unit_price, HUNDRED - line_percent), HUNDRED - order_percent)
    kept_percent = WIDE.divide(kept, WIDE.multiply(derived_price, HUNDRED))
    return max(WIDE.subtract(HUNDRED, kept_percent), Decimal(0))


@dataclass(frozen=True, slots=True)
class DiscountCheck:
    """Whether a discount may be given at once; if not, the least role whose usual maximum covers it."""

    allowed: bool
    requires_approval: bool
    approver_role: str | None
    message: str


def check_discount(discount_percent: Decimal, max_discount: Decimal, user_role: Role | str) -> DiscountCheck:
    """Whether a user of ``user_role`` whose maximum is ``max_discount`` percent may give ``discount_percent``.

    Raises BadInput for a discount outside 0 to 100.
    """
    if not exact(discount_percent).is_finite() or not 0 <= discount_percent <= HUNDRED:
        raise BadInput("Discount must be between 0 and 100.", field="discount_percent")
    given, most = _shown(exact(discount_percent)), _shown(exact(max_discount))
    if discount_percent <= max_discount:
        return DiscountCheck(True, False, None, f"A discount of {given} % is within your maximum of {most} %.")
    approver = _approver(discount_percent, user_role)
    return DiscountCheck(
        False,
        True,
        approver.value,
        f"A discount of {given} % is above your maximum of {most} % and needs the approval of somebody whose maximum"
        f" covers it ({approver.label.lower()}).",
    )


def _approver(discount_percent: Decimal, user_role: Role | str) -> Role:
    """The least role, other than the user's, that approves discounts and whose usual maximum covers this one."""
    approvers = [role for role in Role if Permission.DISCOUNTS_APPROVE in ROLE_PERMISSIONS[role]]
    by_maximum = sorted(approvers, key=lambda role: DEFAULT_MAX_DISCOUNT[role])
    covering = [role for role in by_maximum if DEFAULT_MAX_DISCOUNT[role] >= discount_percent and role != user_role]
    return (covering or by_maximum[-1:])[0]


def _shown(percent: Decimal) -> str:
    """Up to four decimals, cut off and not rounded, so that 5.00001 never reads as the limit of 5."""
    cut = percent.quantize(Decimal("0.0001"), ROUND_DOWN, WIDE)
    return f"{plain_digits(cut)}" if cut == percent else f"{plain_digits(cut)}…"
