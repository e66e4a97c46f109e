"""The JSON API: one module for each resource, schemas beside them."""

from __future__ import annotations

from webapp.blueprints.api import (
    customers,
    description,
    items,
    order_moves,
    orders,
    shapes,
    stock,
)
from webapp.blueprints.api.routing import bp

__all__ = ["bp", "customers", "description", "items", "order_moves", "orders", "shapes", "stock"]
