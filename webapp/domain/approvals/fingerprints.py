"""What an approval was given for, and whether it still covers a document that was edited since.

An approval is voided by another customer or item, a lower price, a higher discount or quantity, a higher total, and by
a typed price that gives away more because the rules give a higher one now.
Taking quantity off at the same prices keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.domain.constants import ZERO
from webapp.domain.money import WIDE


@dataclass(frozen=True, slots=True)
class ApprovedLine:
    """A line as it was approved: quantity in base units, price for ``price_base`` of them, discount in percent.

    ``given_percent`` is what it gives away of the derived price, unrounded; None where nobody noted it.
    """

    line_number: int
    sku: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    price_base: Decimal = Decimal(1)
    given_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A document, or some of its lines, as it was approved.

    ``allowances`` is the sum of its negative charges, as a positive amount, and ``allowance_percent`` the part of its
    goods that they take off; amounts are in ``currency``.
    """

    customer: str
    currency: str
    lines: tuple[ApprovedLine, ...]
    total: Decimal
    order_discount_percent: Decimal = ZERO
    order_discount_amount: Decimal = ZERO
    allowances: Decimal = ZERO
    allowance_percent: Decimal = ZERO

    def as_dict(self) -> dict[str, Any]:
        """Safe for JSON: decimals are strings of plain digits."""
        return {
            "customer": self.customer,
            "currency": self.currency,
            "lines": [
                {
                    **_texts(line, _LINE_DECIMALS),
                    "line_number": line.line_number,
                    "sku": line.sku,
                    "given_percent": None if line.given_percent is None else f"{line.given_percent:f}",
                }
                for line in self.lines
            ],
            **_texts(self, _DECIMALS),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """The fingerprint that ``as_dict`` wrote."""
        lines = tuple(
            ApprovedLine(
                line["line_number"],
                line["sku"],
                **{name: Decimal(line[name]) for name in _LINE_DECIMALS},
                given_percent=None if line.get("given_percent") is None else Decimal(line["given_percent"]),
            )
            for line in data["lines"]
        )
        decimals = {name: Decimal(data.get(name, _UNCOMPARED)) for name in _DECIMALS}
        return cls(data["customer"], data["currency"], lines, **decimals)


_DECIMALS = ("total", "order_discount_percent", "order_discount_amount", "allowances", "allowance_percent")
_UNCOMPARED = "100"
"""What a fingerprint has that was taken before the part of allowances was: no part is above it."""
_LINE_DECIMALS = ("quantity", "unit_price", "discount_percent", "price_base")


def _texts(values: Fingerprint | ApprovedLine, names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{getattr(values, name):f}" for name in names}


def covers(approved: Fingerprint, now: Fingerprint) -> bool:
    """Whether the approval of ``approved`` is still good for the document as it is ``now``."""
    return not reasons_void(approved, now)


def reasons_void(approved: Fingerprint, now: Fingerprint) -> tuple[str, ...]:
    """Sentences of what goes beyond the approval; empty when it covers."""
    return (*_document_reasons(approved, now), *_line_reasons(approved, now))


def _document_reasons(approved: Fingerprint, now: Fingerprint) -> Iterator[str]:
    if now.customer != approved.customer:
        yield "The customer is another."
    if now.currency != approved.currency:
        yield "The currency is another."
    if _raised(approved, now, "order_discount_percent", "order_discount_amount", "allowances", "allowance_percent"):
        yield "The order discount is higher."
    if _raised(approved, now, "total"):
        yield "The total is higher."


def _line_reasons(approved: Fingerprint, now: Fingerprint) -> Iterator[str]:
    known = {line.line_number: line for line in approved.lines}
    for line in now.lines:
        if not line.quantity:
            continue
        before = known.get(line.line_number)
        if before is None:
            yield f"Line {line.line_number} is new."
        elif before.sku != line.sku:
            yield f"Line {line.line_number} has another item."
        else:
            yield from _changes(before, line)


def _changes(before: ApprovedLine, line: ApprovedLine) -> Iterator[str]:
    # Prices may be for different numbers of units: compared per unit, without dividing.
    if WIDE.multiply(line.unit_price, before.price_base) < WIDE.multiply(before.unit_price, line.price_base):
        yield f"Line {line.line_number} has a lower price."
    if line.discount_percent > before.discount_percent:
        yield f"Line {line.line_number} has a higher discount."
    if line.quantity > before.quantity:
        yield f"Line {line.line_number} has a higher quantity."
    if None not in (before.given_percent, line.given_percent) and _gives_more(before, line):
        yield f"Line {line.line_number} gives away more of the price of the rules."


def _gives_more(before: ApprovedLine, line: ApprovedLine) -> bool:
    return (line.given_percent or ZERO) > (before.given_percent or ZERO)


def _raised(approved: Fingerprint, now: Fingerprint, *names: str) -> bool:
    return any(getattr(now, name) > getattr(approved, name) for name in names)
