"""Promotions: what they give, to whom and from when on."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from webapp.blueprints.api.schemas.base import (
    Code,
    Count,
    Day,
    Flag,
    Input,
    ListQuery,
    Money,
    Output,
    Percent,
    Quantity,
    QuantityOrNone,
    Reference,
    UnitPrice,
    Version,
    Word,
    count,
    price,
)
from webapp.domain.money import plain
from webapp.models import Promotion
from webapp.queries.promotions.records import promotion_record

Uses = Annotated[int, Field(strict=True, ge=1, le=10**9)]
Words = Annotated[list[Code], Field(max_length=500)]


class PromotionHead(Input):
    """What a promotion gives (``benefit``: PERCENT, AMOUNT, FIXED_PRICE or FREE_GOODS), to whom, and from when on.

    Empty ``items`` and ``categories``: all items; empty ``customers`` and ``groups``: everybody. Quantities count base
    units, ``unit_amount`` is off, or the price of, one of them.
    """

    name: Code | None = None
    benefit: Word | None = None
    percent: Percent | None = None
    unit_amount: UnitPrice | None = None
    currency: Word | None = None
    buy_quantity: QuantityOrNone | None = None
    free_quantity: QuantityOrNone | None = None
    free_item: Reference | None = None
    items: Words | None = None
    categories: Words | None = None
    customers: Words | None = None
    groups: Words | None = None
    min_quantity: QuantityOrNone | None = None
    max_quantity: Quantity | None = None
    min_amount: QuantityOrNone | None = None
    over_lines: Flag | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    coupon: Word | None = None
    max_uses: Uses | None = None
    max_uses_per_customer: Uses | None = None
    stackable: Flag | None = None
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000)] | None = None


class PromotionInput(PromotionHead):
    """A new promotion: a draft, or with ``publish`` one that counts at once."""

    code: Code
    name: Code
    publish: Flag = False


class PromotionChange(PromotionHead):
    """What changes; what is not named stays."""

    version: Version | None = None


class PromotionQuery(ListQuery):
    """All of them, by code."""


class PromotionOutput(Output):
    """A promotion."""

    id: int
    version: int
    code: str
    name: str
    status: str
    benefit: str
    percent: Count | None
    unit_amount: Money | None
    currency: str | None
    buy_quantity: Count
    free_quantity: Count
    free_item: str | None
    items: list[str]
    categories: list[str]
    customers: list[str]
    groups: list[str]
    min_quantity: Count
    max_quantity: Count | None
    min_amount: Money
    over_lines: bool
    valid_from: str | None
    valid_to: str | None
    coupon: str | None
    max_uses: int | None
    max_uses_per_customer: int | None
    uses: int
    stackable: bool
    priority: int

    @classmethod
    def of(cls, promotion: Promotion, base_currency: str) -> PromotionOutput:
        """The promotion, loaded with what it is for."""
        record = promotion_record(promotion)
        currency = promotion.currency or base_currency
        plain_fields: dict[str, Any] = {
            name: record[name]
            for name in (
                "code", "name", "currency", "over_lines", "coupon", "max_uses", "max_uses_per_customer", "stackable",
                "priority",
            )
        }  # fmt: skip
        return cls(
            **plain_fields,
            id=promotion.id,
            version=promotion.version,
            status=promotion.state.value,
            benefit=promotion.benefit.value,
            percent=_count(promotion.percent),
            unit_amount=price(promotion.unit_amount, currency),
            buy_quantity=count(promotion.buy_quantity),
            free_quantity=count(promotion.free_quantity),
            free_item=record["free_item"] or None,
            items=list(record["items"]),
            categories=list(record["categories"]),
            customers=list(record["customers"]),
            groups=list(record["groups"]),
            min_quantity=count(promotion.min_quantity),
            max_quantity=_count(promotion.max_quantity),
            min_amount=plain(promotion.min_amount, currency),
            valid_from=promotion.valid_from.isoformat() if promotion.valid_from else None,
            valid_to=promotion.valid_to.isoformat() if promotion.valid_to else None,
            uses=promotion.uses,
        )


class PromotionPage(Output):
    """A page of promotions, by code."""

    results: list[PromotionOutput]
    next: str | None


def _count(value: Decimal | None) -> int | str | None:
    return None if value is None else count(value)
