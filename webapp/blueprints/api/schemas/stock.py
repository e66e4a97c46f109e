"""Locations, stock, receipts, adjustments, movements."""

from __future__ import annotations

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
    Quantity,
    QuantityOrNone,
    Reason,
    Reference,
    SignedQuantity,
    UnitPrice,
    Word,
    count,
    seen_cost,
)
from webapp.models import Location, StockMovement, User
from webapp.pages.stock.for_api import LevelRow
from webapp.services.inventory import Availability


class LocationInput(Input):
    """A new warehouse, or a bin inside ``parent``."""

    code: Code
    name: Code
    parent: Reference | None = None


class LocationOutput(Output):
    """A warehouse or a bin."""

    id: int
    version: int
    code: str
    name: str
    parent: str | None
    is_active: bool

    @classmethod
    def of(cls, location: Location) -> LocationOutput:
        """The location, loaded with its parent."""
        return cls(
            id=location.id,
            version=location.version,
            code=location.code,
            name=location.name,
            parent=location.parent.code if location.parent else None,
            is_active=location.is_active,
        )


class LocationList(Output):
    """A page of locations, by code."""

    results: list[LocationOutput]
    next: str | None


class LevelQuery(ListQuery):
    """Which levels."""

    sku: Reference | None = None
    location: Reference | None = None


class LevelOutput(Output):
    """What lies of an item at a location (base units); available is what is neither allocated nor blocked."""

    sku: str
    location: str
    on_hand_qty: Count
    allocated_qty: Count
    available_qty: Count

    @classmethod
    def of(cls, row: LevelRow) -> LevelOutput:
        """One row of the list."""
        return cls(
            sku=row.sku,
            location=row.location,
            on_hand_qty=count(row.on_hand_qty),
            allocated_qty=count(row.allocated_qty),
            available_qty=count(row.available_qty),
        )


class LevelList(Output):
    """A page of stock levels."""

    results: list[LevelOutput]
    next: str | None


class AvailabilityQuery(Input):
    """Whether so much (base units) of an item is free at a location."""

    sku: Reference
    location: Reference
    quantity: QuantityOrNone


class AvailabilityOutput(Output):
    """What is free, and whether it is enough."""

    is_available: bool
    on_hand_qty: Count
    allocated_qty: Count
    available_qty: Count
    required_qty: Count
    shortage: Count

    @classmethod
    def of(cls, found: Availability) -> AvailabilityOutput:
        """The service's answer."""
        return cls(
            is_available=found.is_available,
            on_hand_qty=count(found.on_hand_qty),
            allocated_qty=count(found.allocated_qty),
            available_qty=count(found.available_qty),
            required_qty=count(found.required_qty),
            shortage=count(found.shortage),
        )


class ReceiptLineInput(Input):
    """Goods of one item (base units), with batch or serial numbers where it is tracked by them."""

    sku: Reference
    quantity: Quantity
    batch: Word = ""
    expires_on: Day | None = None
    serials: list[Code] = Field(default=[], max_length=1000)
    unit_cost: UnitPrice | None = None


class ReceiptInput(Input):
    """Goods that came in at a location."""

    location: Reference
    lines: list[ReceiptLineInput] = Field(min_length=1, max_length=5000)
    reference: Word = ""
    received_on: Day | None = None


class AdjustmentInput(Input):
    """Stock put right by a signed quantity; with ``release`` allocations in the way are given back first."""

    location: Reference
    sku: Reference
    quantity: SignedQuantity
    reason: Reason
    batch: Word = ""
    serial: Word = ""
    release: Flag = False


class MovementQuery(ListQuery):
    """Which movements."""

    sku: Reference | None = None
    location: Reference | None = None
    kind: Word | None = None
    reference: Word | None = None


class MovementOutput(Output):
    """One change of stock; ``unit_cost`` is null when unknown or not to be seen by the token's user."""

    id: int
    kind: str
    sku: str
    location: str
    quantity: Count
    batch: str | None
    serial: str | None
    unit_cost: Money | None
    moved_on: str
    at: str
    user: str
    reason: str
    reference: str

    @classmethod
    def of(cls, movement: StockMovement, currency: str, user: User) -> MovementOutput:
        """The movement, loaded with its parts; ``currency`` is the company's."""
        return cls(
            id=movement.id,
            kind=movement.kind.value,
            sku=movement.variant.sku,
            location=movement.location.code,
            quantity=count(movement.quantity),
            batch=movement.batch.number if movement.batch else None,
            serial=movement.serial.number if movement.serial else None,
            unit_cost=seen_cost(movement.unit_cost, currency, user),
            moved_on=movement.moved_on.isoformat(),
            at=movement.at.isoformat(),
            user=movement.user.email,
            reason=movement.reason,
            reference=movement.reference,
        )


class MovementList(Output):
    """A page of movements, the newest first."""

    results: list[MovementOutput]
    next: str | None


class ReceiptOutput(Output):
    """What was received, movement by movement."""

    location: str
    reference: str
    movements: list[MovementOutput]
