"""Exact figures that many rules name."""

from __future__ import annotations

from decimal import Decimal

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
