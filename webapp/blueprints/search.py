"""Finding anything: as a page, and as the palette under Ctrl K."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from webapp.domain.permissions import Permission
from webapp.pages import addresses as at
from webapp.pages.home import search as reads
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.limits import QUICK, limiter

bp = Blueprint("search", __name__)

PLACES = {
    "customer": ("people", "Customer"),
    "item": ("box", "Item"),
    "order": ("order", "Order"),
    "quote": ("pencil", "Quote"),
    "shipment": ("truck", "Shipment"),
    "invoice": ("invoice", "Invoice"),
    "credit_note": ("invoice", "Credit note"),
    "payment": ("payment", "Payment"),
}
"""The symbol and the word of each kind of thing."""

LONGEST = 200


@bp.get("/search")
@requires(Permission.SELF)
@limiter.limit(QUICK)
def index() -> str | Response:
    """What fits; sending an exact number leads straight to its document."""
    q = request.args.get("q", "")[:LONGEST]
    if not htmx.is_htmx():
        exact = reads.exact_hit(q, current_user)
        if exact:
            return redirect(at.document(exact.kind, exact.number), 303)
    hits = reads.search(q, current_user)
    return htmx.piece_or_page(
        "search/_results.html", "search/index.html", q=q, hits=hits, places=PLACES,
        shortest=reads.SHORTEST,
    )  # fmt: skip
