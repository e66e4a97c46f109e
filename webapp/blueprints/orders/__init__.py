"""Orders: their list, the page of one, its lines, and every step of its way."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("orders", __name__, url_prefix="/orders")

from webapp.blueprints.orders import charges, corrections, discounts, fulfilment, head, holds, lines, pages, steps  # noqa: E402, F401 - they add their routes to bp
