"""Payments: received, applied, reversed. The names here are those that outsiders rely on."""

from __future__ import annotations

from webapp.services.payments.receiving import calculate_overdue_amount, calculate_overdue_days, record_payment

__all__ = ["calculate_overdue_amount", "calculate_overdue_days", "record_payment"]
