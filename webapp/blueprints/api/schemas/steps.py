"""The steps of a price's derivation, as prices and lines of orders tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.blueprints.api.schemas.base import Money, Output, price
from webapp.domain.pricing.derivation import PriceStep


class StepOutput(Output):
    """A rule that won or lost and why, or a step on the way to its price; the last that won is the price."""

    kind: str
    label: str
    amount: Money | None
    detail: str
    rule_id: int | None
    won: bool
    valid_from: str | None
    valid_to: str | None

    @classmethod
    def of(cls, step: Mapping[str, Any], currency: str) -> StepOutput:
        """A step as it is stored; its amount is per base unit."""
        found = PriceStep.from_dict(step)
        return cls(**{**found.as_dict(), "amount": price(found.amount, currency)})
