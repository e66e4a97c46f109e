"""Accounts of the ledger."""
