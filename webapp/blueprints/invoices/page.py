"""What the page of an invoice shows, whole or in pieces, and how its forms are answered."""

from __future__ import annotations

from typing import Any

from flask import render_template
from werkzeug.wrappers import Response

from webapp.pages import addresses as at
from webapp.pages.credit_notes.page import is_creditable
from webapp.pages.invoices.deliveries import shipments_of
from webapp.pages.invoices.page import InvoicePage, draft_page, invoice_page
from webapp.pages.timeline import history_of
from webapp.queries.company import today
from webapp.web.auth import current_user
from webapp.web.forms.typed import Typed
from webapp.web.htmx import go_to, is_htmx, piece_or_page, piece_or_redirect

PIECE, PAGE, HEAD = "invoices/_invoice.html", "invoices/show.html", "invoices/_head.html"


def show_page(page: InvoicePage) -> str:
    """The page as it opens."""
    return render_template(PAGE, **_context(page, Typed(), asked=""))


def show_again(page: InvoicePage, form: Typed, *, asked: str) -> str:
    """The page with one of its forms (``asked``) as it was typed and what is wrong with it."""
    return piece_or_page(PIECE, PAGE, also=(HEAD,), **_context(page, form, asked))


def after_change(page: InvoicePage, said: str) -> Response:
    """The page re-read after a change that left it where it is."""
    to = at.invoice_page(page.invoice)
    if not is_htmx():
        return go_to(to, said=said)
    return piece_or_redirect(PIECE, to=to, said=said, also=(HEAD,), **_context(page, Typed(), asked=""))


def draft(invoice_id: int) -> InvoicePage:
    """The invoice with this id, as the user of this request may see it. Raises NotFound."""
    return draft_page(invoice_id, viewer=current_user)


def posted(number: str) -> InvoicePage:
    """The posted invoice of this number. Raises NotFound."""
    return invoice_page(number, viewer=current_user)


def _context(page: InvoicePage, form: Typed, asked: str) -> dict[str, Any]:
    invoice = page.invoice
    return {
        "page": page,
        "invoice": invoice,
        "form": form,
        "asked": asked,
        "today": today(),
        "is_creditable": is_creditable(invoice),
        "shipments": shipments_of(invoice.order_id),
        "history": history_of("invoice", invoice.id, invoice.currency),
    }
