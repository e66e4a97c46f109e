"""Goods coming in, and stock put right by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from webapp.db import db
from webapp.domain.actions import Action
from webapp.domain.errors import BadInput
from webapp.domain.numbers import tidy
from webapp.domain.permissions import Permission
from webapp.domain.text import given_reason
from webapp.models import Location, MovementKind, Tracking, User, Variant
from webapp.services import audit
from webapp.services.commands import command
from webapp.services.company import today
from webapp.services.orders.lines import find_variants
from webapp.services.stock.holders import lock_holders, make_free
from webapp.services.stock.lots import Part, levels_at, lots_for
from webapp.services.stock.movements import Move, post_moves


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Goods of one SKU (or barcode): base units, with a batch or serial numbers where it is tracked by them.

    ``unit_cost`` is per base unit in the base currency; None takes the current average.
    """

    sku: str
    quantity: Decimal
    unit_cost: Decimal | None = None
    batch: str = ""
    expires_on: date | None = None
    serials: Sequence[str] = ()


@command(Permission.STOCK_WRITE)
def receive_stock(
    location_code: str,
    lines: Sequence[ReceiptLine],
    *,
    reference: str = "",
    received_on: date | None = None,
    actor: User,
) -> list[int]:
    """Take goods in at a location. Answers the ids of the movements.

    Raises BadInput naming each line that is wrong (unknown SKU, batch missing, serial number known already), and for a
    date in the future.
    """
    if not lines:
        raise BadInput("A receipt needs at least one line.", field="lines")
    if received_on is not None and received_on > today():
        raise BadInput("Goods cannot be received on a day that has not come yet.", field="received_on")
    location = location_named(location_code)
    variants = _variants(lines)
    _refuse_wrong(lines, variants)
    parts = [part for line in lines for part in _parts(line, variants[line.sku])]
    levels = levels_at(location, [part.variant.id for part in parts])
    lots = lots_for(parts, levels)
    moves = [
        Move(levels[part.variant.id], lot, part.quantity, part.unit_cost) for part, lot in zip(parts, lots, strict=True)
    ]
    ids = post_moves(MovementKind.RECEIPT, moves, actor=actor, reference=reference, moved_on=received_on)
    audit.record(
        Action.STOCK_RECEIVED,
        location,
        *{variant.id: variant for variant in variants.values()}.values(),
        actor=actor,
        after={"reference": reference, "lines": [{"sku": line.sku, "quantity": line.quantity} for line in lines]},
    )
    return ids


@command(Permission.STOCK_WRITE)
def adjust_stock(
    location_code: str,
    sku: str,
    quantity: Decimal,
    *,
    reason: str,
    batch: str = "",
    serial: str = "",
    release: bool = False,
    actor: User,
) -> int:
    """Put stock right by ``quantity`` signed base units, with a reason. Answers the movement's id.

    Taking off more than is free is refused with the orders that hold it; with ``release`` allocations that no shipment
    holds are given back first, lowest priority and youngest order first, and the event stands in those orders' history
    too. Goods on a shipment are never taken. Raises BadInput, InsufficientStock.
    """
    reason = given_reason(reason)
    if quantity == 0:
        raise BadInput("The adjustment changes nothing.", field="quantity")
    location = location_named(location_code)
    line = ReceiptLine(sku, abs(quantity), batch=batch, serials=[serial] if serial else [])
    variant = find_variants([sku]).get(sku)
    if variant is None:
        raise BadInput(f"There is no item {sku}.", field="sku")
    _refuse_wrong_adjustment(line, variant)
    if quantity < 0 and release:
        lock_holders(variant, location)
    level = levels_at(location, [variant.id])[variant.id]
    (lot,) = lots_for([Part(variant, quantity, batch=batch, serial=serial)], {variant.id: level})
    released = make_free(level, lot, -quantity, release=release, actor=actor) if quantity < 0 else {}
    (movement_id,) = post_moves(MovementKind.ADJUSTMENT, [Move(level, lot, quantity)], actor=actor, reason=reason)
    audit.record(
        Action.STOCK_ADJUSTED,
        variant,
        location,
        *released,
        actor=actor,
        reason=reason,
        after={"quantity": quantity, "released": {order.number: part for order, part in released.items()}},
    )
    return movement_id


