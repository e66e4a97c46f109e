"""Payments: lists, one, what it would do, and who may owe."""
