"""HTTP only: parse, call one service or query, answer. Each blueprint is one line in the list below."""

from __future__ import annotations

from flask import Blueprint

from webapp.blueprints import (
    account,
    api,
    approvals,
    credit_notes,
    customers,
    dashboard,
    health,
    invoices,
    items,
    orders,
    payments,
    price_copies,
    price_trial,
    prices,
    promotions,
    quotes,
    reports,
    search,
    sessions,
    set_up,
    shipments,
    stock,
    styleguide,
)
from webapp.blueprints.settings import company as settings
from webapp.blueprints.settings import discount_limits, groupings, imports, places, taxes, terms, users

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
    customers.bp,
    items.bp,
    prices.bp,
    price_copies.bp,
    price_trial.bp,
    promotions.bp,
    search.bp,
    settings.bp,
    users.bp,
    taxes.bp,
    terms.bp,
    places.bp,
    groupings.bp,
    discount_limits.bp,
    imports.bp,
    health.bp,
    orders.bp,
    quotes.bp,
    approvals.bp,
    reports.bp,
    api.bp,
)

FOR_DEVELOPERS: tuple[Blueprint, ...] = (styleguide.bp,)
"""Only in debugging and in tests."""
