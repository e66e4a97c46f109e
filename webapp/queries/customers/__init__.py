"""Customers: lists, one, their records and their exposure."""
