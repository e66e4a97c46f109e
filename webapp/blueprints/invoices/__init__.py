"""Invoices: their lists, the page of one, every step of its way, its paper, and the payments and credits on it."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("invoices", __name__, url_prefix="/invoices")

from webapp.blueprints.invoices import crediting, free, lists, papers, payments, steps  # noqa: E402, F401 - add their routes
