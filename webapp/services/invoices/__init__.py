"""Invoices: drafted, checked, posted, printed, sent; also without an order."""
