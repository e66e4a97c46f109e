"""Promotions: their terms, and which of them counts for a line."""
