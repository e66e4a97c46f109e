"""Customers: lists, one, finding one, and where their exposure comes from."""
