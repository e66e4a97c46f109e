"""Items: variants, as they are sold and stocked."""

from __future__ import annotations

from webapp.blueprints.api.schemas.base import (
    Code,
    Count,
    Flag,
    Input,
    ListQuery,
    Money,
    Output,
    Quantity,
    QuantityOrNone,
    Sentence,
    Text,
    UnitPrice,
    Version,
    Word,
    count,
    price,
    seen_cost,
)
from webapp.models import User, Variant


class ItemFields(Input):
    """What an item's record may carry; prices in the company's currency."""

    barcode: Word | None = None
    unit: Word | None = None
    tracking: Word | None = None
    base_price: UnitPrice | None = None
    category: Word | None = None
    item: Sentence | None = None
    description: Text | None = None
    quantity_step: Quantity | None = None
    reorder_level: QuantityOrNone | None = None
    minimum_quantity: QuantityOrNone | None = None
    multiple_quantity: QuantityOrNone | None = None
    units: dict[str, Quantity] | None = None


class ItemInput(ItemFields):
    """A new item. ``cost`` is what its first receipt costs unless that says so itself."""

    sku: Code
    name: Sentence
    tax_code: Word
    cost: UnitPrice | None = None


class ItemChange(ItemFields):
    """What changes; fields that are not named stay. The cost follows from receipts."""

    name: Sentence | None = None
    tax_code: Word | None = None
    is_active: Flag | None = None
    version: Version | None = None


class ItemQuery(ListQuery):
    """Which items: by SKU, barcode, category, or words in SKU or name."""

    sku: Word | None = None
    barcode: Word | None = None
    category: Word | None = None
    search: Word | None = None


class ItemOutput(Output):
    """An item. ``cost`` is the moving average, null when it is unknown or not to be seen by the token's user."""

    id: int
    version: int
    sku: str
    name: str
    barcode: str | None
    unit: str
    units: dict[str, Count]
    tracking: str
    base_price: Money | None
    tax_code: str
    category: str | None
    cost: Money | None
    description: str
    quantity_step: Count
    reorder_level: Count
    minimum_quantity: Count
    multiple_quantity: Count
    is_active: bool

    @classmethod
    def of(cls, variant: Variant, currency: str, user: User) -> ItemOutput:
        """The variant, loaded with its parts; ``currency`` is the company's."""
        return cls(
            id=variant.id,
            version=variant.version,
            sku=variant.sku,
            name=variant.name,
            barcode=variant.barcode,
            unit=variant.unit,
            units={row.unit: count(row.factor) for row in variant.conversions},
            tracking=variant.tracking.value,
            base_price=price(variant.base_price, currency),
            tax_code=variant.tax_code.code,
            category=variant.item.category.name if variant.item.category else None,
            cost=seen_cost(variant.average_cost, currency, user),
            description=variant.item.description,
            quantity_step=count(variant.quantity_step),
            reorder_level=count(variant.reorder_level),
            minimum_quantity=count(variant.minimum_quantity),
            multiple_quantity=count(variant.multiple_quantity),
            is_active=variant.is_active,
        )


class ItemList(Output):
    """A page of items, by SKU."""

    results: list[ItemOutput]
    next: str | None
