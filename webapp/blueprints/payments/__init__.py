"""Payments: their list, receipts over several invoices, and the page of one with what it settled."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("payments", __name__, url_prefix="/payments")

from webapp.blueprints.payments import lists, pages, receipts  # noqa: E402, F401 - they add their routes to bp
