"""Promotions: lists, one, and the rules that may count for an order."""
