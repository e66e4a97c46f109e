"""Shipments."""

from __future__ import annotations

from pydantic import Field

from webapp.blueprints.api.schemas.base import (
    AddressOutput,
    Count,
    Input,
    LineNumber,
    ListQuery,
    Output,
    Quantity,
    QuantityOrNone,
    Reference,
    Sentence,
    Word,
    count,
)
from webapp.models import Shipment


class ShipmentPart(Input):
    """So much of a line (base units)."""

    line_number: LineNumber
    quantity: Quantity


class ShipmentInput(Input):
    """A new shipment; without ``lines`` all that is allocated and on no open shipment."""

    lines: list[ShipmentPart] | None = Field(default=None, max_length=5000)
    carrier: Word = ""
    tracking_number: Word = ""


class PickedPart(Input):
    """What was picked of a line."""

    line_number: LineNumber
    quantity: QuantityOrNone


class PickInput(Input):
    """What was picked; lines that are not named were picked whole. Less than asked for needs a ``reason``."""

    lines: list[PickedPart] | None = Field(default=None, max_length=5000)
    reason: Sentence = ""


class DispatchInput(Input):
    """Who carries it."""

    carrier: Word = ""
    tracking_number: Word = ""


class ShipmentQuery(ListQuery):
    """Which shipments."""

    order: Reference | None = None
    status: Word | None = None


class ShipmentLineOutput(Output):
    """What of an order's line goes out."""

    line_number: int
    sku: str
    item: str
    quantity: Count
    returned_qty: Count


class ShipmentOutput(Output):
    """A shipment: goods of one order from one location."""

    id: int
    shipment_number: str
    status: str
    version: int
    order_number: str
    customer: str
    location: str
    carrier: str
    tracking_number: str
    shipped_on: str | None
    shipping_address: AddressOutput
    lines: list[ShipmentLineOutput]
    further_shipments: list[str]

    @classmethod
    def of(cls, shipment: Shipment, *further: str) -> ShipmentOutput:
        """The shipment, loaded with its parts; ``further`` are the numbers of those made with it."""
        words = shipment.shipping_address
        return cls(
            id=shipment.id,
            shipment_number=shipment.shipment_number,
            status=shipment.state.value,
            version=shipment.version,
            order_number=shipment.order.number,
            customer=shipment.order.customer.code,
            location=shipment.location.code,
            carrier=shipment.carrier,
            tracking_number=shipment.tracking_number,
            shipped_on=shipment.shipped_on.isoformat() if shipment.shipped_on else None,
            shipping_address=AddressOutput(**{name: str(words.get(name) or "") for name in AddressOutput.model_fields}),
            lines=[
                ShipmentLineOutput(
                    line_number=line.order_line.line_number,
                    sku=line.order_line.variant.sku,
                    item=line.order_line.item_name,
                    quantity=count(line.quantity),
                    returned_qty=count(line.returned_qty),
                )
                for line in shipment.lines
            ],
            further_shipments=list(further),
        )


class ShipmentList(Output):
    """A page of shipments, the newest first."""

    results: list[ShipmentOutput]
    next: str | None
