"""What of a shipment can come back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.domain.constants import ZERO
from webapp.pages.shipments.page import ShipmentPage


@dataclass(frozen=True, slots=True)
class ReturnOption:
    """Goods of one line that are still out: of one batch, one serial number, or untracked."""

    line_number: int
    sku: str
    name: str
    unit: str
    batch: str
    serial: str
    most: Decimal


def return_options(page: ShipmentPage) -> list[ReturnOption]:
    """What the form for a return offers, by line and lot."""
    found: dict[tuple[int, str, str], ReturnOption] = {}
    for row in page.lines:
        line = row.line.order_line
        for goods in row.out:
            key = (row.number, goods.batch, goods.serial)
            most = goods.quantity + (found[key].most if key in found else ZERO)
            if most:
                variant = line.variant
                found[key] = ReturnOption(
                    row.number, variant.sku, line.item_name, variant.unit, goods.batch, goods.serial, most
                )
    return sorted(found.values(), key=lambda option: (option.line_number, option.batch, option.serial))
