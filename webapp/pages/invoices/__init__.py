"""Invoices: lists, one, and what is to be billed."""
