"""Credit notes: their list, drafts and posted ones, their paper, and what their rest settles."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("credit_notes", __name__, url_prefix="/credit-notes")

from webapp.blueprints.credit_notes import lists, papers, steps  # noqa: E402, F401 - they add their routes to bp
