"""Orders: their totals, counts, states and what was done while they were held."""

from __future__ import annotations
