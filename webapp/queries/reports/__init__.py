"""Figures of the ledger: sales and accounts."""
