"""Customers: their records, one by one and by the thousand."""