def location_named(code: str, *, field: str = "location") -> Location:
    """The active location called ``code``. Raises BadInput."""
    found = db.session.scalars(select(Location).where(Location.code == code, Location.is_active)).one_or_none()
    if found is None:
        raise BadInput(f"There is no location {code}.", field=field)
    return found


def _variants(lines: Sequence[ReceiptLine]) -> dict[str, Variant]:
    variants = find_variants(line.sku for line in lines)
    unknown = {
        f"lines.{n}.sku": f"There is no item {line.sku}." for n, line in enumerate(lines) if line.sku not in variants
    }
    if unknown:
        raise BadInput(" ".join(unknown.values()), details=unknown)
    return variants


def _parts(line: ReceiptLine, variant: Variant) -> list[Part]:
    """The line as what is written for it: one part, or one for each serial number."""
    if variant.tracking is not Tracking.SERIAL:
        return [Part(variant, line.quantity, line.unit_cost, line.batch, line.expires_on)]
    return [Part(variant, Decimal(1), line.unit_cost, serial=number) for number in line.serials]


# -- what can be wrong ------------------------------------------------------------------------------------------------


def _refuse_wrong(lines: Sequence[ReceiptLine], variants: Mapping[str, Variant]) -> None:
    """Raise BadInput naming every line that is wrong."""
    wrong = {
        f"lines.{n}.{field}": sentence
        for n, line in enumerate(lines)
        for field, sentence in _wrong_with(line, variants[line.sku])
    }
    wrong |= dict(_serials_twice(lines, variants))
    if wrong:
        raise BadInput(" ".join(wrong.values()), details=wrong)


def _refuse_wrong_adjustment(line: ReceiptLine, variant: Variant) -> None:
    for field, sentence in _wrong_with(line, variant):
        raise BadInput(sentence, field="serial" if field == "serials" else field)


def _wrong_with(line: ReceiptLine, variant: Variant) -> Iterator[tuple[str, str]]:
    if line.quantity <= 0:
        yield "quantity", "Quantity must be more than 0."
    elif line.quantity % variant.quantity_step:
        yield (
            "quantity",
            f"{variant.sku} comes in whole multiples of {tidy(variant.quantity_step):f} {variant.unit}.",
        )
    if line.unit_cost is not None and line.unit_cost < 0:
        yield "unit_cost", "Unit cost must not be negative."
    yield from _wrong_batch(line, variant)
    yield from _wrong_serials(line, variant)


def _wrong_batch(line: ReceiptLine, variant: Variant) -> Iterator[tuple[str, str]]:
    if variant.tracking is Tracking.BATCH:
        if not line.batch.strip():
            yield "batch", f"{variant.sku} is kept in batches. Which one is it?"
    elif line.batch or line.expires_on:
        yield "batch", f"{variant.sku} is not kept in batches."


def _wrong_serials(line: ReceiptLine, variant: Variant) -> Iterator[tuple[str, str]]:
    if variant.tracking is not Tracking.SERIAL:
        if line.serials:
            yield "serials", f"{variant.sku} is not kept by serial number."
        return
    numbers = {number.strip() for number in line.serials} - {""}
    if len(numbers) != line.quantity or len(line.serials) != line.quantity:
        yield (
            "serials",
            f"{variant.sku} is kept by serial number: {tidy(line.quantity):f} different numbers are needed.",
        )


def _serials_twice(lines: Sequence[ReceiptLine], variants: Mapping[str, Variant]) -> Iterator[tuple[str, str]]:
    """Serial numbers that an earlier line of the same item has already."""
    seen: dict[tuple[int, str], int] = {}
    for n, line in enumerate(lines):
        for number in line.serials:
            if seen.setdefault((variants[line.sku].id, number), n) != n:
                yield f"lines.{n}.serials", f"Serial number {number} of {line.sku} stands on two lines."
