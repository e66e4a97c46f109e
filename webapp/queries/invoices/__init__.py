"""Invoices: lists, one, what is to bill, what is printed."""
