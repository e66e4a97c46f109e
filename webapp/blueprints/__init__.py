"""HTTP only: parse, call one service or query, answer. Each blueprint is one line in the list below."""

from __future__ import annotations

from flask import Blueprint

from webapp.blueprints import (
    account,
    api,
    approvals,
    credit_notes,
    dashboard,
    health,
    invoices,
    orders,
    payments,
    quotes,
    reports,
    sessions,
    set_up,
    shipments,
    stock,
    styleguide,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    sessions.bp,
    set_up.bp,
    account.bp,
    dashboard.bp,
    stock.bp,
    shipments.bp,
    invoices.bp,
    payments.bp,
    credit_notes.bp,
    health.bp,
    orders.bp,
    quotes.bp,
    approvals.bp,
    reports.bp,
    api.bp,
)

FOR_DEVELOPERS: tuple[Blueprint, ...] = (styleguide.bp,)
"""Only in debugging and in tests."""
