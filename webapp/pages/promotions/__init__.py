"""Promotions: the list, one, and what it meets."""
