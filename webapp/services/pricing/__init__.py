"""Prices: of an item with its derivation, lists, agreed prices. The names here are those that outsiders rely on."""

from __future__ import annotations

from webapp.services.pricing.derivation import calculate_line_total, get_item_price, validate_discount

__all__ = ["calculate_line_total", "get_item_price", "validate_discount"]
