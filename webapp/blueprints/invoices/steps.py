"""The page of an invoice and the steps of its way: validated, posted, sent, or given up as a draft."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from webapp.blueprints.invoices import bp
from webapp.blueprints.invoices.page import after_change, draft, posted, show_again, show_page
from webapp.domain.permissions import Permission
from webapp.pages import addresses as at
from webapp.services.invoices.drafts import validate_invoice, void_invoice
from webapp.services.invoices.posting import post_invoice
from webapp.services.invoices.sending import send_invoice
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import form_version, try_once
from webapp.web.forms.typed import as_typed, typed_day
from webapp.web.htmx import go_to

Answer = str | Response | tuple[str, int]


@bp.get("/<path:number>")
@requires(Permission.INVOICES_READ)
def show(number: str) -> str:
    """A posted invoice."""
    return show_page(posted(number))


@bp.get("/drafts/<int:invoice_id>")
@requires(Permission.INVOICES_READ)
def show_draft(invoice_id: int) -> str | Response:
    """A draft; a posted one is at its number."""
    page = draft(invoice_id)
    return redirect(at.invoice_page(page.invoice)) if page.invoice.is_numbered else show_page(page)


@bp.post("/drafts/<int:invoice_id>/validation")
@requires(validate_invoice)
def create_validation(invoice_id: int) -> Answer:
    """Check the draft; what is wrong with it is said all at once."""
    attempt = try_once(lambda: {"id": validate_invoice(invoice_id, actor=current_user).id})
    if attempt.refusal:
        return show_again(draft(invoice_id), as_typed(attempt.refusal), asked="validation"), attempt.status
    return after_change(draft(invoice_id), "The draft is checked and ready to post.")


@bp.post("/drafts/<int:invoice_id>/approval")
@requires(post_invoice)
def create_approval(invoice_id: int) -> Answer:
    """Post the draft for good, on its issue date."""
    attempt = try_once(lambda: _post(invoice_id))
    if attempt.refusal:
        return show_again(draft(invoice_id), as_typed(attempt.refusal), asked="approval"), attempt.status
    page = draft(invoice_id)
    return go_to(at.invoice_page(page.invoice), said=f"{page.invoice.label} is posted.")


def _post(invoice_id: int) -> dict[str, Any]:
    issue_date, version = typed_day("issue_date"), form_version()
    return {"id": post_invoice(invoice_id, issue_date=issue_date, version=version, actor=current_user).id}


@bp.post("/drafts/<int:invoice_id>/void")
@requires(void_invoice)
def create_void(invoice_id: int) -> Answer:
    """Give the draft up; what it was to bill waits to be billed again."""
    reason = request.form.get("reason", "")
    attempt = try_once(lambda: {"id": void_invoice(invoice_id, reason=reason, actor=current_user).id})
    if attempt.refusal:
        return show_again(draft(invoice_id), as_typed(attempt.refusal), asked="void"), attempt.status
    page = draft(invoice_id)
    again = " What it billed waits to be billed again." if page.invoice.order else ""
    return after_change(page, f"The draft is void.{again}")


@bp.post("/<path:number>/sending")
@requires(send_invoice)
def create_sending(number: str) -> Answer:
    """Send the invoice with its PDF."""
    recipient = request.form.get("recipient", "").strip()
    attempt = try_once(lambda: _send(number, recipient))
    if attempt.refusal:
        return show_again(posted(number), as_typed(attempt.refusal), asked="sending"), attempt.status
    page = posted(number)
    return after_change(page, f"{page.invoice.label} is on its way to {page.sendings[-1].recipient}.")


def _send(number: str, recipient: str) -> dict[str, Any]:
    return {"id": send_invoice(posted(number).invoice.id, recipient=recipient or None, actor=current_user).id}
