"""The page of a credit note and the steps of its way: posted, given up, sent, and its rest applied."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.blueprints.credit_notes import bp
from webapp.domain.permissions import Permission
from webapp.models import CreditNote
from webapp.pages.credit_notes.page import CreditNotePage, credit_note_page, draft_page
from webapp.pages.payments.receipts import open_invoices
from webapp.pages.timeline import history_of
from webapp.queries.company import today
from webapp.services.credit_notes.notes import (
    apply_credit_note,
    needs_somebody_else,
    post_credit_note,
    void_credit_note,
)
from webapp.services.invoices.sending import send_credit_note
from webapp.web.auth import current_user, requires
from webapp.web.forms.posts import Attempt, try_once
from webapp.web.forms.typed import Typed, as_typed, typed_day, typed_money
from webapp.web.htmx import go_to

Answer = Response | tuple[str, int]


@bp.get("/<number>")
@requires(Permission.INVOICES_READ)
def show(number: str) -> str:
    """A posted credit note."""
    return _page(_posted(number), Typed())


@bp.get("/drafts/<int:credit_note_id>")
@requires(Permission.INVOICES_READ)
def show_draft(credit_note_id: int) -> str | Response:
    """A draft; a posted one is at its number."""
    page = _draft(credit_note_id)
    return redirect(address_of(page.credit_note)) if page.credit_note.is_numbered else _page(page, Typed())


@bp.post("/drafts/<int:credit_note_id>/approval")
@requires(post_credit_note)
def create_approval(credit_note_id: int) -> Answer:
    """Post the draft for good; it settles what is open of its invoice."""
    attempt = try_once(lambda: _post(credit_note_id))
    return _answer(_draft(credit_note_id), attempt, asked="approval", subject="issue_date", said="is posted.")


@bp.post("/drafts/<int:credit_note_id>/void")
@requires(void_credit_note)
def create_void(credit_note_id: int) -> Answer:
    """Give the draft up."""
    reason = request.form.get("reason", "")
    attempt = try_once(lambda: {"id": void_credit_note(credit_note_id, reason=reason, actor=current_user).id})
    return _answer(_draft(credit_note_id), attempt, asked="void", subject="reason", said="is void.")


@bp.post("/<number>/sending")
@requires(send_credit_note)
def create_sending(number: str) -> Answer:
    """Send the credit note with its PDF."""
    found = _posted(number).credit_note.id
    recipient = request.form.get("recipient", "").strip() or None
    attempt = try_once(lambda: {"id": send_credit_note(found, recipient=recipient, actor=current_user).id})
    return _answer(_posted(number), attempt, asked="sending", subject="recipient", said="is on its way.")


@bp.post("/<number>/applications")
@requires(apply_credit_note)
def create_application(number: str) -> Answer:
    """Let what is left of the credit note settle (a part of) another invoice."""
    currency = _posted(number).credit_note.currency
    invoice = request.form.get("invoice", "")

    def apply() -> dict[str, Any]:
        part = typed_money("amount", currency)
        return {"id": apply_credit_note(number, invoice, part, actor=current_user).id}

    attempt = try_once(apply)
    return _answer(_posted(number), attempt, asked="application", subject="amount", said=f"now settles {invoice}.")


def address_of(credit_note: CreditNote) -> str:
    """Where the credit note's page is."""
    if credit_note.credit_note_number is None:
        return url_for("credit_notes.show_draft", credit_note_id=credit_note.id)
    return url_for("credit_notes.show", number=credit_note.credit_note_number)


def _post(credit_note_id: int) -> dict[str, Any]:
    return {"id": post_credit_note(credit_note_id, issue_date=typed_day("issue_date"), actor=current_user).id}


def _posted(number: str) -> CreditNotePage:
    return credit_note_page(number, viewer=current_user)


def _draft(credit_note_id: int) -> CreditNotePage:
    return draft_page(credit_note_id, viewer=current_user)


def _answer(page: CreditNotePage, attempt: Attempt, *, asked: str, subject: str, said: str) -> Answer:
    """The page again with what was typed, or its address with what was done."""
    if attempt.refusal:
        return _page(page, as_typed(attempt.refusal, subject=subject), asked), attempt.status
    return go_to(address_of(page.credit_note), said=f"{page.credit_note.label} {said}")


def _page(page: CreditNotePage, form: Typed, asked: str = "") -> str:
    credit_note = page.credit_note
    return render_template(
        "credit_notes/show.html",
        page=page,
        credit_note=credit_note,
        form=form,
        asked=asked,
        today=today(),
        needs_somebody_else=needs_somebody_else(credit_note, current_user),
        open_invoices=open_invoices(credit_note.customer) if credit_note.unapplied else (),
        history=history_of("credit_note", credit_note.id, credit_note.currency),
    )
