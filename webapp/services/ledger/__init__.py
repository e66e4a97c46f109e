"""The receivables ledger and the days that are open for it."""
