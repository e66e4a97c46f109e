"""Prices and totals tried out: nothing is stored."""
