"""The credit note on paper: a page to print, and the file that was stored when it was posted."""

from __future__ import annotations

from flask import Response, render_template

from webapp.blueprints.credit_notes import bp
from webapp.blueprints.credit_notes.steps import address_of
from webapp.domain.permissions import Permission
from webapp.pages.credit_notes.page import CreditNotePage, credit_note_page, draft_page, stored_pdf
from webapp.web.auth import current_user, requires
from webapp.web.files import pdf_answer


@bp.get("/<number>/print")
@requires(Permission.INVOICES_READ)
def print_view(number: str) -> str:
    """The posted credit note as it was frozen."""
    return _paper(credit_note_page(number, viewer=current_user))


@bp.get("/drafts/<int:credit_note_id>/print")
@requires(Permission.INVOICES_READ)
def print_draft(credit_note_id: int) -> str:
    """How the draft would look, marked as one."""
    return _paper(draft_page(credit_note_id, viewer=current_user))


@bp.get("/<number>.pdf")
@requires(Permission.INVOICES_READ)
def pdf(number: str) -> Response:
    """The bytes that were made when it was posted, the same each time."""
    content, digest = stored_pdf(number, viewer=current_user)
    return pdf_answer(content, digest, f"{number}.pdf")


def _paper(page: CreditNotePage) -> str:
    return render_template(
        "credit_notes/print.html",
        paper=page.paper,
        is_draft=page.pdf_hash is None,
        back=address_of(page.credit_note),
        credit_note=page.credit_note,
    )
