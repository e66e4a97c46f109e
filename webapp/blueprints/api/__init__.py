"""The JSON API: one module for each resource, schemas beside them."""

from __future__ import annotations

from webapp.blueprints.api import (
    customers,
    description,
    invoices,
    items,
    order_moves,
    orders,
    payments,
    prices,
    promotions,
    reports,
    shapes,
    shipments,
    stock,
    totals,
)
from webapp.blueprints.api.routing import bp

RESOURCES = (
    customers, items, stock, prices, totals, promotions, orders, order_moves, shipments, invoices, payments, reports,
)  # fmt: skip

__all__ = ["RESOURCES", "bp", "description", "shapes"]
