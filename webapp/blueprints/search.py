"""Finding anything: as a page, and as the palette under Ctrl K."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from webapp.domain.permissions import Permission
from webapp.queries.home import search as reads
from webapp.web import htmx
from webapp.web.auth import current_user, requires
from webapp.web.limits import QUICK, limiter

bp = Blueprint("search", __name__)

PLACES = {
    "customer": ("/customers/", "people", "Customer"),
    "item": ("/items/", "box", "Item"),
    "order": ("/orders/", "order", "Order"),
    "quote": ("/quotes/", "pencil", "Quote"),
    "shipment": ("/shipments/", "truck", "Shipment"),
    "invoice": ("/invoices/", "invoice", "Invoice"),
    "credit note": ("/credit-notes/", "invoice", "Credit note"),
    "payment": ("/payments/", "payment", "Payment"),
}
"""Where a kind of thing has its page, its symbol and its word."""

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
            return redirect(address_of(exact), 303)
    hits = reads.search(q, current_user)
    return htmx.piece_or_page(
        "search/_results.html", "search/index.html", q=q, hits=hits, places=PLACES, address_of=address_of,
        shortest=reads.SHORTEST,
    )  # fmt: skip


def address_of(hit: reads.Hit) -> str:
    """The page of what was found."""
    return PLACES[hit.kind][0] + quote(hit.number, safe="")
