"""Quantities in units: conversion into base units, the step of a unit, and what an order must at least take."""

from __future__ import annotations

from decimal import Decimal

from webapp.domain.errors import BadInput
from webapp.domain.money import QUANTITY_SCALE, WIDE, fits, is_multiple, round_half_up
from webapp.domain.numbers import label, tidy


def to_base(quantity: Decimal, factor: Decimal, *, step: Decimal = Decimal(0), field: str = "Quantity") -> Decimal:
    """``quantity`` of a unit that holds ``factor`` base units, in base units; exact.

    With a ``step`` the result must be a whole multiple of it (1 for pieces). Raises BadInput when it is none, when it
    has more than 6 decimals or does not fit the column.
    """
    base = WIDE.multiply(quantity, factor)
    if base != round_half_up(base, QUANTITY_SCALE):
        raise BadInput(f"{label(field)} is not a whole number of the smallest part of the base unit.", field=field)
    if not fits(base, QUANTITY_SCALE):
        raise BadInput(f"{label(field)} is too large.", field=field)
    check_step(base, step, field=field)
    return tidy(base)


def from_base(base_quantity: Decimal, factor: Decimal) -> Decimal | None:
    """``base_quantity`` in a unit of ``factor`` base units; None when it cannot be written exactly with 6 decimals."""
    quantity = round_half_up(WIDE.divide(base_quantity, factor), QUANTITY_SCALE)
    return tidy(quantity) if WIDE.multiply(quantity, factor) == base_quantity else None


def check_step(base_quantity: Decimal, step: Decimal, *, field: str = "Quantity") -> None:
    """Refuse a quantity in base units that is not a whole multiple of ``step``; 0 sets no step. Raises BadInput."""
    if step and not is_multiple(base_quantity, step):
        raise BadInput(f"{label(field)} must be a whole multiple of {tidy(step):f}.", field=field)


def order_quantity_faults(quantity: Decimal, minimum: Decimal, multiple: Decimal) -> tuple[str, ...]:
    """What a line misses of its item's minimum order quantity and order multiple, all in base units; 0 sets none.

    These block an order and a manager may waive them, unlike the step of a unit.
    """
    faults = []
    if quantity < minimum:
        faults.append(f"{tidy(minimum - quantity):f} below the minimum order quantity of {tidy(minimum):f}.")
    if multiple and not is_multiple(quantity, multiple):
        faults.append(f"Not a multiple of {tidy(multiple):f}: {_neighbours(quantity, multiple)}.")
    return tuple(faults)


def _neighbours(quantity: Decimal, multiple: Decimal) -> str:
    below = WIDE.multiply(WIDE.divide_int(quantity, multiple), multiple)
    above = f"{tidy(below + multiple):f}"
    return f"order {tidy(below):f} or {above}" if below else f"order {above}"
