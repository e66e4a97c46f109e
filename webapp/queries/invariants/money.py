"""Invoices, payments, credit notes and the ledger agree."""

from __future__ import annotations
