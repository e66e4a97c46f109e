"""A promotion as a flat record: its fields as forms and programs name them."""

from __future__ import annotations

from typing import Any

from webapp.models import Promotion

SCOPES = {"items": "variant_id", "categories": "category_id", "customers": "customer_id", "groups": "group_id"}
"""By field of the record the column of the scopes that it is kept in."""

PLAIN = (
    "code", "name", "benefit", "percent", "unit_amount", "currency", "buy_quantity", "free_quantity", "min_quantity",
    "max_quantity", "min_amount", "over_lines", "valid_from", "valid_to", "coupon", "max_uses",
    "max_uses_per_customer", "stackable", "priority",
)  # fmt: skip


def promotion_record(promotion: Promotion) -> dict[str, Any]:
    """The promotion's own fields; what it is for by SKU, name and code, each in order."""
    scopes = promotion.scopes
    return {
        **{field: getattr(promotion, field) for field in PLAIN},
        "free_item": promotion.free_variant.sku if promotion.free_variant else "",
        "items": _sorted(scope.variant.sku for scope in scopes if scope.variant),
        "categories": _sorted(scope.category.name for scope in scopes if scope.category),
        "customers": _sorted(scope.customer.code for scope in scopes if scope.customer),
        "groups": _sorted(scope.group.code for scope in scopes if scope.group),
    }


def _sorted(words: Any) -> tuple[str, ...]:
    return tuple(sorted(words))
