"""The invoice on paper: a page to print, and the file that was stored when it was posted."""

from __future__ import annotations

from flask import Response, render_template

from webapp.blueprints.invoices import bp
from webapp.blueprints.invoices.page import draft, posted
from webapp.domain.errors import NotFound
from webapp.domain.permissions import Permission
from webapp.pages import addresses as at
from webapp.pages.invoices.page import InvoicePage, stored_pdf
from webapp.services.papers.payment_slips import slip_of
from webapp.web.auth import current_user, requires
from webapp.web.files import pdf_answer


@bp.get("/<path:number>/print")
@requires(Permission.INVOICES_READ)
def print_view(number: str) -> str:
    """The posted invoice as it was frozen."""
    return _paper(posted(number))


@bp.get("/drafts/<int:invoice_id>/print")
@requires(Permission.INVOICES_READ)
def print_draft(invoice_id: int) -> str:
    """How the draft would look, marked as one."""
    return _paper(draft(invoice_id))


@bp.get("/<path:number>.pdf")
@requires(Permission.INVOICES_READ)
def pdf(number: str) -> Response:
    """The bytes that were made when it was posted, the same each time."""
    content, digest = stored_pdf(number, viewer=current_user)
    return pdf_answer(content, digest, f"{number}.pdf")


def _paper(page: InvoicePage) -> str:
    if page.paper is None:
        raise NotFound(f"{page.invoice.label} was posted in another system: its paper is there.")
    return render_template(
        "invoices/print.html",
        paper=page.paper,
        slip=slip_of(page.paper) if page.pdf_hash else None,
        is_draft=page.pdf_hash is None,
        back=at.invoice_page(page.invoice),
        pdf_hash=page.pdf_hash,
        invoice=page.invoice,
    )
