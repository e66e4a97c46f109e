"""Parts of order lines that somebody asks for by number: to be allocated, released, shipped."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.errors import BadInput
from webapp.domain.numbers import tidy
from webapp.models import Order, OrderLine


def asked_line(order: Order, line_number: int, quantity: Decimal | None) -> OrderLine:
    """The line called ``line_number``, of which ``quantity`` base units (None: all) are asked for. Raises BadInput."""
    line = order.line(line_number)
    if line is None:
        raise BadInput(f"{order.label} has no line {line_number}.", field="lines")
    if quantity is not None:
        if quantity <= 0:
            raise BadInput(f"Line {line_number}: the quantity must be more than 0.", field="lines")
        refuse_broken_step(line, quantity)
    return line


def refuse_broken_step(line: OrderLine, quantity: Decimal) -> None:
    """Raise BadInput for a part of what cannot be split."""
    variant = line.variant
    if quantity % variant.quantity_step:
        raise BadInput(
            f"Line {line.line_number}: {variant.sku} comes in whole multiples of"
            f" {tidy(variant.quantity_step):f} {variant.unit}.",
            field="lines",
        )
